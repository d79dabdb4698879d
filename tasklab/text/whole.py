"""A tokenizer.json of the `tokenizers` library alone: WordPiece, BPE or Unigram with all that stands before and behind.

Ids are those of transformers' fast tokenizers; text that spells a special token of the file is that token.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np

from tasklab.content import parse_json, read_content
from tasklab.errors import DataError
from tasklab.text import TOKENIZERS
from tasklab.text.library import encoded
from tasklab.text.speaking import Speaking

FILE, OPTIONS_FILE = "tokenizer.json", "tokenizer_config.json"
ROLES = {
    "cls_token": ("[CLS]", "<s>"), "sep_token": ("[SEP]", "</s>"), "pad_token": ("[PAD]", "<pad>"),
    "unk_token": ("[UNK]", "<unk>"), "mask_token": ("[MASK]", "<mask>"),
}  # fmt: skip
"""What the options call a special token -> its usual names."""


@TOKENIZERS.register("tokenizer_json")
class WholeTokenizer(Speaking):
    """Args: vocab_path, the tokenizer.json. lowercase changes nothing: the file says what is done to the text.

    Raises: DataError naming the file when it is missing, damaged, or lacks a special token.
    """

    def __init__(self, vocab_path, lowercase: bool = True):
        from tokenizers import Tokenizer

        self.lowercase, path = bool(lowercase), Path(vocab_path)
        try:
            self._content = read_content(path)
        except OSError as error:
            raise DataError(f"{path}: cannot be read as a tokenizer ({error.strerror})") from None
        described = parse_json(self._content, str(path), DataError)
        try:
            described = dict(described)
            self._model = Tokenizer.from_buffer(self._content)
        except Exception as error:  # the library raises plain Exception
            raise DataError(f"{path}: no tokenizer of the tokenizers library ({str(error)[:200]})") from None
        self._model.no_truncation()
        self._model.no_padding()
        options = path.with_name(OPTIONS_FILE)
        self._options = read_content(options) if options.is_file() else b"{}\n"
        self._ids = self._model.get_vocab(with_added_tokens=True)
        self.vocab_size = max(self._ids.values(), default=-1) + 1
        if self.vocab_size > 2 * len(self._ids) + 1000:
            raise DataError(f"{path}: an id is {self.vocab_size - 1}, but it holds {len(self._ids)} pieces")
        self.tokens: list[str] = [""] * self.vocab_size
        for token, number in self._ids.items():
            self.tokens[number] = token
        self.cls_id, self.sep_id, self.pad_id, self.unk_id, self.mask_id = self._special(path)
        self.pair_separators, self.second_type = _pairs(described.get("post_processor") or {}, self.tokens[self.cls_id])

    def _special(self, path: Path) -> list[int | None]:
        options = str(path.with_name(OPTIONS_FILE))
        said = parse_json(self._options, options, DataError)
        try:
            named = {role: said.get(role) for role in ROLES}
            named = {role: said["content"] if isinstance(said, dict) else said for role, said in named.items()}
            if not all(name is None or isinstance(name, str) for name in named.values()):
                raise ValueError("the name of a special token is no text")
        except (ValueError, AttributeError, KeyError) as error:
            raise DataError(f"{options}: not a JSON object of names ({error})") from None
        found = []
        for role, usual in ROLES.items():
            names = (named[role], *usual) if named[role] else usual
            found.append(next((self._ids[name] for name in names if name in self._ids), None))
            if found[-1] is None and role != "mask_token":
                raise DataError(f"{path}: lacks {' and '.join(usual)}; name its {role} in {OPTIONS_FILE}")
        return found

    @property
    def fingerprint(self) -> str:
        """sha256 over the file and the options: equal fingerprints give equal ids."""
        return hashlib.sha256(b"tokenizer_json" + self._content + self._options).hexdigest()

    def encode_batch(self, texts) -> list[tuple[np.ndarray, np.ndarray]]:
        """Per text: ids [n] int32 without special tokens, offsets [n, 2] int32, characters of the text as passed.

        Raises: DataError when a text holds half a surrogate pair.
        """
        return encoded(self._model, list(texts))

    def token_id(self, token: str) -> int | None:
        """Id of one piece, None when the vocabulary lacks it."""
        return self._ids.get(token)

    def files(self) -> dict[str, bytes]:
        """Name -> content of the files that make this tokenizer."""
        return {FILE: self._content, OPTIONS_FILE: self._options}


def _pairs(processor: dict, cls: str) -> tuple[int, int]:
    """(separators between two texts, token type of the second)"""
    steps = processor.get("processors") if processor.get("type") == "Sequence" else [processor]
    for step in steps or ():
        if step.get("type") == "RobertaProcessing":
            return 2, 0
        if step.get("type") == "TemplateProcessing":
            pair = step.get("pair") or []
            places = [n for n, part in enumerate(pair) if "Sequence" in part]
            if len(places) == 2:
                return places[1] - places[0] - 1, int(pair[places[1]]["Sequence"].get("type_id", 1))
    return (2, 0) if cls == "<s>" else (1, 1)
