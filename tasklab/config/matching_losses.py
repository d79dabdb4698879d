"""The losses of text matching: what a row has to hold for each, and which settings of `loss` it honours."""

from typing import NamedTuple

LABELS, SCORES, MATCHES, NEGATIVES, TEACHER = "labels", "scores", "matches", "negatives", "teacher"
"""Pairs with 0 or 1; pairs with a number; texts that match, and others that do not where there are any; matches with at
least one that does not; such with a teacher's score of every text."""


class MatchingLoss(NamedTuple):
    """learns_from: one of those above.   settings: keys of `loss`.   over_batch: rows are compared with other rows of
    their batch, so that its size counts."""

    learns_from: str
    settings: tuple[str, ...] = ()
    over_batch: bool = False


CROSS_ENTROPY = "cross_entropy"
MATCHING_LOSSES = {
    CROSS_ENTROPY: MatchingLoss(LABELS, ("class_weights", "label_smoothing", "focal_gamma")),
    "cosine_mse": MatchingLoss(SCORES),
    "cosine_cross_entropy": MatchingLoss(LABELS, ("scale", "margin")),
    "contrastive": MatchingLoss(LABELS, ("margin",)),
    "cosent": MatchingLoss(SCORES, ("scale",), over_batch=True),
    "angle": MatchingLoss(SCORES, ("scale",), over_batch=True),
    "in_batch": MatchingLoss(
        MATCHES, ("scale", "margin", "symmetric", "negatives", "queue_size", "queue_momentum"), over_batch=True
    ),
    "triplet": MatchingLoss(NEGATIVES, ("margin",)),
    "margin_mse": MatchingLoss(TEACHER, ("scale",)),
}
"""By loss.matching. Each has a cell in nn/losses/matching/, but for the first: the classifier's."""
OF_MATCHING = ("matching", "scale", "margin", "symmetric", "negatives", "queue_size", "queue_momentum")
"""Keys of `loss` that no other task reads."""


def matching_loss(named: str | None, pair_encoding: str) -> str:
    """loss.matching, or what stands for null with this model.pair_encoding."""
    return named or ("cosine_mse" if pair_encoding == "cosine" else CROSS_ENTROPY)
