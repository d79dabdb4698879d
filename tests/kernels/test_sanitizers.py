"""Every operator under the compilers' sanitizers: no stray access, no undefined step, no data race, equal results.

sanitize/driver.cc makes the calls. oneDNN writes its own machine code, which no sanitizer sees into: matrix products
come from plain loops (sanitize/plain_gemm.cc) that are watched too, then from oneDNN between guarded buffers.
"""

import os
import subprocess
from pathlib import Path

import pytest

from tasklab.kernels import build

HERE = Path(__file__).parent / "sanitize"
FLAGS = ("-std=c++17", "-O1", "-g", "-fopenmp-simd", "-pthread", "-fno-omit-frame-pointer")
OPTIONS = {  # fresh memory is full of NaN, so that a read of something unwritten shows in the results
    "ASAN_OPTIONS": "malloc_fill_byte=255:max_malloc_fill_size=1073741824:detect_stack_use_after_return=1",
    "UBSAN_OPTIONS": "print_stacktrace=1",
}
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module", params=["address,undefined", "thread"])
def watched(request, tmp_path_factory):
    """The driver and the plain matrix products, compiled for one kind of sanitizer."""
    try:
        compiler = build._compiler()
    except build.BuildError as error:
        pytest.skip(str(error))
    folder = tmp_path_factory.mktemp("sanitize")
    flags = [*FLAGS, f"-fsanitize={request.param}", "-fno-sanitize-recover=all"]
    empty = folder / "empty.cc"
    empty.write_text("int main() {}\n")
    if subprocess.run([compiler, *flags, empty, "-o", folder / "empty"], capture_output=True, check=False).returncode:
        pytest.skip(f"{compiler} has no -fsanitize={request.param} here")
    sources = [*sorted(build.SOURCES.glob("*.cc")), HERE / "driver.cc"]
    objects = [folder / f"{source.stem}.o" for source in sources]
    build._run_all([[compiler, *flags, "-c", s, "-o", o] for s, o in zip(sources, objects, strict=True)], limit=2)
    products, driver = folder / "products.so", folder / "driver"
    build._run_all([[compiler, *flags, "-shared", "-fPIC", HERE / "plain_gemm.cc", "-o", products]], limit=1)
    build._run_all([[compiler, *flags, *objects, "-o", driver, "-ldl"]], limit=1)
    return driver, products


@pytest.mark.parametrize("products", ["plain", "onednn"])
def test_no_operator_strays_races_or_depends_on_how_it_runs(watched, products):
    driver, plain = watched
    library = plain if products == "plain" else build.onednn()
    if not library.is_file():
        pytest.skip(f"no {library}")
    done = subprocess.run(
        [driver, library], capture_output=True, text=True, timeout=500, check=False, env={**os.environ, **OPTIONS}
    )
    assert done.returncode == 0 and done.stdout.startswith("ok: "), done.stdout + done.stderr[-6000:]
