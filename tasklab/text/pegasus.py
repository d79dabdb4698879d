"""Pegasus' SentencePiece (Zhang et al. 2020): 103 tokens before the model's pieces, two of them for what is hidden.

Ids are those of transformers: <pad> and </s>, <mask_1> for a sentence, <mask_2> for a word, then <unk_2> to <unk_102>,
which pre-training alone has. Text that spells one of them stays text.
"""

import json

import numpy as np

from tasklab.text import TOKENIZERS
from tasklab.text.sentencepiece import MODEL_FILE, OPTIONS_FILE, digest_of
from tasklab.text.sentinels import EndedPieces

BEFORE = ("<pad>", "</s>", "<mask_1>", "<mask_2>", *(f"<unk_{n}>" for n in range(2, 103)))
"""In place of the first two of the model."""
HIDDEN = 2  # <mask_1>


@TOKENIZERS.register("pegasus")
class PegasusPieces(EndedPieces):
    """Args: vocab_path, the .model file. lowercase: lowers the text first, which no published model asks for.

    Raises: DataError naming the file when it is missing, damaged, or lacks a special token.
    """

    offset = len(BEFORE) - 2

    def __init__(self, vocab_path, lowercase: bool = False):
        self.number([*BEFORE, *self.take(vocab_path, lowercase)[2:]])
        self.mask_id = HIDDEN
        self.special_ids = frozenset(range(len(BEFORE)))

    @property
    def fingerprint(self) -> str:
        """sha256 over the model and the options: equal fingerprints give equal ids."""
        return digest_of("pegasus", [self.lowercase], self._content)

    def files(self) -> dict[str, bytes]:
        """Name -> content of the files that make this tokenizer."""
        options = {"name": "pegasus", "lowercase": self.lowercase}
        return {MODEL_FILE: self._content, OPTIONS_FILE: (json.dumps(options, indent=1) + "\n").encode()}

    def _encode(self, text: str) -> tuple[np.ndarray, np.ndarray]:
        table = np.array([*self._pieces(text, 0, len(text))], np.int32).reshape(-1, 3)
        return table[:, 0], table[:, 1:]
