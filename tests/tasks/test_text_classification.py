"""The verbs of text classification on NumPy arrays; no network runs here."""

from pathlib import Path

import numpy as np
import pytest

from tasklab.config import Config
from tasklab.data.texts.settings import TextDataConfig
from tasklab.errors import ConfigError, DataError
from tasklab.networks import NETWORKS
from tasklab.nn.losses.distillation import DISTANCES
from tasklab.task import LEARNED, TRIVIAL
from tasklab.tasks.text_classification import TextClassification
from tasklab.text.wordpiece import WordPiece

TOKENIZER = WordPiece(Path(__file__).parents[1] / "fixtures/tiny_wordpiece_vocab.txt")


def task(**values) -> TextClassification:
    config = Config.create(TextDataConfig, task="text_classification", name="toy")
    for key, value in values.items():
        config[key.replace("__", ".")] = value
    return TextClassification(config, TOKENIZER)


def write(folder, text, name="train.tsv"):
    (folder / name).write_text(text, encoding="utf-8")
    return str(folder / name)


def prepared(path, before=(), **values):
    job = task(data__train=path, **values)
    job.settle(list(before))
    return job


def decoded(job, logits, top_k=1):
    logits = np.array(logits, np.float32)
    rows = np.arange(len(logits))[::-1]  # batches come in any order
    return job.decode([(rows, (logits[::-1],))], None, [None] * len(logits), top_k)


def test_labels_are_those_of_the_training_data(tmp_path):
    path = write(tmp_path, "text\tlabel\nA\t10\nB\t9\nC\t10\n")
    assert prepared(path).config.model.labels == ["9", "10"]
    assert prepared(path, model__labels=["10", "9"]).config.model.labels == ["10", "9"]
    names = {"10": "ten", "9": "nine", "8": "eight"}
    assert prepared(path, data__label_names=names).config.model.labels == ["ten", "nine", "eight"]


def test_a_checkpoint_keeps_the_order_of_its_labels_when_it_knows_them_all(tmp_path):
    path = write(tmp_path, "text\tlabel\nA\ta\nB\tb\n")
    assert prepared(path, before=["c", "b", "a"]).config.model.labels == ["c", "b", "a"]
    assert prepared(path, before=["b", "x"]).config.model.labels == ["a", "b"]


def test_one_class_alone_teaches_nothing(tmp_path):
    with pytest.raises(DataError, match="every label is 'a'; expected at least two classes"):
        prepared(write(tmp_path, "text\tlabel\nA\ta\n"))


def test_rows_carry_the_number_of_their_label(tmp_path):
    job = prepared(write(tmp_path, "text\tlabel\nthe fox\tno\nwhere\tyes\n"))
    examples, note = job.read(job.config.data.train, True)
    table = job.encode(examples, True)
    assert [TOKENIZER.tokens[t] for t in table.row(0)["input_ids"]] == ["[CLS]", "the", "fox", "[SEP]"]
    assert table["labels"].tolist() == [0, 1] and table.info == {"cut_rows": 0} and note == ""
    assert job.encode(job.parse(["where"]), False)["labels"].tolist() == [-1]


def test_a_network_without_class_names_is_refused():
    with pytest.raises(ConfigError, match="toy names no classes, so it was not trained for them; train it first"):
        NETWORKS.get("classes")(task(model__hidden_size=4).config)


def test_answers_are_classes_with_their_probabilities():
    job = task(model__labels=["a", "b"])
    logits = np.log([[3, 1], [1, 1], [1, 9]])
    assert decoded(job, logits) == [
        [{"label": "a", "score": 0.75}], [{"label": "a", "score": 0.5}], [{"label": "b", "score": 0.9}],
    ]  # fmt: skip
    assert decoded(job, logits, top_k=5)[2] == [{"label": "b", "score": 0.9}, {"label": "a", "score": 0.1}]


