"""Compiles src/*.cc into one shared library with the user's compiler, once per machine, compiler and source state.

CXX names another compiler, CXXFLAGS are added after our own flags and so win over them (-march=x86-64-v3).
A failure is not an error: `library()` returns None, `why_not()` says why in one line, and callers use stock ops.
"""

import contextlib
import ctypes
import functools
import hashlib
import importlib.metadata
import importlib.util
import logging
import os
import platform
import shlex
import shutil
import subprocess
import tempfile
from pathlib import Path

from tasklab.cachedir import cache_dir
from tasklab.system import lock, usable_cores

logger = logging.getLogger("tasklab")

SOURCES = Path(__file__).parent / "src"
COMPILERS = ("g++", "c++", "clang++")
FLAGS = ("-std=c++17", "-O3", "-fPIC", "-shared", "-pthread", "-fopenmp-simd", "-fno-math-errno", "-fno-trapping-math")
BF16_FLAGS = ("avx512_bf16", "amx_bf16", "bf16")  # without one oneDNN emulates, slower than float32
FAST_BF16_FLAGS = ("amx_bf16", "bf16")  # of units for products of matrices; AVX-512's alone may be slower than float32
TIMEOUT = 300  # seconds; a build takes about 10


class BuildError(Exception):
    """One line: why there is no library on this machine."""


@functools.lru_cache(maxsize=1)
def _outcome() -> tuple[ctypes.CDLL | None, str]:
    try:
        path = build()
        library = ctypes.CDLL(str(path))
    except (BuildError, OSError) as error:
        return None, " ".join(str(error).split())
    library.tasklab_set_threads(thread_count())
    library.path = str(path)
    products = library.tasklab_load_onednn(str(onednn()).encode())
    library.has_gemm = bool(products & 1)
    has, fast = bf16_of(_cpu())
    library.has_bf16, library.has_fast_bf16 = bool(products & 2) and has, bool(products & 2) and fast
    return library, ""


def bf16_of(cpu: str) -> tuple[bool, bool]:
    """Of /proc/cpuinfo's words: (whether there are products of bfloat16 values, and units that make them faster)."""
    flags = cpu.split()
    return any(flag in flags for flag in BF16_FLAGS), any(flag in flags for flag in FAST_BF16_FLAGS)


def library() -> ctypes.CDLL | None:
    """The loaded library, built at the first call; None when that failed."""
    return _outcome()[0]


def why_not() -> str:
    """Why `library()` is None, in one line; empty when it is not."""
    return _outcome()[1]


def build(cache: Path | None = None) -> Path:
    """Returns the path of the compiled library, compiling when the cache has none for this state.

    Raises: BuildError with one line.
    """
    if platform.system() != "Linux":
        raise BuildError(f"MindSpore takes operators from outside on Linux only, and this is {platform.system()}")
    compiler = _compiler()
    sources = sorted(SOURCES.glob("*.cc"))
    flags = [*FLAGS, *_machine_flags(), *_asked_flags()]
    folder = Path(cache) if cache else cache_dir()
    target = folder / f"kernels-{_key(compiler, flags)}.so"
    if target.exists():
        return target
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with _locked(folder / "kernels.lock"):
            if not target.exists():  # another process may have built it while this one waited
                logger.info("building the CPU kernels for this machine, once ...")
                _compile(compiler, flags, sources, target)
    except OSError as error:
        raise BuildError(f"cannot write the kernel cache {folder}: {error.strerror or error}") from error
    return target


