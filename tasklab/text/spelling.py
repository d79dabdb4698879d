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


def continuing(tokens: Sequence[str]) -> np.ndarray:
    """[V] bool: the pieces that go on with the word before them."""
    mark = mark_of(tokens)
    return np.array([token.startswith("##") if mark is None else not token.startswith(mark) for token in tokens])
