"""Scores of masked words: how many are told, and how surprising the right ones are."""

import math
from collections.abc import Iterable, Mapping, Sequence

import numpy as np


def log_probabilities(logits: np.ndarray) -> np.ndarray:
    """log softmax over the last axis, in float64 where sums are taken."""
    top = logits.max(axis=-1, keepdims=True)  # subtracted: exp of a difference never overflows
    shifted = logits - top
    return shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True, dtype=np.float64))


def score_masked_words(rows: Iterable[Mapping]) -> dict[str, float]:
    """accuracy and loss per masked word, perplexity, their number; sentence_accuracy where rows have such a label.

    rows: each with correct, total and loss, sums over its masked words, in nats; and sentence_correct or None.
    """
    correct = total = sentences = right = 0
    loss = 0.0
    for row in rows:
        correct, total, loss = correct + row["correct"], total + row["total"], loss + row["loss"]
        if row.get("sentence_correct") is not None:
            sentences, right = sentences + 1, right + row["sentence_correct"]
    scores = _scores(correct / total, loss / total, total) if total else _scores(0.0, math.nan, 0)
    return {**scores, "sentence_accuracy": right / sentences} if sentences else scores


def score_most_frequent(words: np.ndarray, sentences: Sequence[int] = ()) -> dict[str, float]:
    """The same for answering every time with what is right most often, and betting by frequency.

    words: ids of all masked words; sentences: labels of all rows that have one.
    """
    more = {"sentence_accuracy": float(np.bincount(sentences).max() / len(sentences))} if len(sentences) else {}
    counts = np.bincount(words)
    # only words that occur: 0 log 0 would be NaN; the loss of betting by frequency is their entropy in nats
    shares = counts[counts > 0] / max(1, len(words))
    if not len(shares):
        return {**_scores(0.0, math.nan, 0), **more}
    return {**_scores(float(shares.max()), float(-(shares * np.log(shares)).sum()), len(words)), **more}


def _scores(accuracy: float, loss: float, total: int) -> dict[str, float]:
    perplexity = math.exp(loss) if loss < 700 else math.inf  # exp overflows above 709
    return {"accuracy": accuracy, "loss": loss, "perplexity": perplexity, "total": total}