def thread_count() -> int:
    """Threads the kernels use: the cores this process may run on, at most OMP_NUM_THREADS and the cgroup's quota."""
    count = usable_cores()
    asked = os.environ.get("OMP_NUM_THREADS", "").split(",")[0]
    if asked.isdigit() and int(asked) > 0:
        count = min(count, int(asked))
    with contextlib.suppress(OSError, ValueError):
        quota, period = Path("/sys/fs/cgroup/cpu.max").read_text().split()
        count = min(count, max(1, -(-int(quota) // int(period))))  # "max" is no number: ValueError, no quota
    return max(1, count)


def onednn() -> Path:
    """oneDNN as MindSpore bundles it, found without importing MindSpore."""
    spec = importlib.util.find_spec("mindspore")
    return Path(spec.origin if spec else "").parent / "lib" / "libdnnl.so.3"


def _compiler() -> str:
    asked = os.environ.get("CXX")
    for name in (asked,) if asked else COMPILERS:
        path = shutil.which(name)
        if path:
            return path
    raise BuildError(f"no C++ compiler found (tried {asked or ', '.join(COMPILERS)}); install g++ or set CXX")


def _machine_flags() -> list[str]:
    if platform.machine() in ("aarch64", "arm64"):
        return ["-mcpu=native"]
    return ["-march=native", *(["-mprefer-vector-width=512"] if "avx512f" in _cpu() else [])]


def _asked_flags() -> list[str]:
    asked = os.environ.get("CXXFLAGS", "")
    try:
        return shlex.split(asked)
    except ValueError as error:
        raise BuildError(f"CXXFLAGS = {asked}: {error}") from error


@functools.lru_cache(maxsize=1)
def _cpu() -> str:
    """Model and feature flags of the first core, so that a home folder shared between machines keeps one build each."""
    try:
        first = Path("/proc/cpuinfo").read_text().split("\n\n")[0]
    except OSError:
        return platform.processor()
    fields = ("model name", "flags", "Features", "CPU part", "CPU implementer")
    return "\n".join(line for line in first.splitlines() if line.startswith(fields))


def _key(compiler: str, flags: list[str]) -> str:
    digest = hashlib.sha256()
    try:
        version = subprocess.run([compiler, "--version"], capture_output=True, text=True, check=False).stdout
    except OSError as error:
        raise BuildError(f"{compiler} cannot be started: {error.strerror}") from error
    try:
        mindspore = importlib.metadata.version("mindspore")
    except importlib.metadata.PackageNotFoundError:
        mindspore = ""
    for text in (version, *flags, _cpu(), mindspore, platform.machine()):
        digest.update(text.encode() + b"\0")
    for source in sorted(SOURCES.iterdir()):
        digest.update(source.name.encode() + b"\0" + source.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


def _compile(compiler: str, flags: list[str], sources: list[Path], target: Path):
    """Objects side by side on all cores, then one link; the finished file is renamed into place."""
    with tempfile.TemporaryDirectory(dir=target.parent, prefix="build-") as scratch:
        objects = [Path(scratch) / f"{source.stem}.o" for source in sources]
        compile_flags = [flag for flag in flags if flag != "-shared"]
        jobs = [[compiler, *compile_flags, "-c", str(s), "-o", str(o)] for s, o in zip(sources, objects, strict=True)]
        _run_all(jobs, limit=usable_cores())
        library = Path(scratch) / target.name
        _run_all([[compiler, *flags, *map(str, objects), "-o", str(library), "-ldl"]], limit=1)
        os.replace(library, target)


def _run_all(jobs: list[list[str]], limit: int):
    for start in range(0, len(jobs), limit):
        running = [
            subprocess.Popen(job, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, errors="replace")
            for job in jobs[start : start + limit]
        ]
        for job, process in zip(jobs[start:], running, strict=False):
            try:
                message = process.communicate(timeout=TIMEOUT)[1]
            except subprocess.TimeoutExpired as error:
                for other in running:
                    other.kill()
                raise BuildError(f"{job[0]} did not finish in {TIMEOUT} s") from error
            if process.returncode:
                lines = [line for line in message.splitlines() if "error: " in line] or message.splitlines()
                raise BuildError(f"{job[0]} failed: {lines[0].strip() if lines else f'code {process.returncode}'}")


@contextlib.contextmanager
def _locked(path: Path):
    with path.open("w") as handle:
        lock(handle, wait=True)
        yield
