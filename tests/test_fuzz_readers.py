"""Every kind of file that is read, damaged: an answer or a TasklabError, in bounded time and memory, nothing else."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from fuzzing import KINDS  # noqa: E402

COUNT = 200


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_damage_is_answered_or_refused_in_words(kind, tmp_path):
    if kind.startswith("data."):
        pytest.importorskip("datasets")
    if kind.endswith(".xlsx"):
        pytest.importorskip("openpyxl")
    program = Path(__file__).parent / "fuzzing.py"
    done = subprocess.run(
        [sys.executable, program, kind, str(COUNT)], cwd=tmp_path, capture_output=True, text=True, errors="replace",
        timeout=COUNT * 3, env={**os.environ, "TASKLAB_CACHE": str(tmp_path / "cache")},
    )  # fmt: skip
    told = done.stdout.splitlines()
    assert done.returncode == 0, done.stderr[-2000:]
    assert len(told) == 1 and told[0].startswith("refused"), done.stdout[:4000]
