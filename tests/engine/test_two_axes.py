"""A network with a source and a target runs, is scored and trained like any other; nothing is called input_ids."""

import numpy as np
import pytest
from word_swap import Swap, swap_config, swap_rows

from tasklab.engine.epochs import Fixed
from tasklab.engine.evaluate import Evaluator
from tasklab.engine.loop import TrainingLoop
from tasklab.engine.ranks import Ranks
from tasklab.engine.runner import NetworkRunner, planned, served
from tasklab.engine.step import CompileLog
from tasklab.runs.folder import RunFolder

SOURCE, TARGET = (3, 20, 7, 1, 9), (18, 2, 5, 20, 1)


@pytest.fixture
def made():
    """(task, network, rows, logits of each row by hand)."""
    task = Swap(swap_config(**{"evaluate.batch_size": 2}), tokenizer=None)
    network, rows = task.network(), swap_rows(SOURCE, TARGET)
    table, weight, bias = (p.asnumpy() for p in (network.table, network.output.weight, network.output.bias))
    wanted = []
    for i in range(len(rows)):
        source, target = table[rows["source_ids"].row(i)].mean(axis=0), table[rows["target_ids"].row(i)]
        wanted.append((source + target) @ weight.T + bias)
    return task, network, rows, wanted


@pytest.mark.parametrize("plan", [planned, served])
def test_outputs_are_those_of_each_row_alone(made, plan):
    task, network, rows, wanted = made
    run = NetworkRunner(network, task.config, CompileLog(), plan)
    for (found,), by_hand in zip(task.answer([None] * 5, run, rows=rows), wanted, strict=True):
        np.testing.assert_allclose(found, by_hand, atol=1e-5)


def test_lengths_follow_from_each_axis(made):
    task, _, rows, _ = made
    assert planned(rows, task.config) == {"input": (16, 32), "target": (16, 24)}
    assert served(rows, task.config) == {"input": (16, 32), "target": (16, 24)}


def test_the_loss_counts_every_word_of_the_target_once(made):
    task, network, rows, wanted = made
    logits = np.concatenate(wanted)
    log_probs = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
    mean = -log_probs[np.arange(len(logits)), rows["labels"].values - 1].mean()
    run = NetworkRunner(network, task.config, CompileLog(), planned)
    assert Evaluator(task, run, rows, [None] * 5)()["loss"] == pytest.approx(mean, abs=1e-5)


def test_it_learns(tmp_path):
    config = swap_config(**{"train.batch_size": 2, "train.epochs": 20, "optimizer.lr": 0.05})
    task, rows = Swap(config, tokenizer=None), swap_rows(SOURCE, TARGET)
    (tmp_path / "run").mkdir()
    network, compiles = task.network(), CompileLog()
    evaluate = Evaluator(task, NetworkRunner(network, config, compiles, planned), rows, [None] * 5)
    before = evaluate()["loss"]
    run = RunFolder(tmp_path / "run")
    TrainingLoop(task, network, Fixed(rows), run, [], None, {}, compiles, Ranks()).train()
    assert evaluate()["loss"] < before / 4
