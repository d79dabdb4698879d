"""A corpus as rows of token ids that stay on disk: read, reported, encoded once, mapped ever after."""

import logging
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tasklab.config import DataConfig, setting
from tasklab.data.corpus.masking import UNITS
from tasklab.data.corpus.packing import PACKINGS, pack
from tasklab.data.corpus.reading import BLOCK, corpus_files, is_table, line_blocks
from tasklab.data.files.problems import BadRows
from tasklab.data.rows.cache import cached_tokens
from tasklab.data.rows.stored import StoredExamples
from tasklab.data.rows.token_file import TokenFile, write_token_file
from tasklab.digest import file_sha256
from tasklab.errors import DataError

logger = logging.getLogger("tasklab")

FORMAT = 1
"""Part of the key of every token file; raise it when encoding changes its result."""
ANNOUNCED = 32 << 20  # bytes of text from which on encoding takes long enough to be announced
PIECES, BLANKS = "pieces", "blanks"
BLANK_LINE, LINE = "blank_line", "line"
SENTENCE_TARGETS = ("none", "next_sentence", "sentence_order")


@dataclass
class MaskedWordsDataConfig(DataConfig, path="data"):
    """What a corpus holds, how its lines become rows, and what is masked in them."""

    text_a: str | None = None  # column of the texts in a table; null looks for a usual name
    documents: str = setting(BLANK_LINE, choices=(BLANK_LINE, LINE))  # a blank line ends one, or every line is one
    packing: str = setting(PACKINGS[0], choices=PACKINGS)  # which lines share a row
    # learned beside the words; packs by document
    sentence_target: str = setting("none", choices=SENTENCE_TARGETS, rows=True)
    masking: str = setting(UNITS[0], choices=UNITS)  # what is masked as a whole
    words: str = setting(PIECES, choices=(PIECES, BLANKS))  # whole_word: as the vocabulary says, or between blanks
    masking_probability: float = setting(0.15, gt=0, lt=1)  # share of the tokens
    dynamic_masking: bool = True  # other masks in every epoch
    cloze_masks: int = setting(0, ge=0)  # predict: tokens to mask at random in each text that has no [MASK]
    cloze_output: bool = False  # predict: answers as UER-py's cloze test has them

    def idle(self):
        yield from super().idle()
        if self.words != PIECES and self.masking != "whole_word":
            yield "data.words", "data.masking", "set that to whole_word"

    def problems(self):
        yield from super().problems()
        if self.sentence_target != "none" and self.packing not in (PACKINGS[0], "document"):
            yield (
                ("data.sentence_target", "data.packing"),
                f"data.sentence_target {self.sentence_target} takes both texts from one document; "
                f"set data.packing to document, not {self.packing}",
            )

    @property
    def specials(self) -> int:
        """[CLS] and the [SEP]s in each row."""
        return 2 if self.sentence_target == "none" else 3


@dataclass(frozen=True)
class CorpusRow:
    id: str


class CorpusRows(StoredExamples):
    """Rows as spans of a token file: starts and stops [rows] tokens, numbers [rows] of the rows in the whole corpus."""

    def __init__(self, tokens: TokenFile, starts: np.ndarray, stops: np.ndarray, numbers: np.ndarray):
        self.tokens, self.starts, self.stops, self.numbers = tokens, starts, stops, numbers

    def __len__(self) -> int:
        return len(self.numbers)

    def __getitem__(self, which):
        """One row, or with a slice the rows there."""
        return self.select(which) if isinstance(which, slice) else CorpusRow(str(self.numbers[which]))

    def select(self, numbers):
        return CorpusRows(self.tokens, self.starts[numbers], self.stops[numbers], self.numbers[numbers])


