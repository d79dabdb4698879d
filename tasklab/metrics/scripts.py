"""What a text's script says of its words: those of Chinese, Japanese and Korean are counted by character."""

import re

HAN, KANA, HANGUL = "\u3400-\u9fff\uf900-\ufaff", "\u3040-\u30ff", "\uac00-\ud7a3"
WIDE = re.compile(f"[{HAN}{KANA}{HANGUL}]")
WORD = re.compile(rf"[{HAN}{KANA}{HANGUL}]|[^\W_{HAN}{KANA}{HANGUL}]+")
LETTER = re.compile(r"[^\W\d_]")
MOSTLY = 0.3
"""Share of the letters from which a text is of a script; Chinese texts hold Latin names and numbers."""


def words_of(text: str) -> list[str]:
    """Lower-case runs of letters and digits, and wide characters one by one; marks separate and do not count."""
    return WORD.findall(text.lower())


def wide_share(text: str) -> float:
    """Chinese, Japanese and Korean characters among all letters, 0 to 1."""
    return len(WIDE.findall(text)) / max(1, len(LETTER.findall(text)))


def language_of(texts: list[str]) -> str:
    """zh, ja or ko by the script of most letters; '' for every other one."""
    whole = "".join(texts)
    letters = max(1, len(LETTER.findall(whole)))
    shares = {name: len(re.findall(f"[{script}]", whole)) / letters
              for name, script in (("ja", KANA), ("ko", HANGUL), ("zh", HAN))}  # fmt: skip
    if shares["ja"] + shares["zh"] > MOSTLY and shares["ja"] > MOSTLY * shares["zh"]:
        return "ja"
    return next((name for name in ("ko", "zh") if shares[name] > MOSTLY), "")
