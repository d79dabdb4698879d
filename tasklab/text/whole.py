"""A tokenizer.json of the `tokenizers` library alone: WordPiece, BPE or Unigram with all that stands before and behind.

Ids are those of transformers' fast tokenizers; text that spells a special token of the file is that token, but of a
decoder's, which has a token for the end of a text and none for a row: there it stays text, but for T5's sentinels.
"""

from __future__ import annotations

import copy
import hashlib
import json
from functools import cached_property
from pathlib import Path

import numpy as np

from tasklab.content import parse_json, read_content
from tasklab.errors import DataError
from tasklab.text import TOKENIZERS
from tasklab.text.bpe import GPT2
from tasklab.text.chat_template import ChatTemplate, template_beside
from tasklab.text.library import encoded
from tasklab.text.sentinels import SENTINEL
from tasklab.text.speaking import Speaking

FILE, OPTIONS_FILE = "tokenizer.json", "tokenizer_config.json"
ROLES = {
    "cls_token": ("[CLS]", "<s>"), "sep_token": ("[SEP]", "</s>"), "pad_token": ("[PAD]", "<pad>"),
    "unk_token": ("[UNK]", "<unk>"), "mask_token": ("[MASK]", "<mask>"),
}  # fmt: skip
"""What the options call a special token -> its usual names."""
DECODERS = {"cls_token": "bos_token", **dict.fromkeys(("sep_token", "pad_token", "unk_token"), "eos_token")}
"""Of a decoder's: what stands in for a token that it does not have; where it has no bos_token either, eos_token."""


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
            described = _with_sentinels(dict(described))
            self._model = Tokenizer.from_str(json.dumps(described))
        except Exception as error:  # the library raises plain Exception
            raise DataError(f"{path}: no tokenizer of the tokenizers library ({str(error)[:200]})") from None
        self._model.no_truncation()
        self._model.no_padding()
        options = path.with_name(OPTIONS_FILE)
        self._options = read_content(options) if options.is_file() else b"{}\n"
        self._beside: dict[str, bytes] = {}
        self._ids = self._model.get_vocab(with_added_tokens=True)
        self.vocab_size = max(self._ids.values(), default=-1) + 1
        if self.vocab_size > 2 * len(self._ids) + 1000:
            raise DataError(f"{path}: an id is {self.vocab_size - 1}, but it holds {len(self._ids)} pieces")
        self.tokens: list[str] = [""] * self.vocab_size
        for token, number in self._ids.items():
            self.tokens[number] = token
        self.cls_id, self.sep_id, self.pad_id, self.unk_id, self.mask_id = self._special(path)
        if self._decodes:
            self._model.encode_special_tokens = True
            added = self._model.get_added_tokens_decoder()
            self.special_ids = frozenset(number for number, token in added.items() if token.special)
            self.adds_bos = _begins(described.get("post_processor") or {})
            self.chat_template = self._template(path)
        self._sentinels = any(SENTINEL.fullmatch(token) for token in self._ids)
        self._following = _without_blank(described)
        self.begins_anew = _opens_each(described)
        self.pair_separators, self.second_type = _pairs(described.get("post_processor") or {}, self.tokens[self.cls_id])

    def _special(self, path: Path) -> list[int | None]:
        options = str(path.with_name(OPTIONS_FILE))
        value = parse_json(self._options, options, DataError)
        try:
            named = {role: value.get(role) for role in (*ROLES, *DECODERS.values())}
            named = {role: value["content"] if isinstance(value, dict) else value for role, value in named.items()}
            if named["eos_token"] is None and GPT2 in self._ids and "[CLS]" not in self._ids:
                named["eos_token"] = named["bos_token"] = GPT2  # its published folders leave it to the program
            if not all(name is None or isinstance(name, str) for name in named.values()):
                raise ValueError("the name of a special token is no text")
        except (ValueError, AttributeError, KeyError) as error:
            raise DataError(f"{options}: not a JSON object of names ({error})") from None
        self._decodes = bool(named["eos_token"]) and not named["cls_token"]
        self._config, self._begin, ids = value, named["bos_token"], []
        for role, usual in ROLES.items():
            names = (named[role], *usual) if named[role] else usual
            if self._decodes and role in DECODERS:
                names = (named[role], named[DECODERS[role]], named["eos_token"])
            ids.append(next((self._ids[name] for name in names if name in self._ids), None))
            if ids[-1] is None and role != "mask_token":
                raise DataError(f"{path}: lacks {' and '.join(usual)}; name its {role} in {OPTIONS_FILE}")
        return ids

    def _template(self, path: Path) -> ChatTemplate | None:
        source, self._beside = template_beside(self._config, path.parent)
        if source is None:
            return None
        spelled = {self.tokens[number]: number for number in self.special_ids}
        begin = self.tokens[self.cls_id] if self._begin else ""
        return ChatTemplate(source, spelled, begin, self.tokens[self.sep_id], place=str(path.parent))

    @property
    def fingerprint(self) -> str:
        """sha256 over the file, the options and the template: equal fingerprints give equal ids."""
        content = b"".join((self._content, self._options, *self._beside.values()))
        return hashlib.sha256(b"tokenizer_json" + b" sentinels" * self._sentinels + content).hexdigest()

    def encode_batch(self, texts) -> list[tuple[np.ndarray, np.ndarray]]:
        """Per text: ids [n] int32 without special tokens, offsets [n, 2] int32, characters of the text as passed.

        Raises: DataError when a text holds half a surrogate pair.
        """
        return encoded(self._model, list(texts))

    def encode_following(self, texts) -> list[tuple[np.ndarray, np.ndarray]]:
        """As `encode_batch`, of texts that go on with what stands before them: no blank is put in front."""
        return encoded(self._unopened, list(texts))

    @cached_property
    def _unopened(self):
        from tokenizers import Tokenizer

        if self._following is None:
            return self._model
        model = Tokenizer.from_str(json.dumps(self._following))
        model.no_truncation()
        model.no_padding()
        model.encode_special_tokens = self._decodes
        return model

    def token_id(self, token: str) -> int | None:
        """Id of one piece, None when the vocabulary lacks it."""
        return self._ids.get(token)

    def files(self) -> dict[str, bytes]:
        """Name -> content of the files that make this tokenizer."""
        return {FILE: self._content, OPTIONS_FILE: self._options, **self._beside}


