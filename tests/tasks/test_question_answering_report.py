"""What question answering shows of its answers, against SQuAD scores by hand."""

import pytest

from tasklab.config import Config
from tasklab.data.questions.example import Answer, QAExample
from tasklab.tasks.question_answering import QADataConfig, QuestionAnswering


def example(key, text):
    answers = (Answer(text, 2),)
    return QAExample(id=key, question=f"{key}?", context="a cat sat", answers=answers, place="dev.json: data[0]")


@pytest.mark.parametrize("metric", ["squad", "cmrc"])
def test_wrong_answers_are_listed_and_the_scores_have_limits(metric):
    config = Config.create(QADataConfig, task="question_answering", name="toy")
    config.data.metric = metric
    task = QuestionAnswering(config, None)
    examples = [example("one", "cat"), example("two", "cat sat")]
    predictions = [[{"text": "cat", "score": 0.5}], [{"text": "cat", "score": 0.5}]]
    report = task.report(predictions, examples)
    (row,) = report.wrong
    assert {**row, "f1": round(row["f1"])} == {
        "text": "two?", "line": "data[0]", "id": "two", "truth": "cat sat", "answer": "cat", "score": 0.5, "f1": 67,
    }  # fmt: skip
    words, lengths = report.groups.values()
    assert words == {"other": {"exact_match": 50.0, "f1": pytest.approx(250 / 3, abs=0.1), "count": 2}}
    assert [(name, part["exact_match"]) for name, part in lengths.items()] == [("1", 100.0), ("2", 0.0)]
    # exact: 100 and 0, so two drawn of them give 0, 50 or 100, and the outer ones in a quarter of the cases each
    assert report.intervals()["exact_match"] == (0.0, 100.0)
    # f1 by words: 100, and P = 1, R = 1/2: 66.7; by characters (CMRC) P = 1, R = 1/2 as well
    assert report.intervals()["f1"] == (pytest.approx(200 / 3, abs=0.1), 100.0)
