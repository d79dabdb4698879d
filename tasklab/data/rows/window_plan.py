"""Where overlapping windows over long texts lie, and which of them shows a token best.

Behaviour: google-research/bert run_squad.py.
"""

import numpy as np

from tasklab.data.rows.ragged import row_offsets
from tasklab.errors import ConfigError


class WindowPlan:
    """Where every window lies: W windows over E examples; arrays [W] unless said otherwise."""

    def __init__(
        self, query_length: np.ndarray, context_length: np.ndarray, max_seq_length: int, doc_stride: int, special: int
    ):  # fmt: skip
        room = max_seq_length - query_length - special  # [E] context tokens per window
        if len(room) and room.min() < 1:
            raise ConfigError(
                f"data.max_seq_length {max_seq_length} leaves no room for the context beside a question of "
                f"{query_length.max()} tokens and {special} special ones; raise it or lower data.max_query_length"
            )
        self.context_length, self.room = context_length, room
        self.step = np.minimum(room, doc_stride)  # [E]
        self.count = 1 + -(-np.maximum(0, context_length - room) // self.step)  # [E] windows
        self.first = np.cumsum(self.count) - self.count  # [E]
        self.example = np.repeat(np.arange(len(room)), self.count)
        self.start = (np.arange(len(self.example)) - self.first[self.example]) * self.step[self.example]
        self.length = np.minimum(context_length[self.example] - self.start, room[self.example])
        self.query = query_length[self.example]
        self.special, self.shift = special, self.query + special - 1  # behind [CLS] question [SEP]

    def locate(self, first: np.ndarray, last: np.ndarray) -> tuple[np.ndarray, np.ndarray, int]:
        """Positions in the row [W] of context tokens first..last [E] (-1: no answer), and how many no window holds."""
        begin, end = first[self.example], last[self.example]
        inside = (begin >= self.start) & (end < self.start + self.length) & (begin <= end) & (begin >= 0)
        held = np.bincount(self.example[inside], minlength=len(first)) > 0
        shift = self.shift - self.start
        return np.where(inside, begin + shift, 0), np.where(inside, end + shift, 0), int(((first >= 0) & ~held).sum())

    def max_context(self) -> np.ndarray:
        """[context tokens over all windows] 1 where min(left, right) + 0.01 * length is the highest of the token."""
        flags = np.ones(int(self.length.sum()), np.int8)
        several = np.flatnonzero(self.count > 1)
        if not len(several):
            return flags
        lengths = self.context_length[several]
        owner = np.repeat(several, lengths)
        token = np.arange(len(owner)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
        last = np.minimum(token // self.step[owner], self.count[owner] - 1)  # the last window that starts before
        best, best_score = np.zeros(len(owner), np.int64), np.full(len(owner), -1.0)
        for back in range(int((-(-self.room[several] // self.step[several])).max())):
            window = self.first[owner] + last - back
            valid = np.flatnonzero(last >= back)
            w, t = window[valid], token[valid]
            left = t - self.start[w]
            right = self.length[w] - 1 - left
            score = np.where(right >= 0, np.minimum(left, right) + 0.01 * self.length[w], -1.0)
            better = score >= best_score[valid]  # of equal windows the first: they come last here
            best[valid[better]], best_score[valid[better]] = w[better], score[better]
        rows = row_offsets(self.length)
        flags[np.repeat(self.count[self.example] > 1, self.length)] = 0
        flags[rows[best] + token - self.start[best]] = 1
        return flags