def test_all_scores_come_along_when_they_are_asked_for():
    job = task(model__labels=["a", "b"], data__output_logits=True, data__output_prob=True)
    assert decoded(job, [[0, 0]]) == [[{"label": "a", "score": 0.5, "logits": [0.0, 0.0], "prob": [0.5, 0.5]}]]


def test_a_set_of_classes_is_what_is_more_likely_than_not():
    job = task(model__labels=["a", "b", "c"], model__problem_type="multi_label_classification")
    answers = decoded(job, np.log([[3, 1, 9], [1 / 3, 1 / 9, 1]]))
    assert answers[0] == [{"label": ["a", "c"], "scores": {"a": 0.75, "b": 0.5, "c": 0.9}}]
    assert answers[1][0]["label"] == []
    examples = [type("Row", (), {"label": label}) for label in (("a", "c"), ("b",))]
    assert job.score(answers, examples)["exact_match"] == 0.5


def test_several_labels_become_ones_of_their_row(tmp_path):
    path = write(tmp_path, "text\tlabel\nthe\t2,0\nfox\t1\nwhere\t\n")
    job = prepared(path, model__problem_type="multi_label_classification")
    assert job.config.model.labels == ["0", "1", "2"] and job.metric == "micro_f1"
    table = job.encode(job.read(path, True)[0], True)
    assert table["labels"].tolist() == [[1, 0, 1], [0, 1, 0], [0, 0, 0]]


def test_regression_answers_with_a_number(tmp_path):
    path = write(tmp_path, "text\tscore\nthe\t1.5\nfox\t4\n")
    job = prepared(path, model__problem_type="regression")
    examples, _ = job.read(path, True)
    assert job.config.model.labels == [] and job.metric == "spearmanr"
    assert job.encode(examples, True)["labels"].tolist() == [1.5, 4.0]
    answers = decoded(job, [[1.25], [2.5]])
    assert answers == [[{"score": 1.25}], [{"score": 2.5}]]
    assert job.score(answers, examples)["spearmanr"] == pytest.approx(1)
    assert job.baselines(examples)[TRIVIAL]["mse"] == pytest.approx(1.25**2)


def test_the_baseline_says_the_most_frequent_label(tmp_path):
    path = write(tmp_path, "text\tlabel\nA\ta\nB\tb\nC\tb\n")
    job = prepared(path)
    examples, _ = job.read(path, False)
    assert job.baselines(examples)[TRIVIAL]["accuracy"] == pytest.approx(2 / 3)


def test_a_single_text_among_pairs_is_refused():
    job = task(model__labels=["a", "b"])
    with pytest.raises(DataError, match=r"input\[1\]: is a single text among pairs"):
        job.encode(job.parse([("the", "fox"), "where"]), False)


def test_soft_targets_travel_with_their_rows(tmp_path):
    path = write(tmp_path, "label\tlogits\ttext\na\t2 -1\tthe\nb\t0 1\tfox\n")
    job = prepared(path, data__soft_targets=True)
    assert job.loss().labels == ("labels", "teacher_logits") and "class_weights" in job.loss_settings
    table = job.encode(job.read(path, True)[0], True)
    assert table["teacher_logits"].tolist() == [[2, -1], [0, 1]]


def test_balanced_weights_come_from_the_training_data_and_stay_in_the_configuration(tmp_path):
    # 3 of 4 rows are x: 4 / (2 * 3) and 4 / (2 * 1)
    path = write(tmp_path, "text\tlabel\nA\tx\nB\tx\nC\tx\nD\ty\n")
    config = prepared(path, loss__balanced=True).config
    assert config.loss.class_weights == {"x": pytest.approx(2 / 3, abs=1e-6), "y": 2.0}
    said = prepared(path, loss__balanced=True, loss__class_weights={"y": 7}).config
    assert said.loss.class_weights == {"y": 7}


def rows_of(**classes) -> str:
    """A table with so many rows of each class."""
    rows = [f"{name} {i}\t{name}\n" for name, count in classes.items() for i in range(count)]
    return "text\tlabel\n" + "".join(rows)


