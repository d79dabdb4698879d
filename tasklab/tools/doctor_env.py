"""`tasklab doctor env`: what this machine offers to a run, one line each, with a remedy where something is missing."""

import os
import platform
import shutil
import sys
from importlib import metadata
from pathlib import Path

from tasklab import __version__, kernels
from tasklab.cachedir import cache_dir
from tasklab.engine import device

REQUIRED = ("mindspore", "mindformers", "numpy", "tokenizers", "safetensors", "sentencepiece", "matplotlib", "tqdm")
OPTIONAL = ("tensorboardX",)


def report() -> int:
    """Prints the report; returns 1 when something that every run needs is missing, else 0."""
    missing = []
    print(f"tasklab {__version__}, Python {sys.version.split()[0]}, {platform.platform()}")
    for name in REQUIRED + OPTIONAL:
        try:
            print(f"  {name:14} {metadata.version(name)}")
        except metadata.PackageNotFoundError:
            print(f"  {name:14} missing{' (optional)' if name in OPTIONAL else ': pip install ' + name}")
            missing += [] if name in OPTIONAL else [name]
    print(f"cores usable    {device.usable_cores()} of {os.cpu_count()}")
    print(f"memory          {_memory()}")
    print(f"devices         {', '.join(device.available())}")
    built = kernels.available()
    print(f"fused kernels   {'built for this machine' if built else 'off, stock operators run: ' + kernels.why_not()}")
    folder = cache_dir()
    print(f"cache           {folder}, {_size(folder)}; {_free(folder)} free")
    print(f"weights         {os.environ.get('TASKLAB_CHECKPOINTS') or './checkpoints'}, then {folder / 'weights'}")
    return 1 if missing else 0


def _memory() -> str:
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return f"{pages / 2**30:.1f} GiB"


def _size(folder: Path) -> str:
    used = sum(f.stat().st_size for f in folder.rglob("*") if f.is_file()) if folder.is_dir() else 0
    return f"{used / 2**20:.0f} MiB used"


def _free(folder: Path) -> str:
    while not folder.exists():
        folder = folder.parent
    return f"{shutil.disk_usage(folder).free / 2**30:.1f} GiB"
