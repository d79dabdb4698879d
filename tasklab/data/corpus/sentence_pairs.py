"""Two texts per row for the sentence targets: whether the second follows the first, and whether they are in order."""

import numpy as np

from tasklab.data.corpus.masking import ABSENT
from tasklab.data.corpus.rows import CorpusRows

FOLLOWS, OTHER = 0, 1
"""Labels, as in transformers: the texts as they stand; another second text, or the two swapped."""
NEXT, ORDER = "next_sentence", "sentence_order"


def two_texts(rows: CorpusRows, place: int, target: str, bits: np.ndarray) -> tuple[tuple, int]:
    """((start, stop) of the first text, of the second) in tokens of the corpus, and the label.

    A row is cut between two of its lines, or within its only one. Half of the rows stay as they are; in the others
    the second text gives way to as many tokens from a line of another document, whatever it holds (NEXT, Devlin et
    al. 2019), or the texts are swapped (ORDER, Lan et al. 2020).

    Args:
        place: of the row among `rows`; one of a single token has no second text and no label.
        bits: [4] random uint64.
    """
    tokens, start, stop = rows.tokens, int(rows.starts[place]), int(rows.stops[place])
    if stop - start < 2:
        return ((start, stop), (stop, stop)), ABSENT
    first_line = np.searchsorted(tokens.ends, start, side="right")
    inner = tokens.ends[first_line : np.searchsorted(tokens.ends, stop)]  # ends of lines inside of the row
    middle = int(inner[_below(bits[0], len(inner))]) if len(inner) else (start + stop) // 2
    one, two = (start, middle), (middle, stop)
    if bits[1] >> np.uint64(63):
        return (one, two), FOLLOWS
    if target == ORDER:
        return (two, one), OTHER
    return (one, _elsewhere(tokens, first_line, stop - middle, bits[2:])), OTHER


def _elsewhere(tokens, line: int, most: int, bits: np.ndarray) -> tuple[int, int]:
    """At most so many tokens from the beginning of a random line of another document than that of `line`."""
    documents = tokens.documents
    own = np.searchsorted(documents, line, side="right") - 1
    other = _below(bits[0], len(documents) - 1)
    other += other >= own
    first = int(documents[other])
    end = int(documents[other + 1]) if other + 1 < len(documents) else len(tokens.ends)
    chosen = first + _below(bits[1], end - first)
    start = int(tokens.ends[chosen - 1]) if chosen else 0
    return start, min(start + most, int(tokens.ends[end - 1]))


def _below(bits: np.uint64, count: int) -> int:
    """0 .. count - 1."""
    return int(bits) % count
