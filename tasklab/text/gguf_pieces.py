"""The SentencePiece in a GGUF file: its table of pieces, scores and kinds as a model of the library."""

from tasklab.config.gguf import TOKENIZER
from tasklab.errors import DataError
from tasklab.gguf import tokenizer_part
from tasklab.text.gguf_table import described_as_transformers, id_of, numbers_of, texts_of
from tasklab.text.llama import FILE, LlamaPieces
from tasklab.text.sentencepiece_model import NORMAL, UNKNOWN, USER_DEFINED, model_of

ROLES = {"bos": ("bos_token_id", 1), "eos": ("eos_token_id", 2), "unk": ("unknown_token_id", 0)}
"""Role -> key, and the id that llama.cpp takes where a file says none."""


class GGUFPieces(LlamaPieces):
    """Args: metadata: the file's keys of the tokenizer. vocab_path: the file, for messages.

    Raises: DataError naming the file when its table is no SentencePiece model.
    """

    def __init__(self, metadata: dict, vocab_path):
        self._metadata = metadata
        fields = {key.removeprefix("tokenizer.ggml."): value for key, value in metadata.items()}
        tokens = texts_of(fields, "tokens", vocab_path)
        count = len(tokens)
        scores = numbers_of(fields, "scores", count, vocab_path)
        kinds = numbers_of(fields, "token_type", count, vocab_path) or [NORMAL] * count
        if scores is None:
            raise DataError(f"{vocab_path}: has no tokenizer.ggml.scores, by which pieces are joined")
        if wrong := next((kind for kind in kinds if kind not in range(NORMAL, USER_DEFINED + 3)), None):
            raise DataError(f"{vocab_path}: a token_type is {wrong}, expected 1 to 6")
        ids = {role: id_of(fields | {key: fields.get(key, usual)}, key, count, vocab_path)
               for role, (key, usual) in ROLES.items()}  # fmt: skip
        kinds[ids["unk"]] = UNKNOWN  # the library wants one, and only one
        pad = id_of(fields, "padding_token_id", count, vocab_path)
        self._roles = ids if pad is None else {**ids, "pad": pad}
        self._as_config = {f"{role}_token": tokens[number] for role, number in self._roles.items()} | {
            "tokenizer_class": "LlamaTokenizer", "add_bos_token": fields.get("add_bos_token") is not False,
            "add_prefix_space": fields.get("add_space_prefix") is not False, "clean_up_tokenization_spaces": False,
        }  # fmt: skip
        self._content = model_of(tokens, scores, kinds, self._roles)
        self._files = {TOKENIZER: tokenizer_part(metadata)}
        template = metadata.get("tokenizer.chat_template")
        template = template if isinstance(template, str) and template.strip() else None
        self._settle(vocab_path, self._content, self._as_config, template)

    def huggingface_files(self) -> dict[str, bytes]:
        """The same as transformers reads it: tokenizer.model, and what it writes beside that."""
        config = dict(self._as_config)
        if self.chat_template is not None:
            config["chat_template"] = self.chat_template.source
        return {FILE: self._content, **described_as_transformers(config, self._roles)}
