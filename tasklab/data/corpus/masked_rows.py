"""Rows of a corpus as batches with masked words: Rows that draw their masks when asked."""

import copy
from collections.abc import Iterable, Mapping
from typing import NamedTuple

import numpy as np

from tasklab.data.corpus.masking import ABSENT, Masking
from tasklab.data.corpus.rows import CorpusRows
from tasklab.data.corpus.sentence_pairs import two_texts
from tasklab.data.rows.draws import draw
from tasklab.data.rows.protocol import INPUT
from tasklab.data.rows.ragged import Ragged
from tasklab.digest import content_sha256

PER_PAIR = 4  # random numbers that `two_texts` takes


class MaskedRow(NamedTuple):
    """One row as the network gets it, without padding."""

    input_ids: np.ndarray  # [n] with [CLS], [SEP] and masks
    second: int  # where the second text begins; n when there is none
    positions: np.ndarray  # [k] of the masked words
    labels: np.ndarray  # [k] the ids that belong there
    sentence_label: int  # 0: as in the text, 1: not, or ABSENT


class MaskedRows:
    """The features of masked language modelling, with masks that follow from (seed, epoch, row) alone.

    Args:
        tokenizer: for [CLS], [SEP] and the token type of a second text.
        continuing: [V] bool, ids of pieces that go on with the word before them; None: as marked in the token file.
        sentence_target: "none", or a target of `two_texts`.
        dynamic: whether `of_epoch` changes the masks.
        labelled: whether batches have the labels among their columns; an evaluation asks each `row` for its own.
    """

    apart = None

    def __init__(
        self, rows: CorpusRows, tokenizer, masking: Masking, continuing: np.ndarray | None, sentence_target: str,
        seed: int, dynamic: bool = True, epoch: int = 0, labelled: bool = True,
    ):  # fmt: skip
        self.rows, self.masking, self.continuing, self.seed, self.dynamic = rows, masking, continuing, seed, dynamic
        self.cls_id, self.sep_id, self.second_type = tokenizer.cls_id, tokenizer.sep_id, tokenizer.second_type
        self.target = None if sentence_target == "none" else sentence_target
        self.epoch, self.info = epoch, {}
        labels = ("masked_labels", "sentence_labels") if labelled else ()
        self.columns = frozenset(("input_ids", "attention_mask", "token_type_ids", "masked_positions", *labels))

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, name: str) -> Ragged:
        """`input_ids`: what is masked, all of the corpus as it lies on disk; its rows are in `rows`."""
        if name != "input_ids":
            raise KeyError(name)
        return Ragged(self.rows.tokens.ids, self.rows.starts)

    @property
    def lengths(self) -> dict[str, np.ndarray]:
        """The most tokens that each row has in any epoch, special tokens included: [rows] int64."""
        return {INPUT: self.rows.stops - self.rows.starts + (3 if self.target else 2)}

    def of_epoch(self, epoch: int) -> "MaskedRows":
        """The rows with the masks of this epoch, or with the same ones always."""
        if not self.dynamic or epoch == self.epoch:
            return self
        rows = copy.copy(self)
        rows.epoch = epoch
        return rows

    def digest(self) -> str:
        """Of all that rows and masks follow from: tokens, rows, masking, special tokens, target, seed and epoch."""
        rows, masking = self.rows, self.masking
        return content_sha256({
            "tokens": rows.tokens.identity, "starts": rows.starts, "stops": rows.stops, "numbers": rows.numbers,
            "masking": [masking.mask_id, list(masking.excluded), masking.unit, masking.probability],
            "replacements": masking.replacements, "continuing": self.continuing,
            "special": [self.cls_id, self.sep_id, self.second_type], "target": self.target,
            "seed": self.seed, "dynamic": self.dynamic, "epoch": self.epoch,
        })  # fmt: skip

    def batch(
        self, rows, lengths: Mapping[str, int], batch_size: int, columns: Iterable[str] | None = None
    ) -> dict[str, np.ndarray]:
        """As `FeatureTable.batch`, all int32 but the weights.

        Returns: input_ids, attention_mask, token_type_ids [batch_size, length]; masked_positions [batch_size, M], 0
            where there is none; masked_labels [batch_size, M], the ids that belong there, or ABSENT; sentence_labels
            [batch_size], 0: as in the text; sample_weight [batch_size] float32. M follows from length.
        """
        length = lengths[INPUT]
        places = self.masking.places(length - 2)
        ids, mask, types = (np.zeros((batch_size, length), np.int32) for _ in range(3))
        positions = np.zeros((batch_size, places), np.int32)
        labels = np.full((batch_size, places), ABSENT, np.int32)
        sentences = np.full(batch_size, ABSENT, np.int32)
        mask[:, 0] = 1  # a filler attends to its first position
        for i, row in enumerate(np.asarray(rows)):
            masked = self.row(int(row))
            n, k = len(masked.input_ids), len(masked.positions)
            ids[i, :n], mask[i, :n], sentences[i] = masked.input_ids, 1, masked.sentence_label
            types[i, masked.second : n] = self.second_type
            positions[i, :k], labels[i, :k] = masked.positions, masked.labels
        return {
            "input_ids": ids, "attention_mask": mask, "token_type_ids": types, "masked_positions": positions,
            "masked_labels": labels, "sentence_labels": sentences,
            "sample_weight": (np.arange(batch_size) < len(rows)).astype(np.float32),
        }  # fmt: skip

    def row(self, place: int) -> MaskedRow:
        """The row with the masks of the epoch."""
        rows, tokens = self.rows, self.rows.tokens
        spans, label = ((int(rows.starts[place]), int(rows.stops[place])),), ABSENT
        count = spans[0][1] - spans[0][0]
        bits = draw(self.seed, self.epoch, int(rows.numbers[place]), PER_PAIR + 4 * count)
        if self.target:
            spans, label = two_texts(rows, place, self.target, bits[:PER_PAIR])
        raw = [tokens.ids[start:stop] for start, stop in spans]  # one text or two, marks and all
        joined = np.concatenate(raw) if self.target else raw[0]  # [tokens]
        ids = (joined & tokens.unmarked).astype(np.int64)
        continues = joined > tokens.unmarked if self.continuing is None else self.continuing[ids]
        if self.target:
            continues[min(len(raw[0]), len(ids) - 1)] = False  # a word does not go on in another text
        hidden = self.masking.hide(ids, continues, bits[PER_PAIR:].reshape(4, count)[:, : len(ids)])
        first = len(raw[0])
        second = [hidden.input_ids[first:], [self.sep_id]] if self.target else []
        framed = np.concatenate([[self.cls_id], hidden.input_ids[:first], [self.sep_id], *second])  # [n]
        positions = hidden.positions + 1 + (hidden.positions >= first)  # [k] behind [CLS], and the [SEP] between
        return MaskedRow(framed, first + 2, positions, hidden.labels, label)
