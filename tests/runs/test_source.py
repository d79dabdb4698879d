"""The folder of a run stands for weights wherever a name or a folder does."""

import numpy as np

from tasklab.runs.source import find_source
from tasklab.weights.folder import TensorFile, write_folder


def checkpoint(path):
    weights = TensorFile({"head.output.bias": np.ones(2, np.float32)})
    return write_folder(path, {"model.safetensors": weights, "config.yaml": b"task: x\n", "vocab.txt": b"[PAD]\n"})


def test_the_folder_of_a_run_stands_for_its_best_checkpoint_or_else_the_last(tmp_path):
    run, said = tmp_path / "output", []
    for step in (5, 10):
        checkpoint(run / f"checkpoint-{step}")
    assert find_source(run, said.append).folder == run / "checkpoint-10"
    (run / "best").write_text("checkpoint-5\n")
    assert find_source(run, said.append).folder == run / "checkpoint-5"
    assert said == [f"{run}: taking checkpoint-{step} of this run" for step in ("10, the last", "5, the best")]


def test_weights_placed_under_a_name_come_before_a_run_of_that_name(tmp_path):
    checkpoint(tmp_path / "mine" / "checkpoint-3")
    placed = checkpoint(tmp_path / "checkpoints" / "mine")
    assert find_source("mine").folder.resolve() == placed
    assert find_source("./mine").folder.resolve() == tmp_path / "mine" / "checkpoint-3"
