"""What question answering shows of its answers, against SQuAD scores by hand."""

import pytest

from tasklab.config import Config
from tasklab.data.questions.example import Answer, QAExample
from tasklab.tasks.question_answering import QADataConfig, QuestionAnswering


def example(key, text):
    return QAExample(id=key, question=f"{key}?", context="a cat sat", answers=(Answer(text, 2),))


@pytest.mark.parametrize("metric", ["squad", "cmrc"])
def test_wrong_answers_are_listed_and_the_scores_have_limits(metric):
    config = Config.create(QADataConfig, task="question_answering", name="toy")
    config.data.metric = metric
    task = QuestionAnswering(config, None)
    examples = [example("one", "cat"), example("two", "cat sat")]
    predictions = [[{"text": "cat"}], [{"text": "cat"}]]
    report = task.report(predictions, examples)
    assert report.wrong == [{"id": "two", "question": "two?", "answer": "cat sat", "predicted": "cat"}]
    # exact: 100 and 0, so two drawn of them give 0, 50 or 100, and the outer ones in a quarter of the cases each
    assert report.intervals()["exact_match"] == (0.0, 100.0)
    # f1 by words: 100, and P = 1, R = 1/2: 66.7; by characters (CMRC) P = 1, R = 1/2 as well
    assert report.intervals()["f1"] == (pytest.approx(200 / 3, abs=0.1), 100.0)
