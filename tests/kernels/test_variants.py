"""Other instruction sets and compilers give a library that passes the same tests."""

import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tasklab import kernels
from tasklab.kernels import build

HERE = Path(__file__).parent
NAMES = (
    "test_encoder_layer.py",
    "test_layer_safety.py",
    "test_optimizer.py",
    "test_decoder.py",
    "test_decoder_layer.py",
    "test_word_loss.py",
    "test_search.py",
)
TESTS = [HERE / name for name in NAMES]
X86 = platform.machine() == "x86_64"
WIDTHS = {  # what a machine with these instructions builds, and what each flag of /proc/cpuinfo must offer
    "x86-64": (),  # SSE2
    "x86-64-v3": ("avx2", "fma", "bmi2"),
    "x86-64-v4": ("avx512f", "avx512bw", "avx512vl"),
}
pytestmark = [pytest.mark.slow, pytest.mark.skipif(not kernels.available(), reason=kernels.why_not())]


def run_tests(tmp_path, **environment):
    """Runs the kernels' tests in a process of its own on a library built with other settings."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *TESTS]
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, cwd=HERE.parents[1],
        env={**os.environ, "TASKLAB_CACHE": str(tmp_path), **environment},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-3000:]
    assert len(list(tmp_path.glob("kernels-*.so"))) == 1


@pytest.mark.skipif(not X86, reason="instruction sets of x86")
@pytest.mark.parametrize("width", WIDTHS)
def test_narrower_instruction_sets_pass_the_same_tests(width, tmp_path):
    missing = set(WIDTHS[width]) - set(build._cpu().split())
    if missing:
        pytest.skip(f"this processor has no {', '.join(missing)}")
    run_tests(tmp_path, CXXFLAGS=f"-march={width}")


@pytest.mark.parametrize("compiler", ["g++", "clang++"])
def test_both_compilers_pass_the_same_tests(compiler, tmp_path):
    if shutil.which(compiler) is None:
        pytest.skip(f"{compiler} is not installed")
    run_tests(tmp_path, CXX=compiler)
