"""What a text that is not UTF-8 may be written in, judged by what it then reads."""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

JUDGED = 1 << 18
"""Bytes of a file that are looked at."""
SHOWN = 24  # characters around the first that is not ASCII
SURE = 0.4
"""Share of the characters beyond ASCII that must be usual ones of the language."""

_WEST = re.compile("[À-ÖØ-öø-ÿßŒœ‘’“”„–—…•€£§°«»¡¿©®™ªº\xa0Šš]")
_CENTRAL = re.compile("[ĄąĆćĘęŁłŃńÓóŚśŹźŻżÁáČčĎďÉéĚěÍíŇňŘřŠšŤťÚúŮůÝýŽžÄäÖöÜüßŐőŰűŔŕĽľĹĺĂăÂâÎîŞşŢţ„”“‘’–—…]")
_TURKISH = re.compile("[ĞğİıŞşÇçÖöÜüÂâÎîÛû‘’“”–—…]")
_CYRILLIC = re.compile("[\u0410-\u044fЁёІіЇїЄє«»№–—…]")
_KANA = re.compile("[\u3041-\u30ff\u4e00-\u9fff\u3001-\u3011\uff01-\uff5e]")
_COMMON_HAN = frozenset(
    "的一是不了在人有我他这這中大来來上个個国國和也子时時道说說要就出会會可你对對生能而天好很没沒么麼为為以到下看着著"
)
_COMMON_HANGUL = frozenset("이다는을를가의에한고하지도로은서기사그나")
_COMMON_KANA = frozenset("のはにをがとでてしたいるな")
_COMMON_CYRILLIC = frozenset("оеаинтсрлвОЕАИНТСРЛВ")
_LATIN_LETTER = re.compile("[A-Za-z]")
_MIXED_WORD = re.compile("[A-Za-z][Ѐ-ӿ]|[Ѐ-ӿ][A-Za-z]")
_ODD_INSIDE = re.compile(r"(?<=[A-Za-z])[¡¢¤¥¦¨¬¯²³µ¶¸¹º¼½¾¿×÷](?=[A-Za-z])|[a-z][À-ÖØ-Þ][a-z]|[a-z]þ")


@dataclass(frozen=True)
class Candidate:
    """An encoding as Python, data.encoding and iconv call it, and how usual a text of it is, from 0 to 1."""

    name: str
    usual: Callable[[str], float]


def _letters(pattern: re.Pattern) -> Callable[[str], float]:
    """Of languages in Latin letters: accents stand among plain letters, hardly ever three in a row."""

    def usual(text: str) -> float:
        beyond = _beyond_ascii(text)
        inside = len(_ODD_INSIDE.findall(text))
        rows = sum(len(row) for row in re.findall(r"[^\x00-\x7f–—…“”‘’„\xa0]{3,}", text))
        plain = min(1.0, len(_LATIN_LETTER.findall(text)) / max(1, len(beyond)))
        return plain * (len(pattern.findall("".join(beyond))) - 2 * inside - rows) / max(1, len(beyond))

    return usual


def _cyrillic(text: str) -> float:
    """No word mixes the scripts; its encodings hold one another's letters, but for case and how usual these are."""
    beyond = _beyond_ascii(text)
    size = max(1, len(beyond))
    alike = (len(_CYRILLIC.findall("".join(beyond))) - 2 * len(_MIXED_WORD.findall(text))) / size
    small, common = (sum(map(test, beyond)) / size for test in (str.islower, _COMMON_CYRILLIC.__contains__))
    return 0.6 * alike + 0.1 * small + 0.4 * common


def _pairs(name: str, usual: Callable[[int, int], bool], common: Iterable[str]) -> Callable[[str], float]:
    """Of encodings in pairs of bytes: those that hold nearly all of running text, and what any longer text holds."""

    def judged(text: str) -> float:
        beyond = _beyond_ascii(text)
        coded = [character.encode(name, "replace") for character in beyond]
        level = sum(len(pair) == 2 and usual(*pair) for pair in coded)
        return (level * 0.9 + 0.5 * sum(character in common for character in beyond)) / max(1, len(beyond))

    return judged


