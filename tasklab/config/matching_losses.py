"""The losses of text matching: what a row has to hold for each, and which settings of `loss` it honours."""

from collections.abc import Iterator
from typing import NamedTuple

from tasklab.config.section import Section

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


def idle_in_matching(loss: Section, model: Section, data: Section) -> Iterator[tuple[str, str, str]]:
    """As `Section.idle`, between the sections: (key, by, remedy)."""
    vectors, name = model.pair_encoding == "cosine", matching_loss(loss.matching, model.pair_encoding)
    for key in OF_MATCHING[1:]:
        if loss[key] != loss.default(key) and key not in MATCHING_LOSSES[name].settings:
            readers = ", ".join(other for other, about in MATCHING_LOSSES.items() if key in about.settings)
            yield f"loss.{key}", "loss.matching", f"take one that reads it: {readers}"
    if loss.changed("queue_momentum") and not loss.queue_size:
        yield "loss.queue_momentum", "loss.queue_size", "set that to 2.5 times train.batch_size"
    if loss.queue_size and loss.negatives == "given":
        yield "loss.queue_size", "loss.negatives", "set that to in_batch or both"
    if data.get("word_repetition", "none") != "none" and MATCHING_LOSSES[name].learns_from != MATCHES:
        yield "data.word_repetition", "loss.matching", "set that to in_batch"
    if loss.rdrop_alpha and vectors:
        yield "loss.rdrop_alpha", "model.pair_encoding", "take one that gives classes: joint, siamese, sbert"
    if model.projection_size and not vectors:
        yield "model.projection_size", "model.pair_encoding", "set that to cosine"


def problems_in_matching(loss: Section, model: Section) -> Iterator[tuple[tuple[str, ...], str]]:
    """As `Section.problems`: (keys, message)."""
    vectors, named = model.pair_encoding == "cosine", loss.matching
    if named and vectors == (named == CROSS_ENTROPY):
        fits = "joint, siamese or sbert" if vectors else "cosine"
        told = f"loss.matching {named} goes with model.pair_encoding {fits}, which is {model.pair_encoding}"
        yield ("loss.matching", "model.pair_encoding"), f"{told}; change one of them"
