"""From start and end logits to answers: the best legal spans of each window, merged over an example.

run_squad.py of google-research/bert pairs the best starts with the best ends. Here the n best are taken over all legal
pairs, so a good span is found even when its two ends are not among the best of their kind. Sums are float64 and every
tie has one outcome, so an answer depends neither on the batch a window sat in nor on the order of the windows.
"""
import unicodedata
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

ROWS_AT_ONCE = 512  # 512 windows x 20 starts x 30 lengths x 8 bytes = 2.5 MB of scores in work


class WindowSpans(NamedTuple):
    """Candidates of one window in characters of the context: k spans context[starts[i]:ends[i]].

    starts, ends [k] int; scores [k] float64, start logit + end logit; null_score: the same sum at [CLS].
    """

    starts: np.ndarray
    ends: np.ndarray
    scores: np.ndarray
    null_score: float = float("inf")


def window_candidates(start_logits, end_logits, first, length, max_context, max_answer_length, n_best):
    """The n best legal spans of one window, best first.

    Args:
        start_logits, end_logits: [S]; a value that is not finite makes its token illegal.
        first, length: the context part is the tokens first .. first + length - 1.
        max_context: [length] bool, the context tokens that have their fullest surroundings in this window (a token of
            an overlap counts in one window only); an answer may start there.
        max_answer_length: tokens, first and last included.
    Returns: (start, end, score): token positions in the window [k] int64, end inclusive, and start + end logits [k]
        float64. k <= n_best; equal scores are ordered by earlier start, then shorter span.
    """
    allowed = np.zeros((1, len(start_logits)), bool)
    allowed[0, first : first + length] = max_context  # [1, S]
    start_logits, end_logits = np.asarray(start_logits)[None], np.asarray(end_logits)[None]
    start, end, score = batch_window_candidates(
        start_logits, end_logits, [first], [length], allowed, max_answer_length, n_best
    )
    legal = start[0] >= 0
    return start[0, legal], end[0, legal], score[0, legal]


def batch_window_candidates(start_logits, end_logits, first, length, max_context, max_answer_length, n_best):
    """`window_candidates` of many windows.

    Args:
        start_logits, end_logits: [W, S].    first, length: [W].
        max_context: [W, S] bool over the whole window; values outside the context part do not matter.
    Returns: start, end [W, n_best] int64, filled up with -1; score [W, n_best] float64, filled up with -inf.
    """
    if max_answer_length < 1 or n_best < 1:
        raise ValueError(f"max_answer_length {max_answer_length} and n_best {n_best} must be at least 1")
    W = len(start_logits)
    out = (np.empty((W, n_best), np.int64), np.empty((W, n_best), np.int64), np.empty((W, n_best)))
    first, length, max_context = np.asarray(first), np.asarray(length), np.asarray(max_context, bool)
    for row in range(0, W, ROWS_AT_ONCE):
        rows = slice(row, row + ROWS_AT_ONCE)
        start = np.asarray(start_logits[rows], np.float64)                                # [w, S]
        end = np.asarray(end_logits[rows], np.float64)                                    # [w, S]
        token = np.arange(start.shape[1])
        context = (token >= first[rows, None]) & (token < (first + length)[rows, None])   # [w, S]
        start = np.where(context & max_context[rows] & np.isfinite(start), start, -np.inf)
        end = np.where(context & np.isfinite(end), end, -np.inf)
        for target, values in zip(out, _best_pairs(start, end, max_answer_length, n_best), strict=True):
            target[rows] = values
    return out


