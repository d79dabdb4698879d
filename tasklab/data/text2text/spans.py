"""Which words of a text are hidden: spans by chance, as many as their share asks for (Raffel et al. 2020, appendix A).

UER-py's target t5 hides tokens one by one, so that most spans are single ones; here their mean length is a setting.
"""

from typing import NamedTuple

import numpy as np


class Spans(NamedTuple):
    """How much is hidden.

    share: of the words.   length: words of a span in the mean.
    """

    share: float
    length: float

    def counts(self, words: int, most: int) -> tuple[int, int]:
        """How many of so many words are hidden, and in how many spans, at most `most`; a single word stays."""
        if words < 2:
            return 0, 0
        hidden = min(max(round(words * self.share), 1), words - 1)
        return hidden, max(1, min(round(hidden / self.length), hidden, words - hidden, most))

    def hidden(self, count: int, most: int, bits: np.ndarray) -> np.ndarray:
        """[spans, 2] the first word of each and the one behind its last, of `count` words.

        most: as in `counts`.   bits: [2 * count] random uint64. No two spans touch; all ways to lay them are
        alike likely.
        """
        hidden, spans = self.counts(count, most)
        if not spans:
            return np.zeros((0, 2), np.int64)
        inside = _parted(hidden, spans, bits[:count])
        between = _parted(count - hidden + 2, spans + 1, bits[count:])  # words kept around them, one more at either end
        ends = np.cumsum(inside + between[:-1]) - 1
        return np.stack([ends - inside, ends], axis=1)


class Rest(NamedTuple):
    """Hides the end of a text, from any word but the first on: prefix language modeling (Raffel et al. 2020, 3.3)."""

    def counts(self, words: int, most: int) -> tuple[int, int]:
        """As `Spans.counts`, of the longest end."""
        return max(words - 1, 0), int(words > 1)

    def hidden(self, count: int, most: int, bits: np.ndarray) -> np.ndarray:
        """As `Spans.hidden`."""
        if count < 2:
            return np.zeros((0, 2), np.int64)
        return np.array([[1 + int(bits[0] % np.uint64(count - 1)), count]])


def _parted(count: int, pieces: int, bits: np.ndarray) -> np.ndarray:
    """[pieces] sizes, each at least 1, that are `count` together; all ways to part it are alike likely."""
    cuts = np.sort(np.argsort(bits[: count - 1], kind="stable")[: pieces - 1]) + 1
    return np.diff(np.concatenate([[0], cuts, [count]]))
