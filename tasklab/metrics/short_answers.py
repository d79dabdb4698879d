"""Exact match and F1 of short answers with one or several right ones: SQuAD's rules, or CMRC's for Chinese answers."""

from collections.abc import Sequence

from tasklab.metrics import cmrc, squad
from tasklab.metrics.scripts import WIDE


def score_short_answer(text: str, references: Sequence[str]) -> dict[str, float]:
    """exact_match and f1 in percent, each of the reference that it is best for.

    Of a Chinese answer f1 is that of the longest run which both share, as in CMRC 2018; else of the words they share.
    """
    rules = cmrc if any(map(WIDE.search, references)) else squad
    return {
        "exact_match": 100.0 * max(rules.exact(text, reference) for reference in references),
        "f1": 100.0 * max(rules.f1(text, reference) for reference in references),
    }
