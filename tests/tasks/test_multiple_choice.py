"""Multiple choice: answers, UER's predictions, scores, baselines, reports from given logits; no network runs."""

from pathlib import Path

import numpy as np
import pytest

from tasklab.config import Config
from tasklab.data.choices.checks import ChoiceExample
from tasklab.data.choices.reading import ChoiceDataConfig
from tasklab.task import LEARNED, TRIVIAL
from tasklab.tasks.multiple_choice import MultipleChoice
from tasklab.text.wordpiece import WordPiece

TOKENIZER = WordPiece(Path(__file__).parents[1] / "fixtures/tiny_wordpiece_vocab.txt")
EXAMPLES = [
    ChoiceExample("8", "the fox", "who ?", ("fox", "dog"), 0, "a: [0]"),
    ChoiceExample("b-1", "the fox", "what ?", ("a", "a river", "the old tower", "a"), 3, "a: [1]"),
    ChoiceExample("b-2", "the fox", "when ?", ("can", "not", "now"), 2, "a: [2]"),
]


@pytest.fixture
def task():
    return MultipleChoice(Config.create(ChoiceDataConfig, task="multiple_choice", name="toy"), TOKENIZER)


def decoded(task, logits, top_k=1):
    table = task.encode(EXAMPLES, False)
    batches = [(np.array([i]), (np.array([row], np.float32),)) for i, row in enumerate(logits)]
    return task.decode(reversed(batches), table, EXAMPLES, top_k)


LOGITS = [[np.log(3), 0, 9, 9], [2, 0, 1, 1], [5, 0, 0, 99]]  # what stands at absent choices is not looked at


def test_an_answer_is_a_choice_with_its_number_and_all_scores(task):
    answers = decoded(task, LOGITS)
    assert answers[0] == [{"text": "fox", "index": 0, "score": 0.75, "scores": [0.75, 0.25]}]
    assert [a[0]["index"] for a in answers] == [0, 0, 0] and len(answers[2][0]["scores"]) == 3
    best, second = decoded(task, LOGITS, top_k=2)[0]
    assert (second["text"], second["index"], second["score"]) == ("dog", 1, 0.25)


def test_accuracy_counts_questions_and_takes_equal_choices_as_one(task):
    # the first is right; of the second "a" is right, wherever it stands; the third is wrong
    assert task.score(decoded(task, LOGITS), EXAMPLES) == {"accuracy": pytest.approx(2 / 3), "total": 3}
    report = task.report(decoded(task, LOGITS), EXAMPLES)
    assert report.labels == ["A", "B", "C", "D"]
    assert report.confusion.tolist() == [[1, 0, 0, 0], [0, 0, 0, 0], [1, 0, 0, 0], [0, 0, 0, 1]]
    (row,) = report.wrong
    assert {**row, "score": round(row["score"], 3)} == {
        "text": "when ?", "line": "[2]", "id": "b-2", "truth": "now", "answer": "can", "score": 0.987,
        "context": "the fox",
    }  # fmt: skip
    assert report.groups == {"number of choices": {
        "2": {"accuracy": 1.0, "count": 1}, "3": {"accuracy": 0.0, "count": 1}, "4": {"accuracy": 1.0, "count": 1},
    }}  # fmt: skip
    low, high = report.intervals()["accuracy"]
    assert 0 <= low < 2 / 3 < high <= 1


def test_predictions_can_be_those_of_uer(task):
    task.config.data.output_labels = True
    answers = decoded(task, LOGITS)
    assert answers == [[{"id": 8, "label": 0}], [{"id": "b-1", "label": 0}], [{"id": "b-2", "label": 0}]]
    assert task.score(answers, EXAMPLES)["accuracy"] == pytest.approx(2 / 3)


def test_the_longest_choice_and_the_commonest_place_are_the_baselines(task):
    # longest: fox (of equally long ones the first), the old tower, can
    assert task.baselines(EXAMPLES)[TRIVIAL] == {"accuracy": pytest.approx(1 / 3), "total": 3}
    training = [EXAMPLES[1], EXAMPLES[1], EXAMPLES[2]]  # places D, D, C; a question with two choices has neither
    assert task.baselines(EXAMPLES, training)[LEARNED]["accuracy"] == 1