def read_corpus(path, tokenizer, data: MaskedWordsDataConfig, folder) -> tuple[CorpusRows, str]:
    """Rows of a text file or a folder of .txt files, and one line on what is to say about it, or ''.

    folder: where the token file is kept.
    Raises: DataError naming every bad line, and when there is no text.
    """
    files = corpus_files(path)
    key = {
        "format": FORMAT, "files": [(file.name, file_sha256(file)) for file in files],
        "tokenizer": tokenizer.fingerprint, "documents": data.documents, "marked": data.words == BLANKS,
        "on_bad_row": data.on_bad_row, "encoding": data.encoding,
        **({"column": data.text_a} if any(map(is_table, files)) else {}),
    }  # fmt: skip

    def write(target: Path):
        if (size := sum(file.stat().st_size for file in files)) >= ANNOUNCED:
            logger.info("%s: %d MB, their token ids are written to %s first", path, size >> 20, folder)
        bad, info = BadRows(str(path)), {"unknown": 0}
        chunks = _chunks(files, tokenizer, data, bad, info)
        write_token_file(target, tokenizer.vocab_size, chunks, lambda: {**info, "bad": bad.summary()})
        if data.on_bad_row == "error":
            bad.raise_if_fatal()
        if [(file.name, file_sha256(file)) for file in files] != key["files"]:  # its ids must not go by the old content
            raise DataError(f"{path}: changed while it was read; start again when nobody writes there any more")

    tokens = cached_tokens(folder, key, write, keep=data.cache)
    if not len(tokens.ids):
        raise DataError(f"{path}: holds no text; expected one sentence or paragraph per line")
    offsets = pack(tokens.ends, tokens.documents, data.max_seq_length - data.specials, _packing(data))
    if data.sentence_target == "next_sentence" and len(tokens.documents) < 2:
        raise DataError(
            f"{path}: is one document, so a text from another one cannot be drawn; put a blank line between "
            "documents, or set data.documents: line when every line is one"
        )
    notes = [tokens.info["bad"]]
    if unknown := tokens.info["unknown"]:
        share = f"{unknown / len(tokens.ids):.1%}"
        notes.append(f"{unknown} of {len(tokens.ids)} tokens ({share}) are not in the vocabulary")
    rows = np.arange(len(offsets) - 1)
    return CorpusRows(tokens, offsets[:-1], offsets[1:], rows), "; ".join(filter(None, notes))


def _packing(data: MaskedWordsDataConfig) -> str:
    return data.packing if data.sentence_target == "none" else "document"


def _chunks(files: list[Path], tokenizer, data: MaskedWordsDataConfig, bad: BadRows, info: dict):
    """What `write_token_file` takes; after a bad line the rest is only looked through for more of them."""
    for file in files:
        begins = broke = True
        for lines in line_blocks(file, bad, data.encoding, data.text_a):
            if bad and data.on_bad_row == "error":
                continue
            for some in _bounded(lines):
                texts, breaks = [], []
                for line in some:
                    broke = broke or not line or data.documents == LINE
                    if line:
                        texts.append(line)
                        breaks.append(broke)
                        broke = False
                ids, lengths, continues = _encoded(tokenizer, texts, data.words == BLANKS)
                info["unknown"] += int((ids == tokenizer.unk_id).sum())
                starts = []
                for length, after_break in zip(lengths, breaks, strict=True):
                    begins = begins or after_break
                    if length:  # a line may hold nothing that a tokenizer reads
                        starts.append(begins)
                        begins = False
                yield ids, lengths[lengths > 0], np.array(starts, bool), continues


def _bounded(lines: list[str]):
    """The lines in groups of about BLOCK characters: one block of the file may be a single long line and more."""
    start = size = 0
    for end, line in enumerate(lines, start=1):
        size += len(line)
        if size >= BLOCK or end == len(lines):
            yield lines[start:end]
            start, size = end, 0


def _encoded(tokenizer, texts: list[str], marked: bool):
    """Ids of all texts, how many each has, and where a token goes on without a blank before it."""
    encodings = tokenizer.encode_batch(texts) if texts else []
    lengths = np.array([len(ids) for ids, _ in encodings], np.int64)
    ids = np.concatenate([ids for ids, _ in encodings]) if encodings else np.zeros(0, np.int32)
    if not marked:
        return ids, lengths, None
    touching = [np.append(False, spans[1:, 0] == spans[:-1, 1])[: len(spans)] for _, spans in encodings]
    return ids, lengths, np.concatenate(touching) if encodings else np.zeros(0, bool)
