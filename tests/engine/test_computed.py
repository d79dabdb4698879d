"""A function of the user's own gets predictions and labels; its numbers are metrics."""

from types import SimpleNamespace

import numpy as np
import pytest

from tasklab.data.questions.example import Answer, QAExample
from tasklab.data.rows.features import FeatureTable
from tasklab.data.rows.ragged import Ragged
from tasklab.data.tagging.examples import TaggedExample
from tasklab.data.texts.candidates import Question
from tasklab.engine.computed import Computed, EvalPrediction
from tasklab.errors import ConfigError

TASK = SimpleNamespace(
    loss=lambda: SimpleNamespace(labels=("labels",)), config=SimpleNamespace(task="stub"),
)  # fmt: skip
LOGITS = np.array([[3.0, 1.0], [0.0, 2.0], [5.0, 4.0]], np.float32)
LABELS = np.array([0, 1, 1], np.int32)


def rows(**dense) -> FeatureTable:
    ids = Ragged(np.arange(3, dtype=np.int32), np.arange(4))
    return FeatureTable({"input_ids": ids}, dense)


def in_two_batches(_):
    yield np.array([2, 0]), (LOGITS[[2, 0]],)
    yield np.array([1]), (LOGITS[[1]],)


def accuracy(given):
    logits, labels = given
    return {"right": (logits.argmax(-1) == labels).mean(), "eval_rows": len(labels)}


def test_classifiers_give_outputs_and_label_ids_in_the_order_of_the_examples():
    seen = []
    computed = Computed(lambda given: seen.append(given) or accuracy(given), TASK, rows(labels=LABELS), [None] * 3)
    list(computed.watching(in_two_batches)(None))
    # rows 0 and 1 are right, row 2 is not; the sum is HuggingFace's objective
    assert computed([]) == {"right": pytest.approx(2 / 3), "rows": 3.0, "objective": pytest.approx(2 / 3 + 3)}
    assert isinstance(seen[0], EvalPrediction)
    np.testing.assert_array_equal(seen[0].predictions, LOGITS)
    np.testing.assert_array_equal(seen[0].label_ids, LABELS)


EXAMPLES = [
    (QAExample("a", "where?", "in Berlin", (Answer("Berlin", 3),)), ["Berlin"]),
    (QAExample("b", "where?", "no"), []),
    (TaggedExample("c", "Bob sleeps", ((0, 3), (4, 10)), (("PER", 0, 0),)),
     [{"entity_group": "PER", "word": "Bob", "start": 0, "end": 3}]),
    (Question("d", "who?", ["x", "y"], [0, 1]), [0, 1]),
    (SimpleNamespace(label="good"), "good"),
]  # fmt: skip


@pytest.mark.parametrize("example, truth", EXAMPLES)
def test_others_give_the_best_answers_and_what_is_right(example, truth):
    computed = Computed(lambda given: {"same": given == (["best"], [truth])}, TASK, rows(), [example])
    assert computed.watching(in_two_batches) is in_two_batches
    assert computed([["best", "second"]])["same"] == 1.0


def test_what_measures_as_it_goes_is_refused():
    with pytest.raises(ConfigError, match="compute_metrics: stub measures as it goes and has no answers to compare"):
        Computed(accuracy, TASK, rows(), [object()])


@pytest.mark.parametrize("returned", [0.5, {"a": "high"}, None])
def test_what_is_no_number_is_refused(returned):
    computed = Computed(lambda given: returned, TASK, rows(), [SimpleNamespace(label=1)])
    with pytest.raises(ConfigError, match="compute_metrics returned .*; expected a dict of names and numbers"):
        computed([["x"]])
