"""Which tokens of a corpus make up each row: lines packed together, none dropped, none twice."""

import numpy as np

PACKINGS = ("full_sentences", "document", "continuous", "line")
"""Whole lines as they fit, across documents (Liu et al. 2019, FULL-SENTENCES); not across them; cut wherever a row is
full, so that nothing is padded (UER-py); every line for itself."""


def pack(ends: np.ndarray, documents: np.ndarray, size: int, packing: str) -> np.ndarray:
    """[rows + 1] offsets: row i has the tokens from offsets[i] to offsets[i + 1], at most `size`.

    A line longer than `size` is cut into full pieces and a rest.
    Args:
        ends: [lines] tokens up to the end of each line, rising; documents: [documents] first line of each.
    """
    total = int(ends[-1])
    if packing == "continuous":
        return np.append(np.arange(0, total, size), total)
    pieces, first_piece = _pieces(ends, size)
    if packing == "line":
        return np.concatenate([[0], pieces])
    starts = np.concatenate([[0], pieces[:-1]])  # [pieces] tokens before each
    # piece i at the front of a row: the number of the piece that no longer fits
    following = np.searchsorted(pieces, starts + size, side="right")
    if packing == "document":
        borders = np.append(first_piece[documents[1:]], len(pieces))  # [documents] the piece behind each
        following = np.minimum(following, borders[np.searchsorted(borders, np.arange(len(pieces)), side="right")])
    offsets, piece = [0], 0
    while piece < len(pieces):
        piece = following[piece]
        offsets.append(pieces[piece - 1])
    return np.array(offsets, np.int64)


def _pieces(ends: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Ends of the lines' pieces, and the number of each line's first piece."""
    ends = np.asarray(ends, np.int64)
    lengths = np.diff(ends, prepend=0)  # [lines]
    counts = -(-lengths // size)  # [lines] pieces of each, rounded up
    first = np.cumsum(counts) - counts  # [lines]
    if len(counts) == counts.sum():
        return ends, first
    place = np.arange(counts.sum()) - np.repeat(first, counts) + 1  # 1, 2, ... within each line
    return np.minimum(np.repeat(ends - lengths, counts) + place * size, np.repeat(ends, counts)), first
