"""Where the sentences of a text begin, and the same sentences in another order (BART, Lewis et al. 2020)."""

import re

import numpy as np

END = re.compile(r"(?:[。！？…][”’」』）]*|[.!?][\"'”’)]*(?=\s))\s*")
"""Of a sentence: in Chinese and Japanese its sign alone, elsewhere with space behind it, as numbers have points too."""


def begins_of(text: str) -> list[int]:
    """Of each sentence its first character."""
    return [0, *(match.end() for match in END.finditer(text) if match.end() < len(text))]


def first_tokens(text: str, offsets: np.ndarray) -> np.ndarray:
    """Of each sentence that has tokens the first one; offsets [tokens, 2] of the characters."""
    firsts = np.unique(np.searchsorted(offsets[:, 0], begins_of(text)))
    return firsts[firsts < len(offsets)]


def reordered(text: str, order: np.ndarray) -> str:
    """The sentences of a text in another order, with space between them where the text has some."""
    begins = begins_of(text)
    sentences = [text[first:end] for first, end in zip(begins, [*begins[1:], len(text)], strict=True)]
    between = " " if any(sentence[-1:].isspace() for sentence in sentences[:-1]) else ""
    return between.join(sentences[i].strip() for i in order)
