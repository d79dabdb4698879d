"""Plain texts as rows with blanks and their fillings, drawn anew in every epoch: the rows of a resume are the same."""

import copy
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from tasklab.data.rows.draws import draw
from tasklab.data.rows.features import FeatureTable
from tasklab.data.rows.protocol import INPUT, mask_name
from tasklab.data.rows.ragged import Ragged
from tasklab.data.text2text.blanks import MASK
from tasklab.data.text2text.pairs import Pair
from tasklab.data.text2text.rows import NONE, TARGET, Framing
from tasklab.data.text2text.spans import Spans
from tasklab.digest import content_sha256

SPANS, WHOLE = "spans", "whole"
"""What is learned of a text with blanks: their fillings, as T5 does, or the text as a whole, as BART does."""


class Corruption:
    """Where blanks are, of texts whose tokens are known.

    Args:
        framing: whose tokenizers are `BlankTokenizer`.
        continuing: [V] bool, ids of pieces that go on with the word before them.
        learned: SPANS or WHOLE.
        most: tokens of a target; a longer one loses its end.
    """

    def __init__(
        self, framing: Framing, spans: Spans, continuing: np.ndarray, learned: str, most: int, seed: int
    ):  # fmt: skip
        self.framing, self.spans, self.continuing = framing, spans, continuing
        self.learned, self.room, self.seed = learned, most - len(framing.prompt), seed

    def most_said(self, ids: np.ndarray) -> int:
        """Tokens that the target of a text has at most, in any epoch."""
        if self.learned == WHOLE:
            said = len(ids)
        else:
            sizes = np.sort(np.diff(self.words(ids)))
            hidden, spans = self.spans.counts(len(sizes), len(self.framing.tokenizer.sentinels))
            said = int(sizes[len(sizes) - hidden :].sum()) + spans
        return min(said, self.room) + len(self.framing.prompt)

    def words(self, ids: np.ndarray) -> np.ndarray:
        """Where each word begins, and the end: [words + 1]."""
        begins = ~self.continuing[ids]
        begins[:1] = True
        return np.append(np.flatnonzero(begins), len(ids))

    def hidden(self, ids: np.ndarray, epoch: int, number: int) -> np.ndarray:
        """[spans, 2] tokens that are hidden; none where there is a single word."""
        borders = self.words(ids)
        count, most = len(borders) - 1, len(self.framing.tokenizer.sentinels)
        return borders[self.spans.hidden(count, most, draw(self.seed, epoch, number, 2 * count))]

    def row(self, ids: np.ndarray, epoch: int, number: int) -> dict[str, np.ndarray]:
        """input_ids, decoder_input_ids, target_ids of one text."""
        framing, blanks = self.framing, self.framing.tokenizer
        spans = self.hidden(ids, epoch, number)
        kept = np.split(ids, spans.reshape(-1))[::2]
        source = [*framing.begin, *blanks.joined(kept), framing.tokenizer.eos_id]
        said = ids
        if self.learned == SPANS:
            said = framing.target.joined([ids[:0], *(ids[first:end] for first, end in spans)])
        target = np.array([*framing.prompt, *said[: self.room], framing.target.eos_id], np.int32)
        return {"input_ids": source, "decoder_input_ids": target[:-1], "target_ids": target[1:]}

    def posed(self, pair: Pair, ids: np.ndarray, offsets: np.ndarray, epoch: int, number: int) -> Pair:
        """The text with its blanks written out, and what fills them as its reference."""
        source, filling, at = "", "", 0
        for first, end in self.hidden(ids, epoch, number):
            begin, stop = int(offsets[first, 0]), int(offsets[end - 1, 1])
            source += pair.source[at:begin] + MASK
            filling += MASK + pair.source[begin:stop]
            at = stop
        source += pair.source[at:]
        told = filling if self.learned == SPANS else pair.source
        return Pair(pair.id, source, (source,), (told,), pair.place)


class CorruptedRows:
    """As `protocol.Rows`.

    tokens: of each text, as many as a row takes.   cut: texts that have more.
    """

    apart = None

    def __init__(self, tokens: Ragged, corruption: Corruption, cut: int = 0, epoch: int = 0):
        self.tokens, self.corruption, self.epoch = tokens, corruption, epoch
        self.said = np.array([corruption.most_said(tokens.row(i)) for i in range(len(self))], np.int64)
        self.info: dict[str, int] = {"cut_sources": cut}
        self.parts = 1
        names = ("input_ids", "decoder_input_ids", "target_ids")
        self.columns = frozenset((*names, mask_name(INPUT), mask_name(TARGET)))

    def __len__(self) -> int:
        return len(self.tokens.offsets) - 1

    @property
    def lengths(self) -> dict[str, np.ndarray]:
        """No text is longer with its blanks than without."""
        return {INPUT: self.tokens.lengths + len(self.corruption.framing.begin) + 1, TARGET: self.said}

    def of_epoch(self, epoch: int) -> "CorruptedRows":
        found = copy.copy(self)
        found.epoch = epoch
        return found

    def along(self, axis: str) -> Ragged:
        """What the rows are made of."""
        return self.tokens

    def row(self, number: int) -> dict[str, np.ndarray]:
        return self.corruption.row(self.tokens.row(number), self.epoch, number)

    def batch(
        self, rows: Sequence[int], lengths: Mapping[str, int], batch_size: int, columns: Iterable[str] | None = None
    ) -> dict[str, np.ndarray]:
        """As `FeatureTable.batch`."""
        table = FeatureTable.from_rows(
            [self.row(int(number)) for number in rows], dict.fromkeys(("decoder_input_ids", "target_ids"), TARGET)
        )
        table.ragged["target_ids"] = table.ragged["target_ids"]._replace(fill=NONE)
        return table.batch(range(len(rows)), lengths, batch_size, columns)

    def digest(self) -> str:
        made = self.corruption
        return content_sha256({
            "tokens": self.tokens.values, "offsets": self.tokens.offsets, "spans": list(made.spans),
            "continuing": made.continuing, "learned": made.learned, "room": made.room,
            "seed": made.seed, "epoch": self.epoch,
            "framing": [made.framing.begin, made.framing.prompt, made.framing.tokenizer.eos_id],
        })  # fmt: skip


def cut_to(tokens: Ragged, most: int) -> tuple[Ragged, int]:
    """The first `most` tokens of each text, and how many texts lose some."""
    lengths = np.minimum(tokens.lengths, most)
    kept = [tokens.row(i)[:length] for i, length in enumerate(lengths)]
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    return Ragged(np.concatenate(kept) if kept else tokens.values, offsets), int((tokens.lengths > most).sum())
