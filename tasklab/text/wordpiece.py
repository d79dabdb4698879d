"""BERT's WordPiece with exact character offsets, on the `tokenizers` library (ids as transformers' fast BertTokenizer).

Text that spells a special token, such as "[SEP]", stays text: it is split like any other, as in google-research/bert.
"""

import hashlib
import json
from itertools import chain
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer
from tokenizers.models import WordPiece as WordPieceModel

from tasklab.errors import DataError
from tasklab.text import TOKENIZERS
from tasklab.text.characters import SINGLE, SPACE, WORD, CharacterTable
from tasklab.text.surrogates import refuse_surrogates

VOCAB_FILE, OPTIONS_FILE = "vocab.txt", "tokenizer_config.json"
SPECIAL = ("[CLS]", "[SEP]", "[PAD]", "[UNK]")
MAX_WORD = 100  # characters; a longer word is [UNK]
CHUNK = 1 << 22  # characters worked on at once, which bounds the memory
MAX_KNOWN_WORDS = 1 << 20


@TOKENIZERS.register("wordpiece")
class WordPiece:
    """A vocabulary of word pieces; ids are line numbers of the vocabulary file, from 0.

    Args:
        vocab_path: one piece per line, UTF-8.
        lowercase: also strips accents, as the uncased BERT models do.
    Raises: DataError naming the file when it is missing, not UTF-8, or lacks a special token.
    """

    pair_separators, second_type = 1, 1  # [CLS] first [SEP] second [SEP]

    def __init__(self, vocab_path, lowercase: bool = True):
        self.lowercase = bool(lowercase)
        self.tokens: list[str] = read_vocabulary(vocab_path)
        self._ids = {token: i for i, token in enumerate(self.tokens)}
        absent = [token for token in SPECIAL if token not in self._ids]
        if absent:
            raise DataError(
                f"{vocab_path}: lacks {', '.join(absent)}; a WordPiece vocabulary has one piece per line, "
                f"among them {' '.join(SPECIAL)}"
            )
        self.vocab_size = len(self.tokens)
        self.cls_id, self.sep_id, self.pad_id, self.unk_id = (self._ids[token] for token in SPECIAL)
        self.mask_id: int | None = self._ids.get("[MASK]")
        self._characters = CharacterTable(self.lowercase)
        self._words = _WordMemory(self._ids)

    @property
    def fingerprint(self) -> str:
        """sha256 over the vocabulary and the options: equal fingerprints give equal ids."""
        content = json.dumps(["wordpiece", self.lowercase, MAX_WORD, self.tokens])
        return hashlib.sha256(content.encode()).hexdigest()

    def encode_batch(self, texts) -> list[tuple[np.ndarray, np.ndarray]]:
        """Per text: ids [n] int32 without special tokens, offsets [n, 2] int32.

        Offsets are characters (code points) of the text as passed, end exclusive. An accent that was stripped belongs
        to the piece before it. Pieces of one character, such as the parts of a Korean syllable, share its offsets.
        Raises: DataError when a text holds half a surrogate pair, which is no character.
        """
        texts = list(texts)
        encoded, start, size = [], 0, 0
        for end, text in enumerate(texts, start=1):
            size += len(text) + 1
            if size >= CHUNK or end == len(texts):
                encoded += self._encode_chunk(texts[start:end])
                start, size = end, 0
        return encoded

    def token_id(self, token: str) -> int | None:
        """Id of one piece, None when the vocabulary lacks it."""
        return self._ids.get(token)

    def files(self) -> dict[str, bytes]:
        """Name -> content of the files that `load` reads."""
        options = {"name": "wordpiece", "lowercase": self.lowercase, "do_lower_case": self.lowercase}
        return {
            VOCAB_FILE: "".join(token + "\n" for token in self.tokens).encode(),
            OPTIONS_FILE: (json.dumps(options, indent=1) + "\n").encode(),
        }

    def save(self, folder):
        """Writes the vocabulary and the options into `folder`, which is made if need be."""
        Path(folder).mkdir(parents=True, exist_ok=True)
        for name, content in self.files().items():
            (Path(folder) / name).write_bytes(content)

    @classmethod
    def load(cls, folder) -> "WordPiece":
        """Reads what `save` wrote, or the vocab.txt of a HuggingFace folder. Raises DataError."""
        path = Path(folder) / OPTIONS_FILE
        try:
            options = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
            lowercase = options.get("lowercase", options.get("do_lower_case", True))
        except (ValueError, AttributeError) as error:
            raise DataError(f"{path}: not a JSON object with the key 'lowercase' ({error})") from None
        return cls(Path(folder) / VOCAB_FILE, lowercase)

    def _encode_chunk(self, texts: list[str]) -> list[tuple[np.ndarray, np.ndarray]]:
        codes = np.frombuffer(_utf32(texts), np.uint32)
        normalized = self._characters.normalize(codes)
        starts, ends = _word_bounds(normalized.kinds)
        line = normalized.codes.astype("<u4").tobytes().decode("utf-32-le")
        words = [line[a:b] for a, b in zip(starts.tolist(), ends.tolist(), strict=True)]
        first, count, table = self._words.look_up(words)
        pieces = table[_spans(first, count)]  # [n, 3] id, begin and end within the word
        word_start = np.repeat(starts, count)
        begin = normalized.origin[word_start + pieces[:, 1]]
        end = normalized.after_marks[normalized.origin[word_start + pieces[:, 2] - 1] + 1]
        lengths = np.fromiter(map(len, texts), np.int64, len(texts))
        text_starts = np.cumsum(lengths + 1) - lengths - 1  # one separator between two texts
        rows = np.searchsorted(begin, np.append(text_starts, len(codes) + 1))
        shift = np.repeat(text_starts, np.diff(rows))
        offsets = np.stack([begin - shift, end - shift], axis=1).astype(np.int32)
        ids = np.ascontiguousarray(pieces[:, 0], np.int32)
        rows = rows.tolist()
        return [(ids[a:b], offsets[a:b]) for a, b in zip(rows[:-1], rows[1:], strict=True)]


