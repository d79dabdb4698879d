"""Runs that commit ee1a133 wrote (fixtures/make_old_runs.py) predict, evaluate and go on as they did there."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from tasklab import Trainer
from tasklab.kernels import build
from tasklab.runs.history import read_metrics
from tasklab.runs.state import FORMAT
from tasklab.weights.folder import read_weights

OLD = Path(__file__).parents[1] / "fixtures/old_runs"
STEP, STEPS = 3, 6


@pytest.fixture(params=["text_classification", "question_answering"])
def old(request, tmp_path) -> Path:
    """A copy to go on with: the data, run/ and expected.json of a task."""
    return Path(shutil.copytree(OLD / request.param, tmp_path / "old"))


def data_in(old: Path) -> Path:
    return next(old.glob("data.*"))


def close(found, wanted):
    """Equal names and texts, numbers as near as another processor may leave them."""
    if isinstance(wanted, dict):
        assert found.keys() >= wanted.keys()
        for key in wanted:
            close(found[key], wanted[key])
    elif isinstance(wanted, list):
        assert len(found) == len(wanted)
        for one, other in zip(found, wanted, strict=True):
            close(one, other)
    else:
        assert found == (pytest.approx(wanted, abs=2e-4) if isinstance(wanted, float) else wanted)


def test_an_old_run_answers_and_scores_as_before(old):
    expected = json.loads((old / "expected.json").read_text())
    trainer = Trainer(model=str(old / "run"))
    close(trainer.predict(input_data=expected["inputs"], top_k=2), expected["answers"])
    close(trainer.evaluate(eval_dataset=data_in(old)), expected["metrics"])


@pytest.mark.skipif("avx512f" not in build._cpu(), reason="the numbers are of AVX-512; small losses are others without")
def test_an_old_run_goes_on_with_the_step_it_stopped_before(old):
    expected = json.loads((old / "expected.json").read_text())
    assert "format_version" not in json.loads((old / f"run/checkpoint-{STEP}/trainer_state.json").read_text())
    data = data_in(old)
    summary = Trainer(model=str(old / "run"), train_dataset=data, eval_dataset=data).train(str(old / "run"))
    assert summary["global_step"] == STEPS
    records = [record for record in read_metrics(old / "run/metrics.jsonl") if record["global_step"] > STEP]
    close(records, expected["records"])
    weights = read_weights(summary["last_checkpoint"])
    close({name: float(np.linalg.norm(value)) for name, value in weights.items()}, expected["norms"])
    state = json.loads((Path(summary["last_checkpoint"]) / "trainer_state.json").read_text())
    assert state["format_version"] == FORMAT and "digest_of_rows" in state["plan"]
