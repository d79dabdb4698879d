"""Sums per example of what a model said of the rows, and the tokens before each of those that are asked for."""

from collections.abc import Iterable

import numpy as np

from tasklab.data.generation.packing import NONE
from tasklab.data.rows.features import FeatureTable

COUNTS = ("tokens", "bytes", "characters", "words")


def sums_by_example(
    outputs: Iterable[tuple[np.ndarray, tuple[np.ndarray, ...]]], rows: FeatureTable, examples: int
) -> np.ndarray:
    """[examples, 1 + len(COUNTS)]: the log-probabilities of its targets added up, and COUNTS.

    outputs: (row numbers [n], (log_probabilities [n, S], 0 where none is asked for)).
    """
    sums = np.zeros((examples, 1 + len(COUNTS)))
    for numbers, (log_probabilities, *_) in outputs:
        for number, logs in zip(numbers, log_probabilities, strict=True):
            row = rows.row(int(number))
            place, count = row["documents"] - 1, len(row["example"])
            asked = row["target_ids"] != NONE
            totals = np.bincount(place, np.where(asked, logs[: len(place)], 0.0), count)
            tokens = np.bincount(place, asked, count)
            np.add.at(sums, row["example"], np.stack([totals, tokens, *(row[name] for name in COUNTS[1:])], axis=1))
    return sums


def asked_for(rows: FeatureTable, none: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(the two tokens before each target [n, 2], the targets [n], where they stand among all tokens of the rows [n]).

    none: the id that stands for no token.
    """
    ids, places, targets = (rows[name].values.astype(np.int64) for name in ("input_ids", "position_ids", "target_ids"))
    before = np.where(places > 0, np.roll(ids, 1), none)
    at = np.flatnonzero(targets != NONE)
    return np.stack([before[at], ids[at]], axis=1), targets[at], at
