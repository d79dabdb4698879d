"""Rows put together from special tokens and texts, all rows of a table at once; what is too long is cut, or told.

Truncation: transformers' `longest_first`.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from tasklab.data.rows.ragged import Ragged, row_offsets, spans


class Segment(NamedTuple):
    """What stands at one place of every row: some tokens of a text, or one special token a number of times.

    R rows; a number in place of an array [R] is that of every row.
    """

    ids: np.ndarray | int  # tokens [all], of which a row takes some; or the special token
    length: np.ndarray | int  # [R]
    start: np.ndarray | int = 0  # [R] the first token in `ids`
    type: np.ndarray | int = 0  # [R] token type
    cut: bool = False  # whether `fit` may take tokens from its end


class NoRoom(ValueError):
    """Rows [n] that are too long even with one token of each text that may be cut, and the tokens [n] they need."""

    def __init__(self, rows: np.ndarray, needed: np.ndarray):
        super().__init__(f"{len(rows)} rows do not fit; the longest needs {needed.max()} tokens")
        self.rows, self.needed = rows, needed


def text(tokens: Ragged, which: np.ndarray, cut: bool = False) -> Segment:
    """In row r all of text number which[r]."""
    return Segment(tokens.values, tokens.lengths[which], tokens.offsets[which], cut=cut)


def framed(tokenizer, texts: Sequence[Segment], present: Sequence[np.ndarray | bool] = ()) -> list[Segment]:
    """[CLS] text [SEP] text [SEP] ...: behind the first of several texts stand the tokenizer's `pair_separators`, and
    the others have its `second_type`.

    present: for each text [R] bool, whether a row has it; one that is left out takes its [SEP] along.
    """
    there = np.stack(np.broadcast_arrays(*(present or [True] * len(texts))))  # [texts] or [texts, R]
    first, several = there.argmax(axis=0), there.sum(axis=0) > 1  # [] or [R]
    segments = [Segment(tokenizer.cls_id, 1)]
    for k, part in enumerate(texts):
        separators = there[k] * np.where((first == k) & several, tokenizer.pair_separators, 1)
        kind = np.where(k > first, tokenizer.second_type, 0)
        segments += [part._replace(type=kind), Segment(tokenizer.sep_id, separators, type=kind)]
    return segments


def frame_size(tokenizer, texts: int) -> int:
    """Special tokens that `framed` adds to so many texts."""
    return 1 + texts + (tokenizer.pair_separators - 1) * (texts > 1)


def fit(segments: Sequence[Segment], max_length: int) -> tuple[list[Segment], np.ndarray]:
    """The segments in at most max_length tokens per row, and which rows [R] lost some of them.

    Only segments with `cut` lose tokens, at their end; of several in a row the longest first. Each that has tokens
    keeps one. Raises: NoRoom.
    """
    lengths = _lengths(segments)  # [S, R]
    cut = np.array([segment.cut for segment in segments])
    fixed, least = lengths[~cut].sum(axis=0), (lengths[cut] > 0).sum(axis=0)  # [R]
    if len(wanting := np.flatnonzero(fixed + least > max_length)):
        raise NoRoom(wanting, (fixed + least)[wanting])
    kept = longest_first(lengths[cut], max_length - fixed)
    shortened = (kept < lengths[cut]).any(axis=0)
    new = iter(kept)
    return [segment._replace(length=next(new)) if segment.cut else segment for segment in segments], shortened


def longest_first(lengths: np.ndarray, room: np.ndarray | int) -> np.ndarray:
    """Tokens kept of each text [texts, R]: the longest loses one as long as they exceed `room` [R] together.

    What does not divide evenly stays with the longer text, of equally long ones with the later.
    """
    lengths = np.asarray(lengths)
    order, kept = lengths.argsort(axis=0, kind="stable"), np.zeros_like(lengths)  # [texts, R]
    left = np.broadcast_to(room, lengths.shape[1:])  # [R]
    for done, text_number in enumerate(order):  # from the shortest text of each row to the longest
        own = text_number[None]  # [1, R]
        share = np.minimum(np.take_along_axis(lengths, own, 0)[0], left // (len(lengths) - done))
        np.put_along_axis(kept, own, share[None], 0)
        left = left - share
    return kept


def compose(segments: Sequence[Segment]) -> tuple[Ragged, Ragged]:
    """Token ids int32 and token types int8 of the rows."""
    lengths = _lengths(segments)  # [S, R]
    kinds = np.stack([np.broadcast_to(segment.type, lengths.shape[1:]) for segment in segments])  # [S, R]
    source, starts = _source(segments, lengths)  # [all], [S, R]
    in_order = lengths.T.reshape(-1)  # [R * S]: the segments of a row follow one another
    ids = source[spans(starts.T.reshape(-1), in_order)]  # one gather for all, which is what makes this fast
    types = np.repeat(kinds.T.astype(np.int8).reshape(-1), in_order)
    offsets = row_offsets(lengths.sum(axis=0))  # [R + 1]
    return Ragged(ids, offsets), Ragged(types, offsets)


def _source(segments: Sequence[Segment], lengths: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """One array with the tokens of all segments, and where in it each begins [S, R]."""
    arrays, starts, size = [], np.zeros_like(lengths), 0
    for segment, own, start in zip(segments, lengths, starts, strict=True):
        special = np.ndim(segment.ids) == 0
        arrays.append(np.full(own.max(initial=0), segment.ids, np.int32) if special else segment.ids)
        start += size + np.asarray(segment.start)
        size += len(arrays[-1])
    return np.concatenate(arrays).astype(np.int32, copy=False), starts


def _lengths(segments: Sequence[Segment]) -> np.ndarray:
    return np.stack(np.broadcast_arrays(*(np.atleast_1d(segment.length) for segment in segments))).astype(np.int64)
