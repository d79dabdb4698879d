"""Training jobs of a few kilobytes: a word-averaging classifier, or a step whose losses are scripted."""

from types import SimpleNamespace

import numpy as np
import pytest
from mindspore import Parameter, Tensor
from word_average import Labels, configuration, table_of

from tasklab.engine import loop as loop_module
from tasklab.engine.epochs import Fixed
from tasklab.engine.ranks import Ranks
from tasklab.engine.step import CompileLog
from tasklab.runs.folder import RunFolder


class ScriptedStep:
    """Stands in for GradientStep: three weights, gradients from the seed of the dropout, losses from a list."""

    losses: list = []
    columns = ("input_ids", "attention_mask", "labels", "sample_weight")
    summed_loss = SimpleNamespace(loss=None, network=None)

    def __init__(self, *_):
        self.parameters = (Parameter(Tensor(np.ones((1, 3), np.float32)), name="head.weight"),)
        self.calls = 0

    def run(self, batch, seed):
        rows = float(batch["sample_weight"].sum())
        loss = self.losses[self.calls] if self.calls < len(self.losses) else 0.5
        self.calls += 1
        return loss * rows, rows, (Tensor(np.full((1, 3), np.sin(seed), np.float32)),)


@pytest.fixture
def table():
    """table(lengths) -> rows of random words."""
    return table_of


@pytest.fixture
def settings():
    """settings(train__batch_size=2, ...) -> Config."""
    return configuration


@pytest.fixture
def task():
    """task(config) -> the word-averaging task."""
    return lambda config: Labels(config, tokenizer=None)


@pytest.fixture
def job(tmp_path, monkeypatch):
    """job(folder, ..., train__batch_size=2) -> TrainingLoop on the word-averaging network, 10 rows by default.

    Args:
        losses: a list puts a ScriptedStep in the place of the network; 0.5 after its end.
        scores: accuracies that successive evaluations report.
        relabel: what becomes of the column of labels.
        network: the network instead of the task's own.
        epochs: makes of the rows what the training trains on.
        ranks: instead of this process alone.
    """

    def build(
        folder="run", lengths=(3, 5) * 5, losses=None, scores=None, evaluate=None, callbacks=(), relabel=None,
        network=None, epochs=Fixed, ranks=None, **settings,
    ):  # fmt: skip
        config = configuration(**{"train__batch_size": 2, **settings})
        labels = Labels(config, tokenizer=None)
        run = RunFolder(tmp_path / folder)
        run.path.mkdir(exist_ok=True)
        if scores is not None:
            left = list(scores)

            def evaluate():
                return {"accuracy": left.pop(0)}

        with monkeypatch.context() as patch:
            if losses is not None:
                patch.setattr(loop_module, "GradientStep", type("Step", (ScriptedStep,), {"losses": losses}))
            table = table_of(lengths)
            if relabel is not None:
                table.dense["labels"] = relabel(table.dense["labels"])
            return loop_module.TrainingLoop(
                labels, network or labels.network(), epochs(table), run, callbacks, evaluate, {}, CompileLog(),
                ranks or Ranks(),
            )  # fmt: skip

    return build


@pytest.fixture
def weights():
    """weights(loop) -> copies of the trained arrays by name."""
    return lambda loop: {p.name: p.asnumpy().copy() for p in loop.step.parameters}
