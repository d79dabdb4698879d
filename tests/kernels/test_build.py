"""Building the kernels: once, together, and with one clear line when it cannot be done."""

import ctypes
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tasklab.config import resolve
from tasklab.kernels import build


@pytest.fixture
def small_sources(tmp_path, monkeypatch):
    folder = tmp_path / "src"
    folder.mkdir()
    (folder / "one.cc").write_text('extern "C" int one() { return 1; }\n')
    monkeypatch.setattr(build, "SOURCES", folder)
    return folder


def need_compiler():
    try:
        build._compiler()
    except build.BuildError as error:
        pytest.skip(str(error))


def test_a_second_build_reuses_the_first(small_sources, tmp_path):
    need_compiler()
    first = build.build(tmp_path / "cache")
    stamp = first.stat().st_mtime_ns
    assert build.build(tmp_path / "cache") == first and first.stat().st_mtime_ns == stamp


def test_a_changed_source_is_built_anew(small_sources, tmp_path):
    need_compiler()
    first = build.build(tmp_path / "cache")
    (small_sources / "one.cc").write_text('extern "C" int one() { return 2; }\n')
    assert build.build(tmp_path / "cache") != first


def test_two_processes_may_build_at_once(small_sources, tmp_path):
    need_compiler()
    code = (
        f"import sys, pathlib; sys.path.insert(0, {str(Path(build.__file__).parents[2])!r}); "
        "from tasklab.kernels import build; "
        f"build.SOURCES = pathlib.Path({str(small_sources)!r}); print(build.build({str(tmp_path / 'cache')!r}))"
    )
    both = [subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) for _ in range(2)]
    paths = {process.communicate(timeout=60)[0] for process in both}
    assert len(paths) == 1 and all(process.returncode == 0 for process in both)


def test_a_missing_compiler_is_named(monkeypatch, tmp_path):
    monkeypatch.setenv("CXX", "no-such-compiler")
    with pytest.raises(build.BuildError, match="no C\\+\\+ compiler found \\(tried no-such-compiler\\)"):
        build.build(tmp_path)


def test_a_compiler_error_is_told_in_one_line(small_sources, tmp_path):
    need_compiler()
    (small_sources / "one.cc").write_text("int one() { return two; }\n")
    with pytest.raises(build.BuildError, match="failed: .*two.*") as caught:
        build.build(tmp_path / "cache")
    assert "\n" not in str(caught.value)


def test_a_compiler_that_fails_without_a_word_is_named_with_its_code(small_sources, monkeypatch, tmp_path):
    monkeypatch.setenv("CXX", "false")
    with pytest.raises(build.BuildError, match="/false failed: code 1$"):
        build.build(tmp_path / "cache")


def test_a_compiler_that_cannot_be_started_is_named(small_sources, monkeypatch, tmp_path):
    broken = tmp_path / "broken-compiler"
    broken.write_bytes(b"\x7fELF of no machine")
    broken.chmod(0o755)
    monkeypatch.setenv("CXX", str(broken))
    with pytest.raises(build.BuildError, match="broken-compiler cannot be started: Exec format error"):
        build.build(tmp_path / "cache")


def test_a_cache_that_cannot_be_written_is_named(small_sources, tmp_path):
    need_compiler()
    (tmp_path / "cache").write_text("a file where a folder should be")
    with pytest.raises(build.BuildError, match=f"cannot write the kernel cache {tmp_path}/cache: "):
        build.build(tmp_path / "cache")


def test_cxxflags_win_over_our_own_and_make_another_library(small_sources, monkeypatch, tmp_path):
    need_compiler()
    (small_sources / "one.cc").write_text('extern "C" int one() { return NUMBER; }\n')
    built = {}
    for number in (1, 2):
        monkeypatch.setenv("CXXFLAGS", f"-DNUMBER={number} '-DTEXT=a b'")
        built[number] = build.build(tmp_path / "cache")
        assert ctypes.CDLL(str(built[number])).one() == number
    assert built[1] != built[2]


def test_cxxflags_with_an_open_quote_are_refused(small_sources, monkeypatch, tmp_path):
    need_compiler()
    monkeypatch.setenv("CXXFLAGS", "-DTEXT='a")
    with pytest.raises(build.BuildError, match="CXXFLAGS = -DTEXT='a: No closing quotation"):
        build.build(tmp_path / "cache")


def test_without_kernels_the_stock_operators_answer_and_one_line_says_why(monkeypatch, tmp_path, caplog):
    from mindspore import Tensor, int32, ops

    from tasklab.encoders import build_encoder

    monkeypatch.setenv("CXX", "no-such-compiler")
    monkeypatch.setenv("TASKLAB_CACHE", str(tmp_path))
    monkeypatch.setattr(build, "_outcome", build._outcome.__wrapped__)  # not what this process found out before
    encoder = build_encoder(resolve("question_answering", "bert_tiny")).set_train(False)
    assert not hasattr(encoder.layers[0], "fused")
    warnings = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert len(warnings) == 1 and "\n" not in warnings[0]
    assert "stock operators run" in warnings[0] and "no-such-compiler" in warnings[0]
    ids = Tensor([[1, 2, 3]], int32)
    assert np.isfinite(encoder(ids, ops.ones_like(ids), ops.zeros_like(ids)).asnumpy()).all()


def test_omp_num_threads_limits_the_threads(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    assert build.thread_count() == 1
