"""Texts with blanks, and what fills them, as token ids (Raffel et al. 2020, section 3.1.4).

A blank is written [MASK]. The filling of a text is written with a [MASK] before each part: "[MASK]one[MASK]two".
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np

from tasklab.errors import ConfigError

MASK = "[MASK]"
BLANK = re.compile(r"\[MASK\]|<mask>|<extra_id_\d+>")
SENTINELS = ("<extra_id_{}>", "[extra{}]", "extra{}")
"""How vocabularies call the tokens that stand for the blanks of a text, from 0 on."""


@dataclass(frozen=True)
class BlankTokenizer:
    """A tokenizer whose texts have blanks: the first is the first of `sentinels`, and so on.

    space: id of the piece that is the space before a word alone; -1: there is none.
    """

    tokenizer: object
    sentinels: Sequence[int]
    space: int = -1

    def __getattr__(self, name):
        return getattr(self.tokenizer, name)

    def encode_batch(self, texts) -> list[tuple[np.ndarray, np.ndarray]]:
        """As the tokenizer does, without offsets: [n, 0]."""
        segments = [BLANK.split(text) for text in texts]
        encoded = (ids for ids, _ in self.tokenizer.encode_batch(list(chain.from_iterable(segments))))
        sequences = [
            self.joined([next(encoded), *(self._going_on(part, next(encoded)) for part in behind)])
            for _, *behind in segments
        ]
        return [(ids, np.zeros((len(ids), 0), np.int32)) for ids in sequences]

    def _going_on(self, text: str, ids: np.ndarray) -> np.ndarray:
        """Without the space that a tokenizer puts before a text which has none there, as in Chinese."""
        return ids[1:] if text[:1].strip() and list(ids[:1]) == [self.space] else ids

    def joined(self, segments: Sequence[np.ndarray]) -> np.ndarray:
        """The ids with a sentinel between two parts."""
        between = [[sentinel] for sentinel in self.sentinels[: len(segments) - 1]]
        pieces = [piece for pair in zip(segments, [*between, []], strict=True) for piece in pair]
        return np.concatenate(pieces).astype(np.int32)

    def fillings(self, ids: Sequence[int]) -> list[str]:
        """The texts behind each sentinel."""
        segments: list[list[int]] = [[]]
        for number in map(int, ids):
            if number in self.sentinels:
                segments.append([])
            else:
                segments[-1].append(number)
        return [self.tokenizer.decode(part).strip() for part in segments[1:]]


def blanks_of(tokenizer, space: int = -1) -> BlankTokenizer:
    """With sentinels where the vocabulary has any, else with its mask for each blank.

    space: see `BlankTokenizer`.
    Raises: ConfigError where it has neither.
    """
    vocabulary = {token: number for number, token in enumerate(tokenizer.tokens)}
    for form in SENTINELS:
        if form.format(0) in vocabulary:
            count = next(n for n in range(len(vocabulary) + 1) if form.format(n) not in vocabulary)
            return BlankTokenizer(tokenizer, [vocabulary[form.format(n)] for n in range(count)], space)
    if tokenizer.mask_id is None:
        raise ConfigError("the vocabulary has no token for a blank, <extra_id_0> or [MASK]; take one that has")
    return BlankTokenizer(tokenizer, _Same(tokenizer.mask_id), space)


class _Same(Sequence):
    """One token for every blank."""

    def __init__(self, token: int):
        self.token = token

    def __len__(self):
        return 1 << 31  # as many as there may be

    def __getitem__(self, place):
        return [self.token] * (place.stop - (place.start or 0)) if isinstance(place, slice) else self.token

    def __contains__(self, token):
        return token == self.token
