"""The SentencePiece of the first Llamas and Mistral: pairs of pieces, bytes where there is no piece, a blank in front.

Ids are those of transformers' LlamaTokenizer (5.24): the text as it stands, with a blank in front of one that begins
and has none. Text that spells a special token, such as "</s>", stays text.
"""

import hashlib
import json
import re
from pathlib import Path

import numpy as np

from tasklab.content import parse_json, read_content
from tasklab.errors import DataError, brief
from tasklab.text import TOKENIZERS
from tasklab.text.added import ADDED_FILE, OPTIONS_FILE, AddedTokens
from tasklab.text.chat_template import ChatTemplate, template_beside
from tasklab.text.listed import lowered
from tasklab.text.sentencepiece import SPACE, Pieces, model_from, opened
from tasklab.text.sentencepiece_model import VERBATIM
from tasklab.text.speaking import joined_pieces

FILE = "tokenizer.model"
PLAIN = b'{"tokenizer_class": "LlamaTokenizer"}\n'
"""What stands beside a model that says nothing else."""


@TOKENIZERS.register("llama")
class LlamaPieces(Pieces):
    """Args: vocab_path, the tokenizer.model; beside it tokenizer_config.json, added_tokens.json and chat_template.jinja
    as transformers writes them.

    lowercase: lowers the text first, which no published model asks for.
    Raises: DataError naming the file when it is missing, damaged, or has no token that ends a text.
    """

    pair_separators, second_type = 1, 0
    mask_id: int | None = None

    def __init__(self, vocab_path, lowercase: bool = False):
        path = Path(vocab_path)
        folder, (content, model) = path.parent, opened(path)
        options = read_content(folder / OPTIONS_FILE) if (folder / OPTIONS_FILE).is_file() else PLAIN
        config = parse_json(options, str(folder / OPTIONS_FILE), DataError)
        if not isinstance(config, dict):
            raise DataError(f"{folder / OPTIONS_FILE}: expected one object {{...}}")
        source, beside = template_beside(config, folder)
        if (folder / ADDED_FILE).is_file():
            beside[ADDED_FILE] = read_content(folder / ADDED_FILE)
        self._files = {FILE: content, OPTIONS_FILE: options, **beside}
        added = AddedTokens(folder, {model.id_to_piece(i): i for i in range(model.get_piece_size())})
        self._settle(path, content, config, source, added)
        self.lowercase = bool(lowercase)

    def _settle(self, path, content: bytes, config: dict, template: str | None, added: AddedTokens | None = None):
        """config: in the words of tokenizer_config.json."""
        self.lowercase, path = False, Path(path)
        self._model = model_from(content + VERBATIM, path)
        self.tokens: list[str] = [self._model.id_to_piece(i) for i in range(self._model.get_piece_size())]
        ids = {token: number for number, token in enumerate(self.tokens)}
        self._ids = ids | (self._add(added.ids, path) if added else {})
        self.vocab_size = len(self.tokens)
        roles = {role: self._role(role, config, path) for role in ("bos", "eos", "unk", "pad")}
        if roles["eos"] is None:
            raise DataError(f"{path}: has no token that ends a text; name its eos_token in {OPTIONS_FILE}")
        self.sep_id = roles["eos"]
        self.cls_id, self.pad_id, self.unk_id = (
            self.sep_id if roles[role] is None else roles[role] for role in ("bos", "pad", "unk")
        )
        plain = [name for name in added.ids if name not in added.special] if added else []
        self._plain = re.compile("|".join(map(re.escape, sorted(plain, key=len, reverse=True))) or r"(?!)")
        size = self._model.get_piece_size()
        silent = {i for i in range(size) if self._model.is_control(i) or self._model.is_unknown(i)}
        silent |= {added.ids[name] for name in added.special} if added else set()
        self.special_ids = frozenset(silent | {number for number in roles.values() if number is not None})
        self.adds_bos = config.get("add_bos_token") is not False and roles["bos"] is not None
        self.begins_anew = config.get("legacy") is True
        self._prefixed = config.get("add_prefix_space") is not False
        if template:
            spelled = {self.tokens[number]: number for number in self.special_ids}
            names = ["" if roles[role] is None else self.tokens[roles[role]] for role in ("bos", "eos")]
            self.chat_template = ChatTemplate(template, spelled, *names, place=str(path.parent))

    def _add(self, ids: dict[str, int], path: Path) -> dict[str, int]:
        """Those that stand behind the pieces get their places."""
        last = max(ids.values(), default=-1)
        if last >= 2 * len(self.tokens) + 1000:
            raise DataError(f"{path}: an added token has the id {last}, but it holds {len(self.tokens)} pieces")
        self.tokens += [""] * (last + 1 - len(self.tokens))
        for name, number in ids.items():
            self.tokens[number] = name
        return ids

    def _role(self, role: str, config: dict, path: Path) -> int | None:
        """The id of bos, eos, unk or pad: of the name that the options give, else of the model's own."""
        name = config.get(f"{role}_token")
        name = name.get("content") if isinstance(name, dict) else name
        if name is None:
            number = getattr(self._model, f"{role}_id")()
            return number if number >= 0 else None
        if not isinstance(name, str) or name not in self._ids:
            message = f"its {role}_token is {brief(name)}, which is no piece of {path.name}"
            raise DataError(f"{path.with_name(OPTIONS_FILE)}: {message}")
        return self._ids[name]

    @property
    def fingerprint(self) -> str:
        """sha256 over the model and what stands beside it: equal fingerprints give equal ids."""
        digest = hashlib.sha256(json.dumps(["llama", self.lowercase]).encode())
        for name, content in self.files().items():
            digest.update(json.dumps([name, len(content)]).encode() + content)
        return digest.hexdigest()

    def files(self) -> dict[str, bytes]:
        """Name -> content of the files that make this tokenizer."""
        return dict(self._files)

    def encode_following(self, texts) -> list[tuple[np.ndarray, np.ndarray]]:
        """As `encode_batch`, of texts that go on with what stands before them: no blank is put in front."""
        return self._encode_all(texts, lambda text: self._encode(text, opens=False))

    def decode(self, ids) -> str:
        """The text of ids, without special tokens and the blank in front; bytes that are no character read U+FFFD."""
        text = joined_pieces(self.spoken(ids), SPACE)
        return text.removeprefix(" ") if self._prefixed else text

    def _encode(self, text: str, opens: bool = True) -> tuple[np.ndarray, np.ndarray]:
        text = lowered(text) if self.lowercase else text
        rows: list[tuple[int, int, int]] = []
        at = 0
        for hit in self._plain.finditer(text):
            rows += [*self._cut(text, at, hit.start(), opens), (self._ids[hit[0]], *hit.span())]
            at, opens = hit.end(), self.begins_anew
        table = np.array([*rows, *self._cut(text, at, len(text), opens)], np.int32).reshape(-1, 3)
        return table[:, 0], table[:, 1:]

    def _cut(self, text: str, start: int, stop: int, opens: bool):
        """(id, begin, end) of each piece of a part of the text; one spells its last character's end."""
        part = text[start:stop]
        blank = opens and self._prefixed and part[:1] not in ("", " ", SPACE)
        encoding = self._model.encode(" " * blank + part, return_type="offset_mapping")
        for number, (begin, end) in zip(encoding["ids"], encoding["offsets"], strict=True):
            begin, end = max(begin - blank, 0), max(end - blank, 0)
            yield number, start + begin + (end - begin > 1 and part[begin] == " "), start + end