def _japanese(text: str) -> float:
    """Kana stands in every Japanese sentence."""
    beyond = _beyond_ascii(text)
    size = max(1, len(beyond))
    kana = sum("\u3041" <= character <= "\u30fa" for character in beyond)
    share = len(_KANA.findall("".join(beyond))) / size
    common = sum(character in _COMMON_KANA for character in beyond) / size
    return share * 0.9 * min(1.0, 0.5 + 3 * kana / size) + 0.5 * common


# first levels of GB 2312 and Big5 and the syllables of KS X 1001, each with the punctuation of its script
_GB = _pairs("gb18030", lambda a, b: b > 0xA0 and (0xB0 <= a <= 0xD7 or a in (0xA1, 0xA3)), _COMMON_HAN)
_BIG5 = _pairs("big5", lambda a, b: 0xA1 <= a <= 0xC6, _COMMON_HAN)
_KS = _pairs("cp949", lambda a, b: b > 0xA0 and (0xB0 <= a <= 0xC8 or a in (0xA1, 0xA3)), _COMMON_HANGUL)
CANDIDATES = (
    Candidate("cp1252", _letters(_WEST)), Candidate("gb18030", _GB), Candidate("big5", _BIG5),
    Candidate("cp932", _japanese), Candidate("euc_jp", _japanese), Candidate("cp949", _KS),
    Candidate("cp1251", _cyrillic), Candidate("koi8-r", _cyrillic), Candidate("cp866", _cyrillic),
    Candidate("iso8859-5", _cyrillic), Candidate("cp1254", _letters(_TURKISH)), Candidate("cp1250", _letters(_CENTRAL)),
)  # fmt: skip


def guessed_encodings(content: bytes) -> list[tuple[str, str]]:
    """(encoding, what then stands where the first strange byte is), the most usual text first; [] where none fits."""
    judged = [(candidate, text) for candidate in CANDIDATES for text in _decoded(content, candidate.name)]
    scored = [(candidate.usual(text), candidate.name, text) for candidate, text in judged]
    scored = sorted((s for s in scored if s[0] >= SURE), key=lambda s: -s[0])  # stable: CANDIDATES' order among equals
    return [(name, _around(text)) for score, name, text in scored if score > scored[0][0] - 0.1]


def without_mark(content: bytes) -> str:
    """The byte order of UTF-16 that lacks its mark, by its many zeros or its line ends; '' where it is none."""
    head = content[: JUDGED & ~1]
    zeros = {"utf-16-le": head[1::2].count(0), "utf-16-be": head[0::2].count(0)}
    ends = {"utf-16-le": re.findall(rb"\n\0[^\0]", head), "utf-16-be": re.findall(rb"[^\0]\0\n", head)}
    name = max(zeros, key=zeros.get)
    most, least = zeros[name], min(zeros.values())
    many = most >= 0.3 * len(head) / 2 and most > 1
    return name if most > 4 * least and (many or ends[name]) else ""


def _decoded(content: bytes, name: str) -> Iterator[str]:
    try:
        yield content.decode(name)
    except UnicodeDecodeError as error:
        if error.end >= len(content) - 4 and error.start > 8:  # the last character was cut with the rest of the file
            yield content[: error.start].decode(name)


def _beyond_ascii(text: str) -> list[str]:
    return [character for character in text if character > "\x7f"]


def _around(text: str) -> str:
    at = next(i for i, character in enumerate(text) if character > "\x7f")
    line = text[max(0, at - SHOWN) : at + SHOWN]
    before, behind = line[: at - max(0, at - SHOWN)], line[at - max(0, at - SHOWN) :]
    return (re.split(r"[\t\r\n]", before)[-1] + re.split(r"[\t\r\n]", behind)[0]).strip()