def read_vocabulary(path) -> list[str]:
    """Pieces by id. Lines end at \\n or \\r\\n only, because a piece may be a Unicode line separator."""
    try:
        text = Path(path).read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: not UTF-8 at byte {error.start}; a vocabulary is a UTF-8 text file") from None
    except OSError as error:
        raise DataError(f"{path}: cannot be read as a vocabulary ({error.strerror})") from None
    lines = text.split("\n")
    return [line.rstrip("\r") for line in (lines[:-1] if lines[-1] == "" else lines)]


class _WordMemory:
    """Pieces of every word met so far: text repeats its words, so the model runs once per different word."""

    def __init__(self, ids: dict[str, int]):
        self._model = Tokenizer(WordPieceModel(ids, unk_token="[UNK]", max_input_chars_per_word=MAX_WORD))
        self._forget()

    def _forget(self):
        self._known: dict[str, int] = {}
        self._offsets = np.zeros(1, np.int64)  # pieces of word i: rows offsets[i] to offsets[i + 1] of the table
        self._table = np.zeros((0, 3), np.int32)

    def look_up(self, words: list[str]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """(first table row of each word, number of rows, table [rows, 3] of id, begin, end within the word)."""
        if len(self._known) > MAX_KNOWN_WORDS:
            self._forget()
        new = [word for word in dict.fromkeys(words) if word not in self._known]
        if new:
            self._add(new)
        index = np.fromiter(map(self._known.__getitem__, words), np.int64, len(words))
        first = self._offsets[index]
        return first, self._offsets[index + 1] - first, self._table

    def _add(self, words: list[str]):
        encodings = self._model.encode_batch(words, add_special_tokens=False)
        counts = np.fromiter(map(len, encodings), np.int64, len(words))
        ids = np.fromiter(chain.from_iterable(e.ids for e in encodings), np.int32)
        bounds = np.fromiter(chain.from_iterable(chain.from_iterable(e.offsets for e in encodings)), np.int32)
        self._known.update(zip(words, range(len(self._known), len(self._known) + len(words)), strict=True))
        self._offsets = np.concatenate([self._offsets, self._offsets[-1] + np.cumsum(counts)])
        self._table = np.concatenate([self._table, np.column_stack([ids, bounds.reshape(-1, 2)])])


def _utf32(texts: list[str]) -> bytes:
    try:
        return "\n".join(texts).encode("utf-32-le")
    except UnicodeEncodeError:
        refuse_surrogates(texts)
        raise


def _word_bounds(kinds: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Begin and end (exclusive) of every word in a row of character kinds."""
    padded = np.concatenate([[SPACE], kinds, [SPACE]])
    inside, alone = kinds != SPACE, kinds == SINGLE
    starts = np.flatnonzero(inside & (alone | (padded[:-2] != WORD)))
    ends = np.flatnonzero(inside & (alone | (padded[2:] != WORD))) + 1
    return starts, ends


def _spans(first: np.ndarray, count: np.ndarray) -> np.ndarray:
    """first[0], first[0] + 1, ... count[0] of them, then the same for first[1], and so on."""
    ends = np.cumsum(count)
    total = int(ends[-1]) if len(ends) else 0
    return np.arange(total) + np.repeat(first - ends + count, count)
