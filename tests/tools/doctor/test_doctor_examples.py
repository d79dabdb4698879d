"""`doctor data` on files of tasks that have no inspection of their own kind of data."""

import pytest

SETTINGS = ["model.vocab_size=5"]


@pytest.fixture
def mixture(tmp_path):
    """Two data sets; a row of one stands there twice, and again in the evaluation."""
    for name, rows in {
        "mood": "label\ttext_a\ngood\tfine\nbad\tawful\nbad\tawful\n",
        "size": "label\ttext_a\nbig\twhale\nsmall\tant\n",
    }.items():
        (tmp_path / "train" / name).mkdir(parents=True)
        (tmp_path / "train" / name / "train.tsv").write_text(rows)
        (tmp_path / "dev" / name).mkdir(parents=True)
        (tmp_path / "dev" / name / "dev.tsv").write_text(rows.replace("fine", "lovely"))
    return tmp_path


def test_examples_are_counted_by_label_and_leaks_are_told(doctor, mixture):
    status, told = doctor(mixture / "train", "--eval", mixture / "dev", "--model", "multitask_minilm_l6")
    assert "5 examples" in told and "mood/bad" in told and "40.0%" in told
    assert "look  train: 1 example met before; one of each is enough" in told
    assert status == 1 and "4 examples of eval also in train" in told  # all but the one that differs


def test_what_the_task_refuses_is_to_be_fixed(doctor, tmp_path):
    (tmp_path / "pairs").mkdir()
    (tmp_path / "pairs" / "train.tsv").write_text("label\ttext_a\nx\t\n")
    status, told = doctor(tmp_path, "--model", "multitask_minilm_l6")
    assert status == 1 and "FIX   train: " in told and "train.tsv" in told