@pytest.mark.parametrize(
    "classes, weights",
    [
        ({"x": 49, "y": 10}, {}),  # not five times as many
        # 60 rows in 2 classes: 60 / (2 * 50) and 60 / (2 * 10)
        ({"x": 50, "y": 10}, {"x": 0.6, "y": 3.0}),
        # 202 / (2 * 200), and of 202 / (2 * 2) no more than ten times that
        ({"x": 200, "y": 2}, {"x": 0.505, "y": 5.05}),
        ({"x": 1700, "y": 300}, {}),  # many rows
    ],
)
def test_few_rows_of_uneven_classes_are_weighted_and_it_is_told(tmp_path, caplog, classes, weights):
    caplog.set_level("INFO", "tasklab")
    path = write(tmp_path, rows_of(**classes))
    loss = prepared(path).config.loss
    assert loss.class_weights == pytest.approx(weights) and loss.balanced is (True if weights else None)
    assert ("loss.balanced=false lets all rows count alike" in caplog.text) == bool(weights)


def test_nobody_is_weighted_who_says_no_or_has_said_how(tmp_path):
    path = write(tmp_path, rows_of(x=50, y=1))
    assert prepared(path, loss__balanced=False).config.loss.class_weights == {}
    assert prepared(path, loss__class_weights={"y": 7}).config.loss.class_weights == {"y": 7}


def test_a_new_training_has_weights_of_its_own_data(tmp_path):
    """The weights of the data that a model was trained on come with it, and were not asked for."""
    path = write(tmp_path, rows_of(x=50, y=10))
    job = task(data__train=path, loss__balanced=True, loss__class_weights={"a": 3.0, "b": 1.0})
    job.config.inherited["loss.class_weights"] = {"a": 3.0, "b": 1.0}
    job.settle([])
    assert job.config.loss.class_weights == {"x": 0.6, "y": 3.0}


def test_the_loss_is_the_one_that_is_set(tmp_path):
    path = write(tmp_path, "text\tlabel\nA\tx\nB\ty\n")
    loss = prepared(path, loss__class_weights={"y": 3}, loss__label_smoothing=0.1, loss__focal_gamma=2).loss()
    assert (loss.class_weights.asnumpy().tolist(), loss.label_smoothing, loss.focal_gamma) == ([1, 3], 0.1, 2)
    assert prepared(path).loss().plain
    assert task(model__problem_type="regression").loss_settings == ()


def test_the_report_shows_texts_that_were_taken_for_something_else(tmp_path):
    job = prepared(write(tmp_path, "text_a\ttext_b\tlabel\nA\tB\tx\nC\tD\ty\n"))
    examples, _ = job.read(job.config.data.train, training=False)
    report = job.report([[{"label": "y", "score": 0.75}], [{"label": "y", "score": 0.5}]], examples)
    (row,) = report.wrong
    assert list(row.items()) == [
        ("text", "A"), ("line", "2"), ("id", "0"), ("truth", "x"), ("answer", "y"), ("score", 0.75), ("text_b", "B"),
    ]  # fmt: skip
    assert report.confusion.tolist() == [[0, 1], [0, 1]]
    assert report.intervals().keys() == {"accuracy", "f1"}


def test_several_labels_are_as_sure_as_the_one_that_is_nearest_to_a_half(tmp_path):
    job = prepared(write(tmp_path, "text\tlabel\nA\tx\nB\tx,y\n"), model__problem_type="multi_label_classification")
    examples, _ = job.read(job.config.data.train, training=False)
    report = job.report(job.target.answers(np.array([[3.0, 1.0], [9.0, 9.0]]), 1), examples)
    # of 3 and 1 the second is the nearer to 0: 1 / (1 + exp(-1)) = 0.7311
    assert [(row["truth"], row["answer"], row["score"]) for row in report.wrong] == [("x", "x, y", 0.7311)]
    assert {label: part["count"] for label, part in report.groups["label"].items()} == {"x": 2, "y": 1}


