"""Which tokens of a row are hidden, and behind what (Devlin et al. 2019, section 3.1; spans: Joshi et al. 2020)."""

import functools
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

UNITS = ("token", "whole_word", "span")
MASKED, REPLACED = 0.8, 0.1  # of the hidden tokens; the others stay as they are
SPAN_END, LONGEST_SPAN = 0.2, 10  # tokens; a span of n tokens has the chance 0.2 * 0.8 ** (n - 1), the rest is the last
SPECIAL = re.compile(r"\[[A-Za-z]+\d*\]|<[^<>]+>")
ABSENT = -1  # label of a place that asks for no word


class Hidden(NamedTuple):
    """One row after masking."""

    input_ids: np.ndarray  # [n]
    positions: np.ndarray  # [k] ascending
    labels: np.ndarray  # [k] what stood there


@dataclass(frozen=True)
class Masking:
    """How rows are masked.

    replacements: ids that may stand for another one; unit: one of UNITS, what is hidden as a whole.
    excluded: ids that no one is asked for, such as [UNK].
    """

    mask_id: int
    replacements: np.ndarray
    excluded: tuple[int, ...] = ()
    unit: str = "token"
    probability: float = 0.15

    def places(self, tokens: int) -> int:
        """How many of so many tokens are hidden: the share, rounded, but at least one."""
        return max(1, int(tokens * self.probability + 0.5))

    def hide(self, ids: np.ndarray, continues: np.ndarray, bits: np.ndarray) -> Hidden:
        """Masks a row.

        Args:
            ids: [n] without [CLS] and [SEP]; continues: [n] bool, tokens that belong to the word before them.
            bits: [4, n] random uint64: what to hide, behind what, behind which other id, and how long spans are.
        A word or span that would exceed the share is passed over; a row of such alone has one of its tokens masked.
        """
        order, how, which, lengths = bits
        units = self._units(continues, lengths)
        usable = np.ones(len(ids), bool)
        for excluded in self.excluded:
            usable &= ids != excluded
        positions = np.flatnonzero(self._chosen(units, usable, order)[units] & usable)
        if not len(positions) and usable.any():
            positions = np.flatnonzero(usable)[[order[usable].argmin()]]
        draws = shares(how[np.searchsorted(units, units)] if self.unit == "span" else how)[positions]  # one per span
        hidden = ids.copy()
        hidden[positions[draws < MASKED]] = self.mask_id
        swapped = positions[(draws >= MASKED) & (draws < MASKED + REPLACED)]
        hidden[swapped] = self.replacements[which[swapped] % np.uint64(len(self.replacements))]
        return Hidden(hidden, positions, ids[positions])

    def _units(self, continues: np.ndarray, bits: np.ndarray) -> np.ndarray:
        """[n] number of the unit of each token, rising."""
        n = len(continues)
        if self.unit == "token":
            return np.arange(n)
        if self.unit == "whole_word":
            return np.cumsum(~continues | (np.arange(n) == 0)) - 1
        lengths = 1 + np.searchsorted(_span_chances(), shares(bits))
        return np.repeat(np.arange(n), lengths)[:n]

    def _chosen(self, units: np.ndarray, usable: np.ndarray, order: np.ndarray) -> np.ndarray:
        """[units] bool: units in random order as long as they fit into the share."""
        sizes = np.bincount(units, weights=usable).astype(np.int64)
        chosen = np.zeros(len(sizes), bool)
        left = self.places(int(usable.sum())) if usable.any() else 0
        for unit in np.argsort(order[: len(sizes)], kind="stable"):
            if not left:
                break
            if 0 < sizes[unit] <= left:
                chosen[unit], left = True, left - sizes[unit]
        return chosen


def shares(bits: np.ndarray) -> np.ndarray:
    """Random uint64 as float64 in [0, 1)."""
    return (bits >> np.uint64(11)) * 2.0**-53


def ordinary(tokens: Sequence[str]) -> np.ndarray:
    """Ids of the pieces that are text, not [CLS], [unused1] or <pad>."""
    return np.array([i for i, token in enumerate(tokens) if not SPECIAL.fullmatch(token)], np.int64)


@functools.cache
def _span_chances() -> np.ndarray:
    """[LONGEST_SPAN - 1] chance of a span of at most 1, 2, ... tokens."""
    return 1 - (1 - SPAN_END) ** np.arange(1, LONGEST_SPAN)
