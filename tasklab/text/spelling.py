"""How a piece of a vocabulary reads in a text."""

from collections.abc import Sequence

import numpy as np
from tokenizers.decoders import ByteLevel

MARKS = ("\u2581", "\u0120")
"""SentencePiece's and GPT-2's sign for the blank before a word; other vocabularies mark what goes on, with ##."""


def mark_of(tokens: Sequence[str]) -> str | None:
    """The sign of this vocabulary for a blank; None when it marks with ## the pieces that have none."""
    return next((mark for mark in MARKS if any(token.startswith(mark) for token in tokens)), None)


def spelled(token: str, mark: str | None) -> tuple[str, bool]:
    """The characters that the piece stands for, and whether it goes on with the word before it."""
    if mark is None:
        return token.removeprefix("##"), token.startswith("##") and len(token) > 2
    if mark == MARKS[1]:
        return ByteLevel().decode([token.removeprefix(mark)]), not token.startswith(mark)
    return token.removeprefix(mark), not token.startswith(mark)


def space_of(tokens: Sequence[str]) -> int:
    """The number of the piece that is a blank alone; -1 where there is none."""
    mark = mark_of(tokens)
    return tokens.index(mark) if mark in tokens else -1


def continuing(tokens: Sequence[str]) -> np.ndarray:
    """[V] bool: the pieces that go on with the word before them. One that begins with a character of a script without
    blanks between words is a word of its own."""
    mark = mark_of(tokens)
    if mark is None:
        return np.array([token.startswith("##") for token in tokens])
    begins = _begins_wide if mark == MARKS[1] else is_wide
    return np.array([not (token.startswith(mark) or token and begins(token[0])) for token in tokens])


def is_wide(character: str) -> bool:
    """Whether it is of a script without blanks between words, or its punctuation."""
    return "\u2e80" <= character <= "\u9fff" or "\uf900" <= character <= "\uffef" or character >= "\U00020000"


def _begins_wide(byte: str) -> bool:
    """The same of a byte as GPT-2 writes it, the first one of a character or of a part of it: 0xE3 to 0xE9 begin
    U+3000 to U+9FFF."""
    return "\u00e3" <= byte <= "\u00e9"
