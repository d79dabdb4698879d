"""What every test gets: an empty working directory, its own cache, a seeded generator, and cells called with NumPy."""

import os
import shutil
import sys
import tempfile
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))  # for `from tests...`: not every way to install puts it there
os.environ.setdefault("GLOG_v", "4")  # MindSpore reads it when it is imported: errors only


def pytest_addoption(parser):
    parser.addoption("--slow", action="store_true", help="also run the tests that take more than 5 s")


def pytest_configure(config):
    config.addinivalue_line("markers", "slow: takes more than 5 s; runs with --slow")
    config.addinivalue_line("markers", "device: needs an Ascend or a GPU")
    # One cache for the whole session: compiling the kernels takes longer than most tests.
    config.own_cache = None
    if "TASKLAB_CACHE" not in os.environ:
        config.own_cache = os.environ["TASKLAB_CACHE"] = tempfile.mkdtemp(prefix="tasklab-tests-")


def pytest_unconfigure(config):
    if config.own_cache:
        shutil.rmtree(config.own_cache, ignore_errors=True)
        del os.environ["TASKLAB_CACHE"]


def pytest_collection_modifyitems(config, items):
    if config.getoption("--slow"):
        return
    skip = pytest.mark.skip(reason="takes more than 5 s; run it with --slow")
    for item in items:
        if "slow" in item.keywords:
            item.add_marker(skip)


@pytest.fixture(autouse=True)
def _empty_working_directory(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.fixture(autouse=True)
def _mode_of_a_fresh_process():
    """Jobs leave MindSpore in graph mode; no test shall depend on those before it."""
    yield
    if (ms := sys.modules.get("mindspore")) is not None and ms.get_context("mode") != ms.PYNATIVE_MODE:
        ms.set_context(mode=ms.PYNATIVE_MODE)


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.fixture(scope="session")
def run():
    """run(cell, *arrays) -> array, or a tuple of them: calls a cell with NumPy arrays."""
    from mindspore import Tensor

    def call(cell, *arrays):
        outputs = cell(*(Tensor(array) if isinstance(array, np.ndarray) else array for array in arrays))
        return tuple(o.asnumpy() for o in outputs) if isinstance(outputs, tuple) else outputs.asnumpy()

    return call