def _best_pairs(start, end, max_answer_length, n_best):
    """The n best pairs per row; -inf marks illegal positions.

    The n best pairs start at the n starts with the best pair each (in the order score, then position): every such
    start offers a pair that beats any pair of a later one. So n x max_answer_length sums are enough.
    """
    w, S = start.shape
    width = min(max_answer_length, S)
    padded = np.concatenate([end, np.full((w, width - 1), -np.inf)], axis=1)              # [w, S + width - 1]
    best_end = padded[:, :S].copy()                           # [w, S] best end of each start, lengths 1 .. width
    for shift in range(1, width):
        np.maximum(best_end, padded[:, shift : shift + S], out=best_end)
    starts = np.argsort(-(start + best_end), axis=1, kind="stable")[:, :n_best]
    starts = np.sort(starts, axis=1)                                                      # [w, n], n <= n_best
    lengths = np.arange(width)
    row = np.arange(w)[:, None]
    sums = start[row, starts][:, :, None] + padded[row[:, :, None], starts[:, :, None] + lengths]   # [w, n, width]
    sums = sums.reshape(w, -1)                                # ordered by start, then length: the order of ties
    order = np.argsort(-sums, axis=1, kind="stable")[:, :n_best]
    score = np.full((w, n_best), -np.inf)
    score[:, : order.shape[1]] = sums[row, order]
    first = np.full((w, n_best), -1, np.int64)
    first[:, : order.shape[1]] = starts[row, order // width]
    last = np.full((w, n_best), -1, np.int64)
    last[:, : order.shape[1]] = first[:, : order.shape[1]] + order % width
    illegal = ~np.isfinite(score)
    first[illegal] = last[illegal] = -1
    return first, last, score


def merge_windows(
    windows: Iterable[WindowSpans], context: str, n_best: int, null_score_diff_threshold: float | None = None
) -> list[dict]:
    """The n best different answers of one example, best first, from all its windows in any order.

    Blanks around a span are cut off by moving its offsets, and combining marks that follow belong to it. Of equal
    spans the best score stays. Ties go to the earlier start, then the shorter span.

    Args:
        null_score_diff_threshold: None: there always is an answer (SQuAD 1.1). Else "" joins the list with the
            smallest null_score over the windows; it comes first when `null_score_difference` is above the threshold,
            and otherwise stands at its place by score, but never first.
    Returns: list of {"text", "score", "start", "end"}: score is the softmax over the list, context[start:end] == text.
        Without any legal span the only answer is "" at 0..0, with score 1.0 where "" was allowed and 0.0 where not.
    Raises: ValueError when "" is allowed and a null_score is missing or not finite.
    """
    windows = list(windows)
    spans = _different_spans(windows, context)[:n_best]
    null_allowed = null_score_diff_threshold is not None
    if not spans:
        return [{"text": "", "score": float(null_allowed), "start": 0, "end": 0}]
    if null_allowed:
        null = min(window.null_score for window in windows)  # the window least sure that there is no answer
        if not np.isfinite(null):
            raise ValueError(f"null_score {null} is not finite; every window needs its start + end logit at [CLS]")
        answer, *rest = spans
        if null - answer[0] > null_score_diff_threshold:
            spans = [(null, 0, 0), *spans]
        else:
            spans = [answer, *sorted([*rest, (null, 0, 0)], key=lambda span: (-span[0], *span[1:]))]
    scores = np.array([score for score, _, _ in spans])
    weights = np.exp(scores - scores.max())  # the largest is 1, so that none overflows
    return [
        {"text": context[start:end], "score": float(weight), "start": start, "end": end}
        for (_, start, end), weight in zip(spans, weights / weights.sum(), strict=True)
    ]


def null_score_difference(windows: Iterable[WindowSpans], context: str) -> float:
    """Smallest null_score minus the best span score, in logits; above the threshold the answer is "".

    It serves as `no_answer_probs` of `metrics.squad.score_squad`. inf without any legal span.
    """
    windows = list(windows)
    spans = _different_spans(windows, context)
    return min(window.null_score for window in windows) - spans[0][0] if spans else float("inf")


def character_spans(start, end, score, offsets, first, null_score=float("inf")) -> WindowSpans:
    """Candidates in tokens (as `window_candidates` returns them) in characters.

    Args:
        offsets: [length, 2] int, character begin and end of the window's context tokens in the context.
        first: position in the window of the first context token.
    """
    start, end, offsets = np.asarray(start), np.asarray(end), np.asarray(offsets).reshape(-1, 2)
    legal = start >= 0
    begins, ends = offsets[start[legal] - first, 0], offsets[end[legal] - first, 1]
    return WindowSpans(begins, ends, np.asarray(score, np.float64)[legal], float(null_score))


def _different_spans(windows: list[WindowSpans], context: str) -> list[tuple[float, int, int]]:
    """(score, start, end) of all windows, trimmed, one per span, best first."""
    best: dict[tuple[int, int], float] = {}
    for window in windows:
        for start, end, score in zip(window.starts.tolist(), window.ends.tolist(), window.scores.tolist(), strict=True):
            start, end = trim(context, start, end)
            if start < end and score > best.get((start, end), -np.inf):
                best[start, end] = score
    return sorted(((score, start, end) for (start, end), score in best.items()), key=lambda s: (-s[0], s[1], s[2]))


def trim(context: str, start: int, end: int) -> tuple[int, int]:
    """Offsets without the white space around the span, and with the combining marks that follow it.

    A tokenizer that strips accents leaves them out of its offsets: "café" written with U+0301 would lose its accent.
    """
    while start < end and context[start].isspace():
        start += 1
    while start < end and context[end - 1].isspace():
        end -= 1
    while start < end < len(context) and unicodedata.category(context[end]).startswith("M"):
        end += 1
    return start, end
