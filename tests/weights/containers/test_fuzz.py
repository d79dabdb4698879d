"""Seeded damage to small files of every kind: an answer or a CheckpointError, never a crash, never a hang."""

import random
import time
from pathlib import Path

import numpy as np
import pytest
from fuzzing import damaged
from gguf_files import write_gguf

from tasklab.errors import CheckpointError
from tasklab.weights.containers import open_weights
from tasklab.weights.files import TensorFile

FIXTURES = Path(__file__).parents[2] / "fixtures" / "containers"
FILES = (
    "torch_zip.bin", "torch_legacy.bin", "mindspore.ckpt", "mindspore_crc.ckpt", "bundle.index", "x.safetensors",
    "x.gguf",
)  # fmt: skip
WORST = 1.0  # seconds of processor time for one file, whatever else the machine does


@pytest.fixture
def original(request, tmp_path):
    name = request.param
    if name.endswith(".safetensors"):
        TensorFile({"a": np.ones((2, 3), np.float32), "b": np.arange(4)})(tmp_path / "whole")
        return name, (tmp_path / "whole").read_bytes()
    if name.endswith(".gguf"):
        return name, write_gguf(tmp_path / "whole").read_bytes()
    for data in FIXTURES.glob("bundle.data-*"):
        (tmp_path / data.name).write_bytes(data.read_bytes())
    return name, (FIXTURES / name).read_bytes()


def fuzz(original, folder, count):
    name, data = original
    rng, path, refused = random.Random(name), folder / name, 0
    for number in range(count):
        path.write_bytes(damaged(data, rng))
        start = time.process_time()
        try:
            for tensor in open_weights(path)[1].values():
                assert np.asarray(tensor).shape == tensor.shape
        except CheckpointError as error:
            refused += 1
            assert folder.name in str(error)
        assert time.process_time() - start < WORST, f"file {number}"
    assert refused > count / 4  # the damage reaches the readers


@pytest.mark.parametrize("original", FILES, indirect=True)
def test_damage_is_answered_not_obeyed(original, tmp_path):
    fuzz(original, tmp_path, 300)


@pytest.mark.slow
@pytest.mark.parametrize("original", FILES, indirect=True)
def test_ten_thousand_damaged_files_of_each_kind_are_answered(original, tmp_path):
    fuzz(original, tmp_path, 10_000)
