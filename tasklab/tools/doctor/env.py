"""`tasklab doctor env`: what this machine offers to a run, one line each, with a remedy where something is missing."""

import os
import platform
import shutil
import subprocess
import sys
import time
from importlib import metadata
from pathlib import Path

from tasklab import __version__, kernels
from tasklab.cachedir import cache_dir
from tasklab.content import from_home
from tasklab.engine import device
from tasklab.system import usable_cores
from tasklab.tools.doctor import machine

REQUIRED = (
    "mindspore", "mindformers", "numpy", "tokenizers", "safetensors", "sentencepiece", "gguf", "matplotlib", "tqdm"
)  # fmt: skip
OPTIONAL = ("tensorboardX",)
TRIAL = "import mindspore as ms; assert (ms.Tensor([1.0]) + 1).asnumpy()[0] == 2"


def report() -> int:
    """Prints the report; returns 1 when something that every run needs is missing or does not work, else 0."""
    missing = []
    print(f"tasklab {__version__}, Python {sys.version.split()[0]}, {platform.platform()}")
    for name in REQUIRED + OPTIONAL:
        try:
            print(f"  {name:14} {metadata.version(name)}")
        except metadata.PackageNotFoundError:
            print(f"  {name:14} missing{' (optional)' if name in OPTIONAL else ': pip install ' + name}")
            missing += [] if name in OPTIONAL else [name]
    works, status = _mindspore_works()
    print(f"mindspore       {status}")
    print(f"cores usable    {usable_cores()} of {os.cpu_count()}")
    print(f"memory          {machine.memory() / 2**30:.1f} GiB")
    print(f"devices         {', '.join(device.available())}")
    built = f"built for this machine, {'with' if kernels.bf16() else 'without'} bf16 products"
    if slow := kernels.slow_bf16():
        built += f"; precision=fp32 may be faster: {slow}"
    print(f"fused kernels   {built if kernels.available() else 'off, stock operators run: ' + kernels.why_not()}")
    folder = cache_dir()
    print(f"cache           {folder}, {_size(folder)}; {_free(folder)} free")
    chosen = os.environ.get("TASKLAB_CHECKPOINTS", "$TASKLAB_CHECKPOINTS (not set)")
    print(f"weights         looked up in {chosen}, {Path('checkpoints').absolute()}, {folder / 'weights'}")
    files = ("[!.]*/model.safetensors*", "[!.]*/[!.]*.gguf")
    placed = sorted({entry.parent.name for root in _roots(folder) for file in files for entry in root.glob(file)})
    print(f"                found: {', '.join(placed) or 'none; they are fetched when a run needs them'}")
    return 1 if missing or not works else 0


def _mindspore_works() -> tuple[bool, str]:
    """Adds two numbers in a process of its own, because an import that fails can take the process with it."""
    start = time.perf_counter()
    done = subprocess.run([sys.executable, "-c", TRIAL], capture_output=True, text=True, errors="replace")
    if done.returncode == 0:
        return True, f"works; loading takes {time.perf_counter() - start:.1f} s"
    lines = done.stderr.strip().splitlines() or [f"ended with exit code {done.returncode}"]
    return False, f"does not work: {lines[-1][:200]}; install tasklab again in a fresh environment"


def _roots(cache: Path) -> list[Path]:
    chosen = os.environ.get("TASKLAB_CHECKPOINTS")
    return [*([from_home(chosen)] if chosen else []), Path("checkpoints"), cache / "weights"]


def _size(folder: Path) -> str:
    used = sum(f.stat().st_size for f in folder.rglob("*") if f.is_file()) if folder.is_dir() else 0
    return f"{used / 2**20:.0f} MiB used"


def _free(folder: Path) -> str:
    while not folder.exists():
        folder = folder.parent
    return f"{shutil.disk_usage(folder).free / 2**30:.1f} GiB"
