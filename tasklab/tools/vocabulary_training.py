"""Vocabularies that are trained, by `tokenizers` and `sentencepiece`, on a text that comes line by line."""

import io
import json
import random
import re
import unicodedata
from collections.abc import Iterable, Iterator
from itertools import islice

import numpy as np

from tasklab.content import parse_json
from tasklab.errors import DataError
from tasklab.text.characters import SINGLE, SPACE, WORD, CharacterTable
from tasklab.text.sentinels import USUAL as SENTINELS
from tasklab.tools.vocabulary_counts import CHUNK, CODE_POINTS, Limits, chunks, listed, spelled

LONGEST = 4000  # bytes of a line that sentencepiece reads; longer ones it would pass over


def wordpiece(lines: Iterable[str], options: Limits) -> dict[str, bytes]:
    """BERT's WordPiece (`tokenizers`), from text cleaned and cut into words as the tokenizer does; read twice.

    The trainer numbers the characters of words as it happens to meet them, and its choice between equal merges hangs
    on these numbers. Here they are counted first and given in their order, so that equal text gives equal pieces.
    """
    from tokenizers import Tokenizer, models, pre_tokenizers, trainers

    table = CharacterTable(options.lowercase)
    first, inner = np.zeros(CODE_POINTS, np.int64), np.zeros(CODE_POINTS, np.int64)
    for text in chunks(lines, CHUNK):
        words = _Words(text, table)
        first += np.bincount(words.first, minlength=CODE_POINTS)
        inner += np.bincount(words.inner, minlength=CODE_POINTS)
    characters = _alphabet(first, inner, options)
    pieces = [chr(c) for c in characters] + ["##" + chr(c) for c in characters if inner[c]]
    model = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    model.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    trainer = trainers.WordPieceTrainer(
        vocab_size=options.size, min_frequency=options.min_count, special_tokens=[*options.special, *pieces],
        show_progress=False,
    )  # fmt: skip
    alphabet = np.zeros(CODE_POINTS, bool)
    alphabet[characters] = True
    model.train_from_iterator((_Words(text, table).spelled(alphabet) for text in chunks(lines, CHUNK >> 5)), trainer)
    ids = model.get_vocab()
    return {"vocab.txt": listed(sorted(ids, key=ids.get))}


def bpe(lines: Iterable[str], options: Limits) -> dict[str, bytes]:
    """Byte pairs of GPT-2 and RoBERTa from a sample of the lines, with RoBERTa's special tokens (`tokenizers`).

    The trainer holds every different word and where each pair stands in it: gigabytes, where words have no blanks.
    """
    from tokenizers import Tokenizer, models, pre_tokenizers, trainers

    model = Tokenizer(models.BPE())
    model.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    trainer = trainers.BpeTrainer(
        vocab_size=options.size, min_frequency=options.min_count, show_progress=False,
        special_tokens=["<s>", "<pad>", "</s>", "<unk>", "<mask>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
    )  # fmt: skip
    model.train_from_iterator(_lists(spelled(line, options) for line in _sampled(lines, options)), trainer)
    trained = parse_json(model.to_str(), "what was trained", DataError)["model"]
    merges = [" ".join(pair) if isinstance(pair, list) else pair for pair in trained["merges"]]
    return {
        "vocab.json": json.dumps(trained["vocab"], ensure_ascii=False).encode(),
        "merges.txt": ("#version: 0.2\n" + "".join(merge + "\n" for merge in merges)).encode(),
    }


def unigram(lines: Iterable[str], options: Limits) -> dict[str, bytes]:
    """ALBERT's SentencePiece from a sample of the lines, with ALBERT's special tokens (`sentencepiece`)."""
    own = {"unk_id": 1, "eos_id": -1, "control_symbols": "[CLS],[SEP],[MASK]"}
    return _sentencepiece((_cleaned(line, options.lowercase) for line in _sampled(lines, options)), options.size, own)


def t5(lines: Iterable[str], options: Limits) -> dict[str, bytes]:
    """T5's SentencePiece from a sample of the lines, <pad> </s> <unk> first (`sentencepiece`). Of the size 100 are
    sentinels, which the tokenizer puts behind the pieces."""
    lowered = (line.lower() if options.lowercase else line for line in _sampled(lines, options))
    if options.size <= SENTINELS:
        raise DataError(f"--size {options.size}: {SENTINELS} of them are T5's sentinels; expected more")
    return _sentencepiece(lowered, options.size - SENTINELS, {"unk_id": 2, "eos_id": 1})


def _sentencepiece(texts: Iterable[str], size: int, own: dict) -> dict[str, bytes]:
    """Pieces of texts without a line's end; nothing where there is no text."""
    import sentencepiece

    model, texts = io.BytesIO(), list(_short(texts))
    if not texts:
        return {}
    try:
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter(texts), model_writer=model, vocab_size=size, hard_vocab_limit=False,
            model_type="unigram", character_coverage=0.9995, pad_id=0, pad_piece="<pad>", bos_id=-1, **own,
            num_threads=2, minloglevel=2,
        )  # fmt: skip
    except RuntimeError as error:
        raise DataError(f"sentencepiece cannot make {size} pieces of this text: {error}") from None
    return {"spiece.model": model.getvalue()}


