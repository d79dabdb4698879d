"""Answer selection: rows gathered into questions, candidates ranked; no network runs here."""

from pathlib import Path

import numpy as np
import pytest

from tasklab.config import Config
from tasklab.data.texts.candidates import CandidateDataConfig
from tasklab.errors import DataError
from tasklab.task import TRIVIAL
from tasklab.tasks.answer_selection import AnswerSelection
from tasklab.text.wordpiece import WordPiece

TOKENIZER = WordPiece(Path(__file__).parents[1] / "fixtures/tiny_wordpiece_vocab.txt")
HEADER = "qid\ttext_a\ttext_b\tlabel\n"
ROWS = HEADER + "1\twhere is it\tberlin\t0\n2\twho is it\tthe fox\t1\n1\twhere is it\tit is in berlin\t1\n"


@pytest.fixture
def task():
    return AnswerSelection(Config.create(CandidateDataConfig, task="answer_selection", name="toy"), TOKENIZER)


def read(task, tmp_path, text, training=True):
    (tmp_path / "train.tsv").write_text(text, encoding="utf-8")
    return task.read(tmp_path / "train.tsv", training)[0]


def test_rows_of_one_question_are_gathered_from_anywhere(task, tmp_path):
    questions = read(task, tmp_path, ROWS)
    assert [(q.id, q.candidates, q.labels) for q in questions] == [
        ("1", ["berlin", "it is in berlin"], [0, 1]), ("2", ["the fox"], [1]),
    ]  # fmt: skip


def test_without_an_id_the_text_tells_questions_apart(task, tmp_path):
    rows = "question\tanswer\tlabel\nwho\ta\t0\nwhere\tb\t1\nwho\tc\t1\n"
    assert [q.candidates for q in read(task, tmp_path, rows)] == [["a", "c"], ["b"]]


@pytest.mark.parametrize(
    "rows, expected",
    [
        (HEADER + "1\twho\ta\t2\n", "train.tsv:2: the label '2' is none of the model's: 0, 1"),
        (HEADER + "1\twho\ta\t1\n1\twhere\tb\t0\n", "train.tsv:3: group 1 asks 'where' here, but 'who' at .*:2; give"),
        ("qid\ttext_a\tlabel\n1\twho\t1\n", "train.tsv:1: no column for data.text_b, known names: text_b, sent"),
    ],
)
def test_what_is_no_question_with_candidates_is_named(task, tmp_path, rows, expected):
    with pytest.raises(DataError, match=expected):
        read(task, tmp_path, rows)


def test_every_candidate_is_a_row_and_ranked_within_its_question(task, tmp_path):
    questions = read(task, tmp_path, ROWS)
    table = task.encode(questions, True)
    assert table["labels"].tolist() == [0, 1, 1] and table["example"].tolist() == [0, 0, 1]
    tokens = " ".join(TOKENIZER.tokens[t] for t in table.row(0)["input_ids"])
    assert tokens == "[CLS] where is i ##t [SEP] berlin [SEP]"
    logits = np.log(np.array([[3, 1], [1, 4], [1, 1]], np.float32))
    outputs = [(np.array([2, 0]), (logits[[2, 0]],)), (np.array([1]), (logits[[1]],))]
    predictions = task.decode(outputs, table, questions)
    assert predictions[0] == [
        {"text": "it is in berlin", "score": pytest.approx(0.8), "index": 1},
        {"text": "berlin", "score": pytest.approx(0.25), "index": 0},
    ]
    assert len(task.decode(outputs, table, questions, top_k=1)[0]) == 1
    assert task.score(predictions, questions)["mrr"] == 1


