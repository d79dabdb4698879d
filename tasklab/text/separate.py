"""Tokenizers that split text where it is plain to see: every character, or at blanks (behaviour: UER-py)."""

import numpy as np

from tasklab.text import TOKENIZERS
from tasklab.text.listed import ListedVocabulary, lowered
from tasklab.text.surrogates import refuse_surrogates

CODE_POINTS = 0x110000


@TOKENIZERS.register("char")
class Characters(ListedVocabulary):
    """One token per character of the stripped text, blanks within it too; what the vocabulary lacks is [UNK]."""

    name = title = "char"

    def __init__(self, vocab_path, lowercase: bool = False):
        super().__init__(vocab_path, lowercase)
        self._table = np.full(CODE_POINTS, self.unk_id, np.int32)  # code point -> id
        for token, number in self._ids.items():
            if len(token) == 1:
                self._table[ord(token)] = number

    def encode_batch(self, texts) -> list[tuple[np.ndarray, np.ndarray]]:
        """Per text: ids [n] int32 without special tokens, offsets [n, 2] int32, characters of the text as passed.

        Raises: DataError when a text holds half a surrogate pair.
        """
        texts = list(texts)
        refuse_surrogates(texts)
        return [self._encode(text) for text in texts]

    def decode(self, ids) -> str:
        """The characters of ids one behind the other, without special tokens."""
        return "".join(self.spoken(ids))

    def _encode(self, text: str) -> tuple[np.ndarray, np.ndarray]:
        kept = text.strip()
        codes = np.frombuffer((lowered(kept) if self.lowercase else kept).encode("utf-32-le"), np.uint32)
        begin = np.arange(len(codes), dtype=np.int32) + len(text) - len(text.lstrip())
        return self._table[codes], np.stack([begin, begin + 1], axis=1)


@TOKENIZERS.register("space")
class Words(ListedVocabulary):
    """One token per word between blanks; what the vocabulary lacks is [UNK]."""

    name = title = "space"

    def encode_batch(self, texts) -> list[tuple[np.ndarray, np.ndarray]]:
        """As of `Characters`."""
        texts = list(texts)
        refuse_surrogates(texts)
        return [self._encode(text) for text in texts]

    def decode(self, ids) -> str:
        """The words of ids with a blank between two, without special tokens."""
        return " ".join(self.spoken(ids))

    def _encode(self, text: str) -> tuple[np.ndarray, np.ndarray]:
        words, spans, at = text.split(), [], 0
        for word in words:
            at = text.index(word, at)
            spans.append((at, at + len(word)))
            at += len(word)
        ids = [self._ids.get(lowered(word) if self.lowercase else word, self.unk_id) for word in words]
        return np.array(ids, np.int32), np.array(spans, np.int32).reshape(-1, 2)
