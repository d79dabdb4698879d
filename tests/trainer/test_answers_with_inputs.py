"""What was asked stands beside answers, for every kind of example and of answer."""

from types import SimpleNamespace

import numpy as np
import pytest

from tasklab.config import Config
from tasklab.data.choices.checks import ChoiceExample
from tasklab.data.choices.input import choice_examples_from_input
from tasklab.data.choices.reading import ChoiceDataConfig
from tasklab.data.corpus.cloze import ClozeExample, cloze_examples_from_input
from tasklab.data.corpus.rows import MaskedWordsDataConfig
from tasklab.data.questions.example import QAExample
from tasklab.data.questions.input import qa_examples_from_input
from tasklab.data.tagging.input import tagged_examples_from_input
from tasklab.data.tagging.reading import TaggingDataConfig
from tasklab.data.texts.candidates import CandidateDataConfig, Question, questions_from_input
from tasklab.data.texts.example import TextExample
from tasklab.data.texts.input import text_examples_from_input
from tasklab.data.texts.settings import TextDataConfig
from tasklab.session.destinations import answer_file
from tasklab.session.serving import predict_parts


def answered(examples, answers, **data):
    """What predict gives for a task that reads these examples and answers so."""
    config = Config.create(TextDataConfig, task="text_classification", name="toy")
    for name, value in data.items():
        setattr(config.data, name, value)
    task = SimpleNamespace(config=config, parse=lambda given: given, answer=lambda part, run, top_k: answers)
    ready = SimpleNamespace(model=SimpleNamespace(task=task), run=None)
    return [answer for part in predict_parts(ready, examples, 1) for answer in part]


@pytest.mark.parametrize("example, asked", [
    (TextExample("T-1", "A", place="t.csv:2"), {"id": "T-1", "text_a": "A"}),
    (TextExample("0", "A", "B"), {"id": "0", "text_a": "A", "text_b": "B"}),
    (QAExample("7", "Where?", "In Rome."), {"id": "7", "question": "Where?", "context": "In Rome."}),
    (ChoiceExample("0", "", "Why?", ("Here", "There")), {"id": "0", "question": "Why?", "choices": ("Here", "There")}),
    (ClozeExample("0", "In [MASK].", ((3, 9),)), {"id": "0", "text": "In [MASK]."}),
    (Question("q", "Where?", ["Here", "There"]), {"id": "q", "question": "Where?", "candidates": ["Here", "There"]}),
    (Question("q", "Where?", ["Here"]), {"id": "q", "question": "Where?", "candidate": "Here"}),
])  # fmt: skip
def test_id_and_texts_come_first(example, asked):
    (found,) = answered([example], [[{"label": "x"}]], output_inputs=True)
    assert list(found.items()) == [*asked.items(), ("label", "x")]
    assert answered([example], [[{"label": "x"}]]) == [{"label": "x"}]


@pytest.mark.parametrize("read, item", [
    (lambda items: text_examples_from_input(items, TextDataConfig(), "single_label_classification"), {"text": "A"}),
    (lambda items: tagged_examples_from_input(items, TaggingDataConfig()), {"text": "A"}),
    (lambda items: tagged_examples_from_input(items, TaggingDataConfig()), {"tokens": ["A"]}),
    (lambda items: cloze_examples_from_input(items, MaskedWordsDataConfig()), {"text": "[MASK]"}),
    (lambda items: choice_examples_from_input(items, ChoiceDataConfig()), {"question": "Why?", "choices": ["a", "b"]}),
    (qa_examples_from_input, {"question": "Why?", "context": "So."}),
    (lambda items: questions_from_input(items, CandidateDataConfig()), {"question": "Why?", "candidates": ["a", "b"]}),
])  # fmt: skip
def test_what_is_asked_is_called_by_its_id_or_its_number(read, item):
    assert [e.id for e in read([item, item | {"id": "x-7"}, item | {"id": 8}, item | {"id": None}])] == [
        "0", "x-7", "8", "3"
    ]  # fmt: skip


def test_several_answers_and_vectors_stand_below_a_key():
    text = TextExample("0", "A")
    assert answered([text], [[[{"word": "A"}]]], output_inputs=True) == [
        {"id": "0", "text_a": "A", "answers": [{"word": "A"}]}
    ]
    vector = np.array([0.5, 1.0], np.float32)
    assert answered([text], [[vector]], output_inputs=True) == [{"id": "0", "text_a": "A", "vector": [0.5, 1.0]}]


@pytest.mark.parametrize("name, said, beside", [("a.csv", None, True), ("a.csv", False, False), ("a.tsv", None, None)])
def test_a_csv_has_them_unless_somebody_says_no(name, said, beside, tmp_path):
    config = Config.create(TextDataConfig, task="text_classification", name="toy")
    config.data.output_inputs = said
    answer_file(config, tmp_path / name, 1)
    assert config.data.output_inputs is beside


def test_a_csv_has_a_line_for_each_candidate(tmp_path):
    config = Config.create(CandidateDataConfig, task="answer_selection", name="toy")
    config.model.labels = ["0", "1"]
    answer_file(config, tmp_path / "a.csv", 1)
    assert config.data.output_rows and config.data.output_inputs