def test_right_candidates_can_count_as_much_as_the_many_wrong_ones(task, tmp_path):
    # 2 of 3 rows are right: 3 / (2 * 1) for the wrong one and 3 / (2 * 2) for each right one
    read(task, tmp_path, ROWS)
    task.config.data.train, task.config.loss.balanced = str(tmp_path / "train.tsv"), True
    task.settle([])
    assert task.config.loss.class_weights == {"0": 1.5, "1": 0.75}
    assert task.loss().class_weights.asnumpy().tolist() == [1.5, 0.75]


def test_the_baseline_counts_shared_words(task, tmp_path):
    questions = read(task, tmp_path, HEADER + "1\twhere is berlin\tthe fox\t1\n1\twhere is berlin\tberlin is old\t0\n")
    assert task.baselines(questions)[TRIVIAL]["mrr"] == 0.5


def test_predict_takes_questions_pairs_and_tables(task, tmp_path):
    single = task.parse({"question": "who", "candidates": ["a", "b"]})
    assert [(q.text, q.candidates, q.labels) for q in single] == [("who", ["a", "b"], [])]
    assert len(task.parse([("who", ["a"]), {"question": "where", "candidates": ["b"]}])) == 2
    (tmp_path / "test.tsv").write_text("qid\ttext_a\ttext_b\n7\twho\ta\n7\twho\tb\n")
    assert [(q.id, q.candidates) for q in task.parse(tmp_path / "test.tsv")] == [("7", ["a", "b"])]
    assert task.encode(single, False)["labels"].tolist() == [-1, -1]


@pytest.mark.parametrize("given", ["who", {"question": "who", "candidates": []}, [("who", "a")], 3, [("who", [""])]])
def test_anything_else_is_refused(task, given):
    with pytest.raises(DataError, match='expected {"question": ..., "candidates": '):
        task.parse(given)


@pytest.mark.parametrize("setting", ["output_rows", "output_logits", "output_prob"])
def test_every_row_of_a_table_has_its_own_answer_where_rows_are_asked_for(setting, task, tmp_path):
    (tmp_path / "test.tsv").write_text(ROWS)
    task.config.data[setting] = True
    examples = task.parse(str(tmp_path / "test.tsv"))
    assert [q.candidates for q in examples] == [["berlin"], ["the fox"], ["it is in berlin"]]
    task.settle([])
    logits = np.array([[2, 0], [0, 1], [0, 3]], np.float32)
    found = task.decode([(np.arange(3), (logits,))], task.encode(examples, False), examples, top_k=1)
    assert [answers[0]["label"] for answers in found] == ["0", "1", "1"]
    assert [answers[0]["score"] for answers in found] == [0.8808, 0.7311, 0.9526]  # 1 / (1 + exp(-2)), -1, -3
    if setting == "output_logits":
        assert [answers[0]["logits"] for answers in found] == [[2, 0], [0, 1], [0, 3]]
    if setting == "output_prob":
        assert found[0][0]["prob"] == [0.880797, 0.119203]


def test_an_evaluation_ranks_whatever_predict_answers(task, tmp_path):
    questions = read(task, tmp_path, ROWS)
    task.config.data.output_logits = True
    logits = np.array([[2, 0], [0, 3], [0, 1]], np.float32)
    found = task.decode([(np.arange(3), (logits,))], task.encode(questions, False), questions)
    assert [(a["index"], a["logits"]) for a in found[0]] == [(1, [0, 3]), (0, [2, 0])]
    assert task.score(found, questions)["mrr"] == 1


def test_questions_with_a_wrong_first_candidate_are_shown(task, tmp_path):
    questions = read(task, tmp_path, ROWS + "3\twho\ta\t0\n", training=False)  # the third has no right candidate
    first = [{"text": "berlin", "score": 0.75, "index": 0}], [{"text": "the fox", "score": 0.5, "index": 0}]
    (row,) = task.report([*first, [{"text": "a", "score": 0.5, "index": 0}]], questions).wrong
    assert row == {
        "text": "where is it", "line": "2", "id": "1", "truth": "it is in berlin", "answer": "berlin", "score": 0.75,
    }  # fmt: skip
