"""Which passages of a long text are read for a question: those that share most words with it.

A reader that learned from short texts is not good at telling which of many passages the answer stands in; counted words
are (Chen et al. 2017, "Reading Wikipedia to answer open-domain questions"). Weights: BM25, Robertson and Zaragoza 2009.
"""

import re
from collections import Counter

import numpy as np

CJK = "\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3"
WORD = re.compile(rf"[{CJK}]|[^\W{CJK}]+")
"""A run of letters and digits, or one Chinese, Japanese or Korean character."""
END = re.compile(r"\s*\n\s*|(?<=[.!?])\s+|(?<=[。！？])")
"""Of a line or a sentence."""
SHORT, LONG = 120, 1000
"""Characters: a shorter passage, such as a heading, goes on behind a blank line; a longer one ends at a sentence's."""
K1, B = 1.2, 0.75


class Passages:
    """The passages of a text, looked into for many questions."""

    def __init__(self, text: str):
        self.spans = passages_of(text)
        self._counts = [Counter(_words(text[start:end])) for start, end in self.spans]
        self._held = Counter(word for counts in self._counts for word in counts)
        lengths = np.array([counts.total() for counts in self._counts])
        self._norm = K1 * (1 - B + B * lengths / max(1.0, lengths.mean()))  # [passages]

    def best(self, question: str, count: int) -> list[tuple[int, int]]:
        """So many of the spans, in the text's order; of equal ones the earlier."""
        scores = np.zeros(len(self.spans))
        for word in set(_words(question)) & self._held.keys():
            frequency, held = np.array([counts[word] for counts in self._counts]), self._held[word]
            rarity = np.log1p((len(self.spans) - held + 0.5) / (held + 0.5))
            scores += rarity * frequency * (K1 + 1) / (frequency + self._norm)
        return [self.spans[i] for i in sorted(np.argsort(-scores, kind="stable")[:count])]


def passages_of(text: str) -> list[tuple[int, int]]:
    """(start, end) of each, without a gap: paragraphs, the long ones cut between sentences."""
    spans, start = [], 0
    for end in END.finditer(text):
        size = end.end() - start
        if size >= LONG or size >= SHORT and end.group().count("\n") > 1:
            spans.append((start, end.end()))
            start = end.end()
    return spans + [(start, len(text))] * (start < len(text))


def _words(text: str) -> list[str]:
    return [word.lower() for word in WORD.findall(text)]