def _with_sentinels(described: dict) -> dict:
    """The same with sentinels among what a text may spell, as the other special tokens of a decoder are not."""
    added = [
        {**token, "special": token["special"] and not SENTINEL.fullmatch(token["content"])}
        for token in described.get("added_tokens") or []
    ]
    return {**described, "added_tokens": added}


def _steps(described: dict) -> list[dict]:
    """What is done to a text before it is cut in pieces, step by step."""
    steps: list[dict] = []
    for key, inner in (("normalizer", "normalizers"), ("pre_tokenizer", "pretokenizers")):
        step = described.get(key) or {}
        steps += step.get(inner) or [] if step.get("type") == "Sequence" else [step]
    return steps


def _without_blank(described: dict) -> dict | None:
    """The file of a tokenizer that puts no blank in front of a text; None where it is this one."""
    changed = copy.deepcopy(described)
    for step in _steps(changed):
        if step.get("type") == "Prepend":
            step["prepend"] = ""
        if step.get("type") == "Metaspace" and step.get("prepend_scheme") != "never":
            step |= {"prepend_scheme": "never", "add_prefix_space": False}
        if step.get("type") == "ByteLevel":
            step["add_prefix_space"] = False
    return None if changed == described else changed


def _opens_each(described: dict) -> bool:
    """Whether a text behind a special token gets a blank in front as the first one does."""
    steps = _steps(described)
    return any(s.get("type") == "Prepend" or s.get("prepend_scheme", "") == "always" for s in steps)


def _begins(processor: dict) -> bool:
    """Whether a special token stands before a text."""
    steps = processor.get("processors") if processor.get("type") == "Sequence" else [processor]
    singles = [step.get("single") for step in steps or () if step.get("type") == "TemplateProcessing"]
    return any("SpecialToken" in pieces[0] for pieces in singles if pieces)


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
