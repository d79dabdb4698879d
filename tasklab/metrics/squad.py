"""SQuAD scores (rules: the official evaluate-v1.1.py and evaluate-v2.0.py, Rajpurkar et al. 2016, 2018)."""
import re
import string
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence

from tasklab.errors import DataError

ARTICLES = re.compile(r"\b(a|an|the)\b")
NO_PUNCTUATION = str.maketrans("", "", string.punctuation)  # ASCII only, as in the official scripts


def score_squad(
    predictions: Mapping[str, str],
    references: Mapping[str, Sequence[str]],
    no_answer_probs: Mapping[str, float] | None = None,
    threshold: float = 1.0,
    version: str | None = None,
) -> dict[str, float]:
    """Exact match and F1 in percent over every reference row.

    Args:
        predictions: answer text by question id; "" says that there is no answer. A row without an entry scores 0,
            entries without a row are ignored.
        references: gold texts by question id; an empty list marks a question without an answer (SQuAD 2.0).
        no_answer_probs: confidence by question id that there is no answer, on any scale. A row above `threshold`
            counts as answered with "". With it, best_exact and best_f1 are added: the scores at the best threshold.
        threshold: limit for `no_answer_probs`; 1.0 is the official default.
        version: "1.1", "2.0", or None: "2.0" as soon as one question has no answer or `no_answer_probs` is given.
            The two versions differ for texts that normalize to nothing (see `f1`).
    Returns: exact_match, f1, total; in version 2.0 also HasAns_ and NoAns_ exact, f1 and total (for the kinds that
        occur), and with `no_answer_probs` best_exact, best_exact_thresh, best_f1, best_f1_thresh.
    Raises: DataError without any row, or when `no_answer_probs` lacks a predicted row.
    """
    if not references:
        raise DataError("SQuAD score: there is no reference row; expected at least one question")
    if version not in (None, "1.1", "2.0"):
        raise ValueError(f"SQuAD version {version!r}; expected '1.1', '2.0' or None")
    if version is None:
        version = "2.0" if no_answer_probs is not None or not all(references.values()) else "1.1"
    golds = _golds_v2(references) if version == "2.0" else references
    answered = [key for key in golds if key in predictions]
    raw = {
        "exact": {key: _best(exact, predictions[key], golds[key]) for key in answered},
        "f1": {key: _best(f1 if version == "2.0" else f1_v1, predictions[key], golds[key]) for key in answered},
    }
    if version == "1.1":
        return {"exact_match": _percent(raw["exact"], golds), "f1": _percent(raw["f1"], golds), "total": len(golds)}
    has_answer = {key: bool(texts) for key, texts in references.items()}
    return _report_v2(predictions, has_answer, raw, no_answer_probs, threshold)


def normalize(text: str) -> str:
    """Lower case, without ASCII punctuation, without English articles, single spaces."""
    return " ".join(ARTICLES.sub(" ", text.lower().translate(NO_PUNCTUATION)).split())


def exact(prediction: str, gold: str) -> float:
    """1.0 when both texts are equal after `normalize`, else 0.0."""
    return float(normalize(prediction) == normalize(gold))


def f1(prediction: str, gold: str) -> float:
    """Harmonic mean of word precision and recall after `normalize`; words count as often as they occur.

    When one side has no words left the texts agree only if both have none (the rule of version 2.0).
    """
    if not normalize(prediction) or not normalize(gold):
        return exact(prediction, gold)
    return f1_v1(prediction, gold)


def f1_v1(prediction: str, gold: str) -> float:
    """`f1` by the rule of version 1.1: without a shared word it is 0, even for two texts without words."""
    predicted, reference = normalize(prediction).split(), normalize(gold).split()
    shared = sum((Counter(predicted) & Counter(reference)).values())
    if not shared:
        return 0.0
    precision, recall = shared / len(predicted), shared / len(reference)
    return 2 * precision * recall / (precision + recall)


def _golds_v2(references: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """Texts that normalize to nothing do not count as gold; a row without gold accepts only such an answer."""
    return {key: [text for text in texts if normalize(text)] for key, texts in references.items()}


def _best(measure: Callable[[str, str], float], prediction: str, golds: Sequence[str]) -> float:
    return max(measure(prediction, gold) for gold in golds or [""])


def _percent(scores: Mapping[str, float], keys: Collection[str]) -> float:
    return 100.0 * sum(scores.get(key, 0.0) for key in keys) / len(keys)


def _report_v2(predictions, has_answer, raw, no_answer_probs, threshold) -> dict[str, float]:
    """The report of evaluate-v2.0.py; `has_answer` is {question id: bool}, `raw` the scores before the threshold."""
    final = raw
    if no_answer_probs is not None:
        if missing := [key for key in raw["exact"] if key not in no_answer_probs]:
            raise DataError(
                f"SQuAD score: no_answer_probs has no value for {len(missing)} of {len(raw['exact'])} predictions, "
                f"first for {missing[0]!r}; give one value per prediction"
            )
        final = {
            name: {
                key: float(not has_answer[key]) if no_answer_probs[key] > threshold else score
                for key, score in scores.items()
            }
            for name, scores in raw.items()
        }
    report = {
        "exact_match": _percent(final["exact"], has_answer),
        "f1": _percent(final["f1"], has_answer),
        "total": len(has_answer),
    }
    for kind, answerable in (("HasAns", True), ("NoAns", False)):
        if keys := [key for key in has_answer if has_answer[key] == answerable]:
            report[f"{kind}_exact"] = _percent(final["exact"], keys)
            report[f"{kind}_f1"] = _percent(final["f1"], keys)
            report[f"{kind}_total"] = len(keys)
    if no_answer_probs is not None:
        for name in ("exact", "f1"):
            best = _best_threshold(predictions, raw[name], no_answer_probs, has_answer)
            report[f"best_{name}"], report[f"best_{name}_thresh"] = best
    return report


def _best_threshold(predictions, scores, no_answer_probs, has_answer) -> tuple[float, float]:
    """(percent, threshold) of the best split: rows at or below the threshold keep their answer, the others get "".

    Starts from "" everywhere (threshold 0.0) and gives rows their answers back, the surest first. As in the official
    script equal probabilities are taken one by one in the order of `no_answer_probs`.
    """
    current = best = float(sum(not has_answer[key] for key in scores))
    threshold = 0.0
    for key in sorted((key for key in no_answer_probs if key in scores), key=no_answer_probs.__getitem__):
        if has_answer[key]:
            current += scores[key]
        elif predictions[key]:
            current -= 1.0
        if current > best:
            best, threshold = current, no_answer_probs[key]
    return 100.0 * best / len(has_answer), threshold
