"""Stacking: two models that are each right about another half of the examples; together they are right about all."""

import json
import sys

import numpy as np
import pytest

from tasklab.errors import ConfigError, DataError, MissingDependency
from tasklab.tools.stack import stack

LABELS = ["no", "yes"]


def write(path, probabilities, labels=None):
    rows = []
    for i, row in enumerate(probabilities):
        answer = {"label": LABELS[int(np.argmax(row))], "prob": [round(float(p), 6) for p in row]}
        rows.append({"id": str(i), **({} if labels is None else {"label": labels[i]}), "answers": [answer]})
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(rows))
    return str(path)


def made(folder, rng, count=400):
    """Labels; the one model is sure and right where x < 0 and says 0.6 "yes" elsewhere, the other the reverse."""
    x, label = rng.uniform(-1, 1, count), rng.integers(0, 2, count)
    sure = np.where(label[:, None] == [0, 1], 0.9, 0.1)
    unsure = np.tile([0.4, 0.6], (count, 1))
    names = [LABELS[i] for i in label]
    one = write(folder / "one" / "predictions.json", np.where(x[:, None] < 0, sure, unsure), names)
    other = write(folder / "other" / "predictions.json", np.where(x[:, None] < 0, unsure, sure), names)
    return one, other, names


def test_the_stack_knows_whom_to_trust(tmp_path, rng):
    pytest.importorskip("lightgbm")
    one, other, names = made(tmp_path, rng)
    result = stack(one, other, to=str(tmp_path / "s"), test=[one, f"{other},{other}"])
    # each model is right where it is sure, and where it guesses "yes" in about half of the rest
    scores = {who: s["accuracy"] for who, s in result.scores.items()}
    assert 0.65 < scores[one] < 0.85 and 0.65 < scores[other] < 0.85
    assert scores["stack, cross-validated in 5 parts"] > 0.99
    answers = json.loads((tmp_path / "s" / "predictions.json").read_text())
    assert [row["answers"][0]["label"] for row in answers] == names == [row["label"] for row in answers]
    about = json.loads((tmp_path / "s" / "stack.json").read_text())
    assert about["labels"] == LABELS and about["settings"]["num_leaves"] == 10
    assert (tmp_path / "s" / "model.txt").read_text().startswith("tree")


def test_the_search_is_never_worse_than_uer_s_settings(tmp_path, rng):
    pytest.importorskip("lightgbm")
    one, other, _ = made(tmp_path, rng, 120)
    plain = stack(one, other, to=str(tmp_path / "a"), folds=3)
    found = stack(one, other, to=str(tmp_path / "b"), folds=3, trials=4)
    last = "stack, cross-validated in 3 parts"
    assert found.scores[last]["accuracy"] >= plain.scores[last]["accuracy"] - 0.02
    assert found.settings.keys() == plain.settings.keys()


def test_files_that_do_not_belong_together_are_refused(tmp_path, rng):
    one, other, names = made(tmp_path, rng, 20)
    shorter = write(tmp_path / "c" / "p.json", [[0.5, 0.5]] * 19, names[:19])
    with pytest.raises(DataError, match="are about different examples"):
        stack(one, shorter, to="s")
    with pytest.raises(ConfigError, match="at least two models"):
        stack(one, to="s")
    bare = tmp_path / "bare.json"
    bare.write_text(json.dumps([{"id": "0", "answers": [{"label": "no"}]}]))
    with pytest.raises(DataError, match="bare.json: holds no probabilities; predict again with data.output_prob=true"):
        stack(one, str(bare), to="s")
    bare.write_text("{}")
    with pytest.raises(DataError, match="bare.json: "):
        stack(one, str(bare), to="s")
    unlabelled = [write(tmp_path / n / "p.json", [[0.4, 0.6]] * 3) for n in "ab"]
    with pytest.raises(ConfigError, match="the examples have no labels"):
        stack(*unlabelled, to="s")


def test_lightgbm_is_asked_for_by_name_when_it_is_absent(tmp_path, rng, monkeypatch):
    monkeypatch.setitem(sys.modules, "lightgbm", None)
    one, other, _ = made(tmp_path, rng, 20)
    with pytest.raises(MissingDependency, match=r'stacking needs LightGBM: pip install "tasklab\[stacking\]"'):
        stack(one, other, to="s")
