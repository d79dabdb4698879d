"""Cross-validation whose trainings are scripted."""

import json
import statistics

import pytest
from search_driver import search_in

from tasklab.errors import ConfigError, TrainingError
from tasklab.trainer import Trainer
from tasklab.trials import folds
from tasklab.trials import trial as trial_module
from tasklab.trials.folds import cross_validate


@pytest.fixture
def config(tmp_path, monkeypatch):
    monkeypatch.setattr(trial_module, "COMMAND", trial_module.COMMAND)  # search_in replaces it
    config = search_in(tmp_path).config
    config.data.train, config.optimizer.lr = "train.tsv", 1e-3
    return config


def words(path):
    return [line.split()[0] for line in path.read_text().splitlines()]


def test_every_fold_is_a_run_and_their_last_evaluations_count(config, tmp_path):
    found = cross_validate(tmp_path / "f", config, 3, parallel=2)
    # the script's evaluations say 0.9, then 1.0
    assert found["mean"] == {"accuracy": pytest.approx(1.0)} and found["deviation"] == {"accuracy": 0}
    assert found["folds"] == [{"accuracy": pytest.approx(1.0)}] * 3
    assert json.loads((tmp_path / "f" / "folds.json").read_text()) == found
    plans = [path.read_text() for path in sorted(tmp_path.glob("f/fold-*/plan.yaml"))]
    assert ["fold: 0" in plans[0], "fold: 1" in plans[1], "fold: 2" in plans[2]] == [True] * 3
    # fold k of the script holds the examples k, k + 3, k + 6 and k + 9
    assert [row["id"] for row in json.loads((tmp_path / "f" / "predictions.json").read_text())] == [
        str(i) for i in range(12)
    ]


def test_a_killed_fold_goes_on_and_finished_ones_are_not_repeated(config, tmp_path, monkeypatch):
    monkeypatch.setenv("TEST_ACT", "die")
    cross_validate(tmp_path, config, 2)
    cross_validate(tmp_path, config, 2)
    assert [words(path) for path in tmp_path.glob("fold-*/train.log")] == [["started", "resumed"]] * 2


@pytest.mark.parametrize("kind, told", [("regression", False), ("single_label_classification", True)])
def test_folds_keep_probabilities_for_stacking_where_there_are_any(kind, told):
    given = [f"model.problem_type={kind}", "from_scratch=true", "data.train=x.tsv"]
    config = Trainer(None, "text_classification", "bert_tiny", overrides=given).config
    assert folds._plan(config, 2, 0).data.output_prob is told


def test_a_fold_that_fails_says_why(config, tmp_path, monkeypatch):
    monkeypatch.setenv("TEST_ACT", "fail")
    with pytest.raises(TrainingError, match="fold-0: error: the data is no data"):
        cross_validate(tmp_path, config, 2)


def test_a_folder_keeps_to_its_settings(config, tmp_path):
    cross_validate(tmp_path, config, 2)
    config.optimizer.lr = 1e-4
    with pytest.raises(ConfigError, match="fold-0 was planned with other settings"):
        cross_validate(tmp_path, config, 2)


def test_deviation_is_that_of_a_sample():
    from tasklab.trials.folds import _summary

    found = _summary([{"kind": "evaluate", "f1": value, "total": 5} for value in (0.5, 0.7, 0.9)])
    assert found["mean"] == {"f1": pytest.approx(0.7)}
    assert found["deviation"] == {"f1": pytest.approx(statistics.stdev([0.5, 0.7, 0.9]))}
