"""Plain texts as rows with blanks and their fillings, drawn anew in every epoch: the rows of a resume are the same."""

import copy
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from tasklab.data.rows.features import FeatureTable
from tasklab.data.rows.protocol import INPUT, mask_name
from tasklab.data.rows.ragged import Ragged
from tasklab.data.text2text.corruption import Corruption
from tasklab.data.text2text.rows import NONE, TARGET
from tasklab.digest import content_sha256


class CorruptedRows:
    """As `protocol.Rows`.

    tokens: of each text, as many as a row takes.   cut: texts that have more.   sentences: of each text the numbers of
    their first tokens, where the corruption asks for them.
    """

    apart = None

    def __init__(self, tokens: Ragged, corruption: Corruption, cut: int = 0, sentences: Ragged | None = None):
        self.tokens, self.corruption, self.sentences, self.epoch = tokens, corruption, sentences, 0
        self.target_lengths = np.array([corruption.target_length(*self.text(i)) for i in range(len(self))], np.int64)
        whole = sum(not corruption.blanks(*self.text(i)) for i in range(len(self)))
        self.info: dict[str, int] = {"cut_sources": cut, "texts_too_short_for_a_blank": whole}
        self.sequences = 1
        names = ("input_ids", "decoder_input_ids", "target_ids")
        self.columns = frozenset((*names, mask_name(INPUT), mask_name(TARGET)))

    def __len__(self) -> int:
        return len(self.tokens.offsets) - 1

    @property
    def lengths(self) -> dict[str, np.ndarray]:
        """No text is longer with its blanks than without."""
        return {INPUT: self.tokens.lengths + len(self.corruption.framing.begin) + 1, TARGET: self.target_lengths}

    def of_epoch(self, epoch: int) -> "CorruptedRows":
        rows = copy.copy(self)
        rows.epoch = epoch
        return rows

    def along(self, axis: str) -> Ragged:
        """What the rows are made of."""
        return self.tokens

    def text(self, number: int) -> tuple[np.ndarray, np.ndarray | None]:
        """Its tokens and where its sentences begin."""
        return self.tokens.row(number), None if self.sentences is None else self.sentences.row(number)

    def row(self, number: int) -> dict[str, np.ndarray]:
        return self.corruption.row(*self.text(number), self.epoch, number)

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
        content = {
            "tokens": self.tokens.values, "offsets": self.tokens.offsets, "spans": list(made.spans),
            "continuing": made.continuing, "learned": made.learned, "room": made.room,
            "seed": made.seed, "epoch": self.epoch,
            "framing": [made.framing.begin, made.framing.prompt, made.framing.tokenizer.eos_id],
        }  # fmt: skip
        if self.sentences is not None:
            content |= {"sentences": self.sentences.values, "hidden": made.hides, "shuffled": made.shuffles}
        if made.framing.tokenizer.space >= 0:
            content["space"] = made.framing.tokenizer.space
        return content_sha256(content)


def cut_to(tokens: Ragged, most: int) -> tuple[Ragged, int]:
    """The first `most` tokens of each text, and how many texts lose some."""
    lengths = np.minimum(tokens.lengths, most)
    kept = [tokens.row(i)[:length] for i, length in enumerate(lengths)]
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    return Ragged(np.concatenate(kept) if kept else tokens.values, offsets), int((tokens.lengths > most).sum())
