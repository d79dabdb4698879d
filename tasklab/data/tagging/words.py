"""Where the words of a running text are, in every script: marks, joiners and emoji sequences stay whole."""

import re
import unicodedata

CJK = "\u3000-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3\uf900-\ufaff\uff00-\uffef"
PIECE = re.compile(rf"[@#]?[^\W{CJK}]+|\S")
LETTER = re.compile(rf"[^\W{CJK}]")
JOINER, BREAK = "\u200d", "\u200b"
"""Zero width: makes one emoji of two; tells the words of Thai and Khmer apart."""


def word_spans(text: str) -> tuple[tuple[int, int], ...]:
    """Characters [begin, end) of words, marks and Chinese characters, in order.

    Python's \\w knows no combining marks (Mn, Mc, Me) nor format characters (Cf), which stand inside the words of most
    scripts of India, of decomposed accents and of emoji; what touches them belongs together.
    """
    spans: list[tuple[int, int]] = []
    for piece in PIECE.finditer(text):
        begin, end = piece.span()
        if spans and spans[-1][1] == begin and _continues(text[spans[-1][0] : begin], text[begin]):
            spans[-1] = (spans[-1][0], end)
        else:
            spans.append((begin, end))
    return tuple(spans)


def is_mark(character: str) -> bool:
    """Whether it is nothing on its own: a combining mark, a format character, the skin of an emoji."""
    return unicodedata.category(character) in ("Mn", "Mc", "Me", "Cf") or "\U0001f3fb" <= character <= "\U0001f3ff"


def _continues(word: str, character: str) -> bool:
    """Whether a piece that begins with this character, right behind the word, is part of it."""
    last = word[-1]
    if is_mark(character):
        return True
    if not is_mark(last):
        return len(word) == 1 and _is_flag_half(last) and _is_flag_half(character)
    if LETTER.match(character):
        return last != BREAK and (bool(LETTER.match(word.lstrip("@#"))) or all(map(is_mark, word)))
    return last == JOINER


def _is_flag_half(character: str) -> bool:
    return "\U0001f1e6" <= character <= "\U0001f1ff"
