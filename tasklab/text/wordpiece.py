"""BERT's WordPiece with exact character offsets, on the `tokenizers` library (ids as transformers' fast BertTokenizer).

Text that spells a special token, such as "[SEP]", stays text: it is split like any other, as in google-research/bert.
"""

from itertools import chain
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer
from tokenizers.models import WordPiece as WordPieceModel

from tasklab.errors import DataError
from tasklab.text import TOKENIZERS
from tasklab.text.added import ADDED_FILE, AddedTokens
from tasklab.text.characters import SINGLE, SPACE, WORD, CharacterTable
from tasklab.text.listed import ListedVocabulary
from tasklab.text.surrogates import refuse_surrogates

MAX_WORD = 100  # characters; a longer word is [UNK]
CHUNK = 1 << 22  # characters worked on at once, which bounds the memory
MAX_KNOWN_WORDS = 1 << 18  # about 190 bytes each; then all are forgotten


@TOKENIZERS.register("wordpiece")
class WordPiece(ListedVocabulary):
    """Words in their longest known pieces, and the tokens added to them beside the vocabulary (text/added.py).

    Args:
        strip_accents: None strips them where the text is lowered, as the uncased BERT models do.
        tokenize_chinese_chars: each Chinese character is a word.
    """

    name, title = "wordpiece", "WordPiece"
    settings = ("strip_accents", "tokenize_chinese_chars")

    def __init__(
        self, vocab_path, lowercase: bool = True, strip_accents: bool | None = None, tokenize_chinese_chars: bool = True
    ):
        super().__init__(vocab_path, lowercase)
        self._characters = CharacterTable(self.lowercase, strip_accents, tokenize_chinese_chars)
        self._words = _WordMemory(self._ids)
        self._added = AddedTokens(Path(vocab_path).parent, self._ids)
        plain = strip_accents in (None, self.lowercase) and tokenize_chinese_chars
        options = () if plain else (strip_accents, tokenize_chinese_chars)
        self.identity = (MAX_WORD, *options, *((self._added.content.decode(),) if self._added else ()))
        if self._added:
            self._pattern = self._added.pattern(self.lowercase)
            self._add_tokens(vocab_path)

    def _add_tokens(self, vocab_path):
        last = max(self._added.ids.values())
        if last >= len(self.tokens) + len(self._added.ids):
            raise DataError(
                f"{vocab_path}: holds {len(self.tokens)} pieces, so {len(self._added.ids)} added tokens cannot reach "
                f"the id {last}; take the vocabulary that belongs to them"
            )
        self._listed = len(self.tokens)  # those of vocab.txt
        self.tokens += [""] * (last + 1 - len(self.tokens))
        for token, number in self._added.ids.items():
            self.tokens[number] = token
            self._ids[token] = number
        self.vocab_size = len(self.tokens)

    def files(self) -> dict[str, bytes]:
        if not self._added:
            return super().files()
        tokens, self.tokens = self.tokens, self.tokens[: self._listed]
        try:
            return {**super().files(), ADDED_FILE: self._added.content}
        finally:
            self.tokens = tokens

    def encode_batch(self, texts) -> list[tuple[np.ndarray, np.ndarray]]:
        """Per text: ids [n] int32 without special tokens, offsets [n, 2] int32.

        Offsets are characters (code points) of the text as passed, end exclusive. An accent that was stripped belongs
        to the piece before it. Pieces of one character, such as the parts of a Korean syllable, share its offsets.
        Raises: DataError when a text holds half a surrogate pair, which is no character.
        """
        texts = list(texts)
        if self._added and any(map(self._pattern.search, texts)):
            return [self._encode_around(text) for text in texts]
        return self._encode_plain(texts)

    def _encode_around(self, text: str) -> tuple[np.ndarray, np.ndarray]:
        """The text between the added tokens, and these."""
        ids, offsets, at = [], [], 0
        matches = [(match.start(), match.end(), self._added.id_of(match[0])) for match in self._pattern.finditer(text)]
        for begin, end, number in (*matches, (len(text), len(text), None)):
            ((part, spans),) = self._encode_plain([text[at:begin]])
            ids.append(part)
            offsets.append(spans + at)
            if number is not None:
                ids.append([number])
                offsets.append([[begin, end]])
            at = end
        return np.concatenate(ids).astype(np.int32), np.concatenate(offsets).reshape(-1, 2).astype(np.int32)

    def _encode_plain(self, texts: list[str]) -> list[tuple[np.ndarray, np.ndarray]]:
        encoded, start, size = [], 0, 0
        for end, text in enumerate(texts, start=1):
            size += len(text) + 1
            if size >= CHUNK or end == len(texts):
                encoded += self._encode_chunk(texts[start:end])
                start, size = end, 0
        return encoded

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


class _WordMemory:
    """Pieces of every word met so far: text repeats its words, so the model runs once per different word."""

    def __init__(self, ids: dict[str, int]):
        self._model = Tokenizer(WordPieceModel(ids, unk_token="[UNK]", max_input_chars_per_word=MAX_WORD))
        self._forget()

    def _forget(self):
        self._cache: dict[str, int] = {}
        self._offsets = np.zeros(1, np.int64)  # pieces of word i: rows offsets[i] to offsets[i + 1] of the table
        self._table = np.zeros((0, 3), np.int32)

    def look_up(self, words: list[str]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """(first table row of each word, number of rows, table [rows, 3] of id, begin, end within the word)."""
        if len(self._cache) > MAX_KNOWN_WORDS:
            self._forget()
        new = [word for word in dict.fromkeys(words) if word not in self._cache]
        if new:
            self._add(new)
        index = np.fromiter(map(self._cache.__getitem__, words), np.int64, len(words))
        first = self._offsets[index]
        return first, self._offsets[index + 1] - first, self._table

    def _add(self, words: list[str]):
        encodings = self._model.encode_batch(words, add_special_tokens=False)
        counts = np.fromiter(map(len, encodings), np.int64, len(words))
        ids = np.fromiter(chain.from_iterable(e.ids for e in encodings), np.int32)
        bounds = np.fromiter(chain.from_iterable(chain.from_iterable(e.offsets for e in encodings)), np.int32)
        self._cache.update(zip(words, range(len(self._cache), len(self._cache) + len(words)), strict=True))
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
