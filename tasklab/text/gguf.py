"""The tokenizer in a GGUF file: byte-level BPE with its own cut of words, or SentencePiece; its own chat template."""

from __future__ import annotations

import hashlib
import json

import numpy as np
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers, processors

from tasklab.config.gguf import TOKENIZER
from tasklab.errors import CheckpointError, DataError, brief
from tasklab.gguf import read_gguf, tokenizer_part
from tasklab.text import TOKENIZERS
from tasklab.text.chat_template import ChatTemplate
from tasklab.text.gguf_pieces import GGUFPieces
from tasklab.text.gguf_table import KEYS, described_as_transformers, id_of, numbers_of, texts_of
from tasklab.text.library import encoded
from tasklab.text.sentencepiece_model import CONTROL, USER_DEFINED

LLAMA3 = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+"
    r"|\s+(?!\S)|\s+"
)
QWEN2 = LLAMA3.replace(r"\p{N}{1,3}", r"\p{N}")


def _before(kind: str):
    """How a text is cut before pairs are joined, by the name that llama.cpp gives it."""
    plain = pre_tokenizers.ByteLevel(add_prefix_space=False)
    if kind in ("gpt-2", "default", "olmo"):
        return plain
    if kind == "smollm":
        return pre_tokenizers.Sequence([pre_tokenizers.Digits(individual_digits=True), plain])
    if kind in ("llama-bpe", "llama3", "llama-v3", "qwen2"):
        cut = pre_tokenizers.Split(Regex(QWEN2 if kind == "qwen2" else LLAMA3), "isolated")
        return pre_tokenizers.Sequence([cut, pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
    return None


@TOKENIZERS.register("gguf")
def gguf_tokens(vocab_path, lowercase: bool = False) -> GGUFTokens | GGUFPieces:
    """The tokenizer of a GGUF file, with or without tensors.

    Raises: DataError naming the file when it holds none that is read.
    """
    if lowercase:
        raise DataError(f"{vocab_path}: a tokenizer of a GGUF file takes letters as they are; lowercase: false")
    try:
        metadata = read_gguf(vocab_path).metadata
    except CheckpointError as error:
        raise DataError(str(error)) from None
    entries = {key: value for key, value in metadata.items() if key.startswith(KEYS)}
    kind = entries.get("tokenizer.ggml.model")
    if kind not in ("gpt2", "llama"):
        message = f"tokenizer.ggml.model is {brief(kind)}; read are gpt2, byte-level BPE, and llama, SentencePiece"
        raise DataError(f"{vocab_path}: {message}: take the model in HuggingFace's format")
    return (GGUFTokens if kind == "gpt2" else GGUFPieces)(entries, vocab_path)


class GGUFTokens:
    """Byte-level BPE: every text has a spelling in bytes; text that spells a special token stays text.

    Args: metadata: the file's keys that begin with KEYS. vocab_path: the file, for messages.
    """

    pair_separators, second_type = 1, 0
    begins_anew = False

    def __init__(self, metadata: dict, vocab_path):
        self._metadata = metadata
        fields = {key.removeprefix("tokenizer.ggml."): value for key, value in self._metadata.items()}
        before = _before(fields.get("pre", "default"))
        if before is None:
            message = f"tokenizer.ggml.pre is {brief(fields['pre'])}; read are gpt-2, smollm, llama-bpe, qwen2"
            raise DataError(f"{vocab_path}: {message}: take the model in HuggingFace's format")
        self.tokens: list[str] = texts_of(fields, "tokens", vocab_path)
        self.vocab_size = len(self.tokens)
        self._ids = {token: number for number, token in enumerate(self.tokens)}
        kinds = numbers_of(fields, "token_type", self.vocab_size, vocab_path) or []
        marked = [number for number, kind in enumerate(kinds) if kind in (CONTROL, USER_DEFINED)]
        self.special_ids = frozenset(marked)
        self.bos_id, self.eos_id, unknown, padding = (
            id_of(fields, f"{role}_token_id", self.vocab_size, vocab_path)
            for role in ("bos", "eos", "unknown", "padding")
        )
        if self.eos_id is None:
            raise DataError(f"{vocab_path}: says no tokenizer.ggml.eos_token_id, so no answer would end")
        self.adds_bos = fields.get("add_bos_token") is True
        self.cls_id = self.eos_id if self.bos_id is None else self.bos_id
        self.sep_id = self.eos_id
        self.unk_id, self.pad_id = (self.eos_id if number is None else number for number in (unknown, padding))
        self.mask_id: int | None = None
        pairs = [tuple(pair.split(" ")) for pair in texts_of(fields, "merges", vocab_path)]
        try:
            self._model = Tokenizer(models.BPE(self._ids, pairs))
        except Exception as error:  # the library raises plain Exception for a merge of unknown pieces
            raise DataError(f"{vocab_path}: its merges do not belong to its tokens ({brief(str(error))})") from None
        self._model.pre_tokenizer = before
        self.chat_template = self._template(fields, vocab_path)

    def _template(self, fields: dict, place) -> ChatTemplate | None:
        source = self._metadata.get("tokenizer.chat_template")
        if not isinstance(source, str) or not source.strip():
            return None
        spelled = {self.tokens[number]: number for number in self.special_ids}
        names = ["" if number is None else self.tokens[number] for number in (self.bos_id, self.eos_id)]
        return ChatTemplate(source, spelled, *names, place=str(place))

    @property
    def fingerprint(self) -> str:
        """sha256 over all that the file says of it: equal fingerprints give equal ids."""
        return hashlib.sha256(json.dumps(["gguf", self._metadata], sort_keys=True).encode()).hexdigest()

    def encode_batch(self, texts) -> list[tuple[np.ndarray, np.ndarray]]:
        """Per text: ids [n] int32 without special tokens, offsets [n, 2] int32, characters of the text as passed.

        Raises: DataError when a text holds half a surrogate pair.
        """
        return encoded(self._model, list(texts))

    encode_following = encode_batch

    def decode(self, ids) -> str:
        """The text of ids, without special tokens; bytes that are no whole character read U+FFFD."""
        kept = [self.tokens[number] for number in map(int, ids) if number not in self.special_ids]
        return _bytes_decoder.decode(kept)

    def token_id(self, token: str) -> int | None:
        """Id of one piece, None when the vocabulary lacks it."""
        return self._ids.get(token)

    def files(self) -> dict[str, bytes]:
        """Name -> content of the files that make this tokenizer."""
        return {TOKENIZER: tokenizer_part(self._metadata)}

    def huggingface_files(self) -> dict[str, bytes]:
        """The same as transformers reads it: tokenizer.json, tokenizer_config.json with the chat template, and
        generation_config.json, which ends its answers."""
        whole = Tokenizer.from_str(self._model.to_str())
        whole.decoder = _bytes_decoder
        special = [AddedToken(self.tokens[number], special=True, normalized=False) for number in self.special_ids]
        whole.add_special_tokens(sorted(special, key=lambda token: self._ids[token.content]))
        ids = {"bos": self.bos_id, "eos": self.eos_id, "unk": self.unk_id, "pad": self.pad_id}
        config = {f"{role}_token": self.tokens[number] for role, number in ids.items() if number is not None}
        if self.adds_bos and self.bos_id is not None:
            start = config["bos_token"]
            whole.post_processor = processors.TemplateProcessing(f"{start} $A", special_tokens=[(start, self.bos_id)])
        config |= {"tokenizer_class": "PreTrainedTokenizerFast", "clean_up_tokenization_spaces": False}
        if template := self._metadata.get("tokenizer.chat_template"):
            config["chat_template"] = template
        return {"tokenizer.json": whole.to_str().encode(), **described_as_transformers(config, ids)}


_bytes_decoder = decoders.ByteLevel()
