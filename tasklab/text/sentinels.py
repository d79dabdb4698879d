"""T5's SentencePiece (Raffel et al. 2020): pieces as the model cuts them, and 100 sentinels behind the vocabulary.

Ids are those of transformers: <extra_id_0> is the last one, and a text that spells a sentinel holds it. Text that
spells another special token, such as "</s>", stays text.
"""

import json
import re
from pathlib import Path

import numpy as np

from tasklab.content import read_json
from tasklab.errors import DataError
from tasklab.text import TOKENIZERS
from tasklab.text.sentencepiece import MODEL_FILE, OPTIONS_FILE, Pieces, digest_of, opened

SPECIAL = ("<pad>", "</s>", "<unk>")
BLANK, SENTINEL = re.compile(r"\s"), re.compile(r"<extra_id_\d+>")
USUAL = 100


class EndedPieces(Pieces):
    """Pieces as the model cuts them; a text ends with </s>, and nothing begins it."""

    adds_bos = False
    pair_separators, second_type = 1, 0  # first </s> second </s>
    offset = 0
    """What is added to the model's own numbers."""

    def take(self, vocab_path, lowercase: bool) -> list[str]:
        """Opens the model, and tells its pieces. Raises: DataError as a subclass says."""
        self.lowercase = bool(lowercase)
        self._content, self._model = opened(vocab_path)
        pieces = [self._model.id_to_piece(i) for i in range(self._model.get_piece_size())]
        if absent := [name for name in SPECIAL if name not in pieces]:
            raise DataError(f"{vocab_path}: lacks {', '.join(absent)}; models of this kind hold {' '.join(SPECIAL)}")
        return pieces

    def number(self, tokens: list[str]):
        """Takes the token of each id."""
        self.tokens, self.vocab_size = tokens, len(tokens)
        self._ids = {token: i for i, token in enumerate(tokens)}
        self.pad_id, self.sep_id, self.unk_id = (self._ids[name] for name in SPECIAL)
        self.cls_id, self.mask_id = self.pad_id, None  # what a decoder begins with

    def _pieces(self, text: str, start: int, stop: int):
        part = BLANK.sub(" ", text[start:stop])
        encoding = self._model.encode(part.lower() if self.lowercase else part, return_type="offset_mapping")
        for number, (begin, end) in zip(encoding["ids"], encoding["offsets"], strict=True):
            while begin < end and part[begin].isspace():
                begin += 1
            yield number + self.offset, start + begin, start + end


@TOKENIZERS.register("t5")
class T5Pieces(EndedPieces):
    """Args: vocab_path, the .model file; tokenizer_config.json beside it may say how many `extra_ids` there are.

    lowercase: lowers the text first, which no published model asks for.
    Raises: DataError naming the file when it is missing, damaged, or lacks a special token.
    """

    def __init__(self, vocab_path, lowercase: bool = False):
        pieces, options = self.take(vocab_path, lowercase), Path(vocab_path).with_name(OPTIONS_FILE)
        config = read_json(options, DataError) if options.is_file() else {}
        self.extra_ids = config.get("extra_ids", USUAL) if isinstance(config, dict) else USUAL
        if type(self.extra_ids) is not int or not 0 <= self.extra_ids <= 10_000:
            raise DataError(f"{options}: extra_ids is {self.extra_ids!r}; expected their number, such as 100")
        self.number(pieces + [f"<extra_id_{n}>" for n in reversed(range(self.extra_ids))])

    @property
    def fingerprint(self) -> str:
        """sha256 over the model and the options: equal fingerprints give equal ids."""
        return digest_of("t5", [self.lowercase, self.extra_ids], self._content)

    def files(self) -> dict[str, bytes]:
        """Name -> content of the files that make this tokenizer."""
        options = {"name": "t5", "lowercase": self.lowercase, "extra_ids": self.extra_ids}
        return {MODEL_FILE: self._content, OPTIONS_FILE: (json.dumps(options, indent=1) + "\n").encode()}

    def _encode(self, text: str) -> tuple[np.ndarray, np.ndarray]:
        rows, at = [], 0
        for hit in SENTINEL.finditer(text):
            if hit[0] in self._ids:
                rows += [*self._pieces(text, at, hit.start()), (self._ids[hit[0]], *hit.span())]
                at = hit.end()
        table = np.array([*rows, *self._pieces(text, at, len(text))], np.int32).reshape(-1, 3)
        return table[:, 0], table[:, 1:]
