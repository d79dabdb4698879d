"""What every source of files over the network needs: a process of its own, a work folder, checks of what came."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from tasklab.digest import file_sha256
from tasklab.errors import CheckpointError
from tasklab.weights.atomic import beside, remove_left_overs

MAX_SECONDS = 3600  # per source, for a slow line; an unreachable one is given up after some seconds


class NotHere(Exception):
    """A source that has no good files for us; the text says why."""


@contextlib.contextmanager
def work_folder(target: Path):
    """A folder beside `target`, so that moving into it costs nothing; a killed fetch's goes at the next one.

    Raises: CheckpointError when nothing can be written there.
    """
    place = target.parent / f"fetch-{target.name}"
    work = beside(place, "tmp")
    try:
        remove_left_overs(place)
        work.mkdir(parents=True)
        yield work
    except OSError as error:
        message = f"{target}: cannot be written ({error}); set TASKLAB_CACHE to another folder"
        raise CheckpointError(message) from error
    finally:
        shutil.rmtree(work, ignore_errors=True)


def copied(source: Path) -> Callable[[Path], None]:
    def copy(target: Path) -> None:
        shutil.copyfile(source, target)

    copy.nbytes = source.stat().st_size  # for the check of the free space
    return copy


def check_file(path: Path, name: str, sha256: str | None, size: int | None) -> None:
    """Raises NotHere unless the file has the size and the checksum, as far as they are known."""
    length = path.stat().st_size
    if size is not None and length != size:
        raise NotHere(f"{name} is refused: {length} bytes long, expected {size}")
    digest = file_sha256(path) if sha256 else None
    if digest != sha256:
        raise NotHere(f"{name} is refused: SHA-256 {digest}, expected {sha256}")


def output_of(command: list[str], work: Path, bars: bool = False) -> str:
    """What a command prints; its complaints stay off the terminal. Raises NotHere with its last line.

    bars: let a terminal, where there is one, see how far it is.
    """
    bars = bars and sys.stderr is not None and sys.stderr.isatty()
    quiet = {"HF_HUB_DISABLE_TELEMETRY": "1"} | ({} if bars else {"HF_HUB_DISABLE_PROGRESS_BARS": "1"})
    try:
        done = subprocess.run(
            command, cwd=work, env={**os.environ, **quiet}, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=None if bars else subprocess.PIPE, text=True, errors="replace", timeout=MAX_SECONDS,
        )  # fmt: skip
    except subprocess.TimeoutExpired as error:
        raise NotHere(f"no answer within {MAX_SECONDS} s") from error
    if done.returncode:
        lines = (done.stdout.strip() or (done.stderr or "").strip() or f"exit code {done.returncode}").splitlines()
        raise NotHere(lines[-1].strip()[:300])
    return done.stdout
