"""What BERT's normalizer and pre-tokenizer do to each code point, learned from the `tokenizers` library as tables.

Both work character by character, so a table gives their result for millions of characters at once, and it keeps the
origin of every normalized character exactly, which the library loses for accents written as separate marks.
"""

import unicodedata
from typing import NamedTuple

import numpy as np
from tokenizers import normalizers, pre_tokenizers

CODE_POINTS = 0x110000
UNSEEN = -1
WORD, SINGLE, SPACE = 0, 1, 2
"""Part of a word; a word of its own (punctuation, Chinese character); between words."""


class NormalizedText(NamedTuple):
    """N normalized characters of a text of M characters."""

    codes: np.ndarray  # [N] uint32 code points
    kinds: np.ndarray  # [N] WORD, SINGLE or SPACE
    origin: np.ndarray  # [N] the character each one came from, 0..M-1, never falling
    after_marks: np.ndarray  # [M + 1] nearest position at or after this one that holds no stripped accent


class CharacterTable:
    """Normalizes arrays of code points; a code point costs a call into the library the first time only."""

    def __init__(self, lowercase: bool, strip_accents: bool | None = None, chinese_chars: bool = True):
        stripped = lowercase if strip_accents is None else strip_accents
        self._normalizer = normalizers.BertNormalizer(
            clean_text=True, handle_chinese_chars=chinese_chars, strip_accents=stripped, lowercase=lowercase
        )
        self._splitter = pre_tokenizers.BertPreTokenizer()
        self._lengths = np.full(CODE_POINTS, UNSEEN, np.int8)  # normalized characters it turns into
        self._images = np.zeros(CODE_POINTS, np.uint32)  # the normalized character where it is one
        self._kinds = np.zeros(CODE_POINTS, np.int8)  # of a normalized character
        self._marks = np.zeros(CODE_POINTS, bool)  # a stripped accent
        self._long_rows = np.zeros(CODE_POINTS, np.int32)  # row in _long_images where it turns into several
        self._long_images = np.zeros((1, 1), np.uint32)

    def normalize(self, codes: np.ndarray) -> NormalizedText:
        """Normalizes M code points [M] uint32."""
        self._learn(codes)
        lengths = self._lengths[codes]
        origin = np.repeat(np.arange(len(codes)), lengths)
        sources = codes[origin]
        images = self._images[sources]
        several = np.flatnonzero(lengths[origin] > 1)
        if len(several):
            first = np.cumsum(lengths, dtype=np.int64) - lengths
            images[several] = self._long_images[self._long_rows[sources[several]], several - first[origin[several]]]
        return NormalizedText(images, self._kinds[images], origin, self._after_marks(codes))

    def _after_marks(self, codes: np.ndarray) -> np.ndarray:
        positions = np.arange(len(codes) + 1)
        marks = np.flatnonzero(self._marks[codes])
        if len(marks):
            positions[marks] = len(codes)
            positions = np.minimum.accumulate(positions[::-1])[::-1]
        return positions

    def _learn(self, codes: np.ndarray):
        unseen = np.unique(codes[self._lengths[codes] == UNSEEN])
        long_images = []
        for code in unseen.tolist():
            character = chr(code)
            image = self._normalizer.normalize_str(character)
            kind = None
            if len(image) == 3 and image[0] == image[2] == " ":  # Chinese characters come between two blanks
                image, kind = image[1], SINGLE
            for part in image:
                self._kinds[ord(part)] = self._kind(part) if kind is None else kind
            self._lengths[code] = len(image)
            self._marks[code] = not image and unicodedata.category(character) == "Mn"
            if len(image) == 1:
                self._images[code] = ord(image)
            elif image:
                self._long_rows[code] = len(self._long_images) + len(long_images)
                long_images.append([ord(part) for part in image])
        if long_images:
            self._add_long_images(long_images)

    def _kind(self, normalized: str) -> int:
        pieces = len(self._splitter.pre_tokenize_str(f"a{normalized}a"))
        return {1: WORD, 2: SPACE, 3: SINGLE}[pieces]

    def _add_long_images(self, added: list[list[int]]):
        old = self._long_images
        table = np.zeros((len(old) + len(added), max(old.shape[1], *map(len, added))), np.uint32)
        table[: len(old), : old.shape[1]] = old
        for row, image in enumerate(added, start=len(old)):
            table[row, : len(image)] = image
        self._long_images = table