def test_numbers_that_are_farthest_off_are_shown(tmp_path):
    rows = "".join(f"{name}\t{number}\n" for number, name in enumerate("ABCDEFGHIJK"))
    job = prepared(write(tmp_path, "text\tlabel\n" + rows), model__problem_type="regression")
    examples, _ = job.read(job.config.data.train, training=False)
    told = [float(number) for number in range(11)]
    told[3], told[7] = 5.0, 4.5
    wrong = job.report([[{"score": number}] for number in told], examples).wrong  # a tenth of 11, rounded up
    assert [(row["text"], row["truth"], row["answer"], row["score"]) for row in wrong] == [
        ("H", 7.0, 4.5, -2.5), ("D", 3.0, 5.0, 2.0),
    ]  # fmt: skip
    assert not job.report([[{"score": float(number)}] for number in range(11)], examples).wrong


def test_every_kind_of_label_has_soft_targets(tmp_path):
    path = write(tmp_path, "label\tlogits\ttext\n1,0\t2 -1\tthe\n1\t0 1\tfox\n")
    several = {"model__problem_type": "multi_label_classification", "loss__soft_kind": "kl"}
    job = prepared(path, data__soft_targets=True, **several)
    assert job.encode(job.read(path, True)[0], True)["teacher_logits"].tolist() == [[2, -1], [0, 1]]
    assert job.loss().apart is DISTANCES["sigmoid"] and "soft_kind" in job.loss_settings
    path = write(tmp_path, "label\tlogits\ttext\n3\t2.5\tthe\n1\t-1\tfox\n")
    job = prepared(path, data__soft_targets=True, model__problem_type="regression")
    assert job.encode(job.read(path, True)[0], True)["teacher_logits"].tolist() == [[2.5], [-1]]
    assert job.loss().apart is DISTANCES["mse"] and job.loss_settings == ("soft_alpha",)


def test_a_number_comes_with_its_output_on_demand():
    job = task(model__problem_type="regression", data__output_logits=True)
    assert decoded(job, [[1.23456789]]) == [[{"score": 1.2346, "logits": [1.234568]}]]


def test_a_number_has_no_probabilities_and_who_asks_for_them_is_told():
    with pytest.raises(ConfigError, match="data.output_prob: there is none where model.problem_type is regression"):
        task(model__problem_type="regression", data__output_prob=True)


def test_the_baseline_that_learns_counts_words(tmp_path):
    path = write(tmp_path, "text\tlabel\ngood film\ta\nbad film\tb\ngood food\ta\nbad food\tb\n")
    job = prepared(path)
    examples, _ = job.read(path, True)
    assert job.baselines(examples, examples)[LEARNED]["accuracy"] == 1
    several = write(tmp_path, "text\tlabel\ngood film\ta,f\nbad film\tf\ngood food\ta\nbad food\t\n", "several.tsv")
    job = prepared(several, model__problem_type="multi_label_classification")
    examples, _ = job.read(several, True)
    assert job.baselines(examples, examples)[LEARNED]["exact_match"] == 1


def test_a_submission_names_classes_as_the_file_did():
    names = {"0": "not_equivalent", "1": "equivalent"}
    job = task(model__labels=list(names.values()), data__label_names=names, data__output_submission=True)
    found = [answers[0] for answers in decoded(job, [[0.0, 2.0], [1.0, 0.0]])]
    assert [(a["label"], a["prediction"]) for a in found] == [("equivalent", "1"), ("not_equivalent", "0")]
    assert job.layout == "submission"


def test_no_row_of_a_submission_is_left_out(tmp_path):
    path = write(tmp_path, "text_a\nfine\nbroken\tline\ndull\n", "test.tsv")
    job = task(model__labels=["a", "b"], data__on_bad_row="skip", data__output_submission=True)
    with pytest.raises(DataError, match="test.tsv:3"):
        job.parse(Path(path))
