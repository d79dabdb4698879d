"""Building the kernels: once, together, and with one clear line when it cannot be done."""

import subprocess
import sys
from pathlib import Path

import pytest

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


def test_omp_num_threads_limits_the_threads(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    assert build.thread_count() == 1
