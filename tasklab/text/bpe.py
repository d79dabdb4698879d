"""Byte-level BPE of GPT-2 and RoBERTa (Radford et al. 2019) with character offsets, on the `tokenizers` library.

Text that spells a special token, such as "</s>", stays text.
"""

import hashlib
import json
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer, models, pre_tokenizers, processors

from tasklab.content import parse_json, read_content
from tasklab.errors import DataError
from tasklab.text import TOKENIZERS
from tasklab.text.library import encoded
from tasklab.text.listed import lowered
from tasklab.text.speaking import Speaking

VOCAB_FILE, MERGES_FILE, OPTIONS_FILE = "vocab.json", "merges.txt", "tokenizer_config.json"
SPECIAL = ("<s>", "</s>", "<pad>", "<unk>")
GPT2 = "<|endoftext|>"
"""The only special token of GPT-2: it ends a text, and nothing begins one."""


@TOKENIZERS.register("bpe")
class BytePairs(Speaking):
    """Every text has a spelling in bytes, so nothing is unknown; a blank belongs to the piece behind it.

    Args:
        vocab_path: merges.txt or vocab.json; the other one lies beside it.
        lowercase: True lowers the text first, which no published model asks for.
    Raises: DataError naming the file when one is missing, damaged, or lacks a special token.
    """

    pair_separators, second_type = 2, 0  # <s> first </s> </s> second </s>, all of one type

    def __init__(self, vocab_path, lowercase: bool = False):
        self.lowercase = bool(lowercase)
        folder = Path(vocab_path).parent
        self._files = {name: _read(folder / name) for name in (VOCAB_FILE, MERGES_FILE)}
        ids = _vocabulary(self._files[VOCAB_FILE], folder / VOCAB_FILE)
        self.tokens: list[str] = sorted(ids, key=ids.get)
        self._ids, self.vocab_size = ids, len(ids)
        self.adds_bos = GPT2 not in ids
        self.cls_id, self.sep_id, self.pad_id, self.unk_id = (ids.get(GPT2, ids.get(token)) for token in SPECIAL)
        self.mask_id: int | None = ids.get("<mask>")
        try:
            self._model = Tokenizer(models.BPE(ids, _merges(self._files[MERGES_FILE])))
        except Exception as error:  # the library raises plain Exception for a merge of unknown pieces
            raise DataError(f"{folder / MERGES_FILE}: does not belong to {VOCAB_FILE} ({error})") from None
        self._model.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
        self._model.post_processor = processors.ByteLevel(trim_offsets=True)

    @property
    def fingerprint(self) -> str:
        """sha256 over the vocabulary, the merges and the options: equal fingerprints give equal ids."""
        digest = hashlib.sha256(json.dumps(["bpe", self.lowercase]).encode())
        for name in (VOCAB_FILE, MERGES_FILE):
            digest.update(self._files[name])
        return digest.hexdigest()

    def encode_batch(self, texts) -> list[tuple[np.ndarray, np.ndarray]]:
        """Per text: ids [n] int32 without special tokens, offsets [n, 2] int32.

        Offsets are characters of the text as passed, end exclusive, without the blank in front. Pieces that spell one
        character together share its offsets. Raises: DataError when a text holds half a surrogate pair.
        """
        return encoded(self._model, [lowered(text) if self.lowercase else text for text in texts])

    def token_id(self, token: str) -> int | None:
        """Id of one piece, None when the vocabulary lacks it."""
        return self._ids.get(token)

    def files(self) -> dict[str, bytes]:
        """Name -> content of the files that make this tokenizer."""
        options = {"name": "bpe", "lowercase": self.lowercase}
        return {**self._files, OPTIONS_FILE: (json.dumps(options, indent=1) + "\n").encode()}


def _read(path: Path) -> bytes:
    try:
        return read_content(path)
    except OSError as error:
        raise DataError(f"{path}: cannot be read as a vocabulary ({error.strerror})") from None


def _vocabulary(content: bytes, path: Path) -> dict[str, int]:
    described = parse_json(content, str(path), DataError)
    try:
        ids = {str(piece): int(number) for piece, number in described.items()}
    except (ValueError, AttributeError, TypeError, OverflowError) as error:
        raise DataError(f"{path}: expected one JSON object of piece: id ({error})") from None
    absent = [token for token in SPECIAL if token not in ids]
    if absent and GPT2 not in ids:
        hint = f"RoBERTa's vocabulary holds {' '.join(SPECIAL)}, GPT-2's {GPT2}"
        raise DataError(f"{path}: lacks {', '.join(absent)}; {hint}")
    if sorted(ids.values()) != list(range(len(ids))):
        raise DataError(f"{path}: the ids are not 0 to {len(ids) - 1}, each once")
    return ids


def _merges(content: bytes) -> list[tuple[str, str]]:
    """One pair of pieces per line; the first line may say the version."""
    lines = content.decode("utf-8", "replace").split("\n")
    pairs = [tuple(line.rstrip("\r").split(" ")) for line in lines if line.strip() and not line.startswith("#version")]
    if wrong := next((pair for pair in pairs if len(pair) != 2), None):
        raise ValueError(f"the line {' '.join(wrong)[:40]!r} holds {len(wrong)} pieces, not 2")
    return pairs