class _Words:
    """Text as BERT's tokenizer cuts it: codes [N], and which of them begin a word, stand within one, or between two."""

    def __init__(self, text: str, table: CharacterTable):
        self.codes, self._kinds, *_ = table.normalize(np.frombuffer(text.encode("utf-32-le"), np.uint32))
        follows = np.append(False, self._kinds[:-1] == WORD)
        self._inner = (self._kinds == WORD) & follows
        self.inner = self.codes[self._inner]
        self.first = self.codes[(self._kinds != SPACE) & ~self._inner]

    def spelled(self, alphabet: np.ndarray) -> str:
        """The words with a blank between each two; a character outside the alphabet [code points] becomes one too."""
        alone = self._kinds == SINGLE
        place = np.cumsum(np.where(alone, 3, 1)) - 1 - alone
        spelled = np.full(len(self.codes) + 2 * int(alone.sum()), ord(" "), np.uint32)
        kept = (self._kinds != SPACE) & alphabet[self.codes]
        spelled[place[kept]] = self.codes[kept]
        return spelled.astype("<u4").tobytes().decode("utf-32-le")


def _alphabet(first: np.ndarray, inner: np.ndarray, options: Limits) -> list[int]:
    """Code points in their order: the most frequent ones, as many as find room with their pieces within words."""
    counts = first + inner
    codes = np.flatnonzero(counts >= options.min_count)
    ranked = codes[np.argsort(-counts[codes], kind="stable")]
    room = np.cumsum(1 + (inner[ranked] > 0)) <= options.size - len(options.special)
    return sorted(ranked[room].tolist())


def _cleaned(text: str, lowercase: bool) -> str:
    """As `text.sentencepiece.cleaned`, which also keeps the origin of each character and is far slower."""
    text = re.sub("``|''", '"', " ".join(text.split()))
    if not text.isascii():
        text = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    return text.lower() if lowercase else text


def _lists(lines: Iterable[str]) -> Iterator[list[str]]:
    lines = iter(lines)
    while some := list(islice(lines, 1000)):
        yield some


def _sampled(lines: Iterable[str], options: Limits) -> list[str]:
    return _sample((line for line in lines if line.strip()), options.sample, options.seed)


def _sample(lines: Iterable[str], size: int, seed: int) -> list[str]:
    """`size` of the lines, each as likely as another (Vitter 1985, algorithm R); all when there are not more."""
    drawn, bits = [], random.Random(seed)
    for i, line in enumerate(lines):
        if i < size:
            drawn.append(line)
        elif (place := bits.randrange(i + 1)) < size:
            drawn[place] = line
    return drawn


def _short(texts: Iterable[str]) -> Iterator[str]:
    """The texts, long ones cut between words, or anywhere when a word is too long."""
    for text in texts:
        while len(text.encode()) > LONGEST:
            end = text.rfind(" ", 0, LONGEST // 4) + 1 or LONGEST // 4  # a character has up to four bytes
            yield text[:end]
            text = text[end:]
        yield text
