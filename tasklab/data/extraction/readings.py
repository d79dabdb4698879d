"""What a network said about texts and prompts, the windows of each put together."""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from tasklab.data.rows.features import FeatureTable
from tasklab.data.rows.ragged import row_offsets


class Reading(NamedTuple):
    """Of one text and prompt, for each token that answers are read from.

    probability [2, T]: that a span starts there, that one ends.   characters [T, 2]: where it stands, as `Mention` has
    it; 0, 0 where no window came.   windows: how many the text took.
    """

    probability: np.ndarray
    characters: np.ndarray
    windows: int


def readings_of(outputs: Iterable, rows: FeatureTable, count: int) -> list[Reading]:
    """One reading for each of `count` examples.

    rows: of `prompt_windows`.   outputs: (numbers of rows, (start logits, end logits) [rows, S]), in any order.
    """
    unit = rows["unit"]
    owner = np.repeat(rows["example"], unit.lengths)  # [T] example of each token that is read from
    sizes = np.zeros(count, np.int64)
    np.maximum.at(sizes, owner, unit.values + 1)
    offsets = row_offsets(sizes)
    probability = np.zeros((2, int(offsets[-1])))
    characters = np.zeros((int(offsets[-1]), 2), np.int64)
    for numbers, logits in outputs:
        mine = {name: rows[name].select(numbers) for name in ("unit", "position", "char_start", "char_end")}
        lengths = mine["unit"].lengths
        at = np.repeat(offsets[rows["example"][numbers]], lengths) + mine["unit"].values
        row = np.repeat(np.arange(len(numbers)), lengths)
        for side, scores in zip(probability, logits, strict=True):  # start, end
            # options stand in every window; a token of a text in one
            np.maximum.at(side, at, _sigmoid(scores[row, mine["position"].values]))
        characters[at, 0], characters[at, 1] = mine["char_start"].values, mine["char_end"].values
    windows = np.bincount(rows["example"], minlength=count).tolist()
    return [
        Reading(probability[:, a:b], characters[a:b], several)
        for a, b, several in zip(offsets[:-1], offsets[1:], windows, strict=True)
    ]


def _sigmoid(logits: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-np.clip(logits.astype(np.float64), -60, 60)))
