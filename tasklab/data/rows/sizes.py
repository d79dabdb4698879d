"""How much work the rows of a file are: tokens, planned lengths, padding."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from tasklab.data.rows.buckets import padding_share, plan_lengths
from tasklab.data.rows.findings import quantiles
from tasklab.data.rows.ragged import Ragged


@dataclass(frozen=True)
class RowSizes:
    """Rows of a file, each of so many sequences, which are padded to one length; shares run from 0 to 1."""

    rows: int
    sequences: int
    tokens: int
    """In all rows, padding left aside."""
    lengths: tuple[int, ...]
    """Tokens of a row's longest sequence at the percentiles of findings.QUANTILES."""
    unknown: float
    """Share of the tokens that are [UNK]."""
    planned_lengths: tuple[int, ...]
    padding: float
    """Share of all positions that is padding, at the planned lengths."""


def row_sizes(ids: Ragged, sequences: int, unk_id: int, num_buckets: int, max_seq_length: int) -> RowSizes:
    """ids: the tokens of every sequence, those of a row one after the other; at least one row."""
    return sizes_of(ids.lengths, sequences, float((ids.values == unk_id).mean()), num_buckets, max_seq_length)


def unknown_share(rows, unknown_ids: Mapping[str, int]) -> float:
    """Of the tokens in the columns named, which have this id for what the vocabulary lacks; 0 where not all rows are at
    hand."""
    columns = getattr(rows, "ragged", {})
    unknown = [columns[name].values == number for name, number in unknown_ids.items() if name in columns]
    return float(np.concatenate(unknown).mean()) if unknown else 0.0


def sizes_of(lengths: np.ndarray, sequences: int, unknown: float, num_buckets: int, max_seq_length: int) -> RowSizes:
    """lengths: tokens of every sequence [rows * sequences]. The padded ones are planned for these rows alone, as
    training plans for its own."""
    longest = lengths.reshape(-1, sequences).max(axis=1)
    planned = plan_lengths(longest, num_buckets, max_seq_length)
    positions = sequences * longest.sum() / (1 - padding_share(longest, planned))
    return RowSizes(
        rows=len(longest), sequences=sequences, tokens=int(lengths.sum()), lengths=quantiles(longest), unknown=unknown,
        planned_lengths=planned, padding=float(1 - lengths.sum() / positions),
    )  # fmt: skip
