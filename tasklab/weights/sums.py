"""SHA256SUMS: what a folder held when it was written, in the form `sha256sum -c` reads."""

from __future__ import annotations

import re
from pathlib import Path

from tasklab.content import read_content
from tasklab.digest import file_sha256
from tasklab.errors import CheckpointError, brief

SUMS = "SHA256SUMS"
MAX_LIST = 1 << 20  # bytes; a folder of a model holds some ten files


def verify_sums(path) -> dict[str, str]:
    """Checks every file of folder `path` against its list. Returns name -> hex digest.

    Raises: CheckpointError that names the first missing or damaged file.
    """
    path = Path(path)
    sums = read_sums(path)
    for name, digest in sums.items():
        _verify(path / name, digest)
    return sums


def verify_file(path) -> None:
    """Checks one file against the list beside it. Raises: CheckpointError, also when it is not listed."""
    path = Path(path)
    refuse_unlisted(path.parent, (path.name,), sums := read_sums(path.parent))
    if path.name not in sums:
        raise CheckpointError(f"{path}: missing, and {SUMS} lists none. Copy the folder again, or use another one")
    _verify(path, sums[path.name])


def refuse_unlisted(path: Path, names, sums: dict[str, str]) -> None:
    """Raises: CheckpointError for the first of `names` that is in the folder and not in its list."""
    for name in names:
        if name not in sums and (path / name).is_file():
            raise CheckpointError(
                f"{path / name}: not listed in {SUMS}, so nothing tells whether it is whole. Copy the folder again, or "
                "take the file out if it does not belong to it"
            )


def _verify(file: Path, digest: str) -> None:
    if not file.is_file():
        raise CheckpointError(f"{file}: missing; {SUMS} lists it. Copy the folder again, or use another one")
    if file_sha256(file) != digest:
        raise CheckpointError(
            f"{file}: damaged (its SHA-256 is not the one in {SUMS}: cut short, or changed after saving). "
            "Copy it again, or use another folder"
        )


def read_sums(path) -> dict[str, str]:
    """name -> hex digest of folder `path`. Raises: CheckpointError when there is no readable list."""
    path = Path(path)
    try:
        text = read_content(path / SUMS, MAX_LIST).decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        message = f"holds no readable {SUMS}, so nothing tells whether it is whole"
        raise CheckpointError(f"{path}: {message}. Copy it again, or use another folder") from error
    sums = {}
    for number, line in enumerate(text.splitlines(), start=1):
        row = re.fullmatch(r"([0-9a-f]{64})  (.+)", line)
        if not row:
            raise CheckpointError(f"{path / SUMS}:{number}: expected SHA-256, two spaces, name; got {brief(line)}")
        sums[name_within(row[2], path / SUMS)] = row[1]
    if not sums:
        raise CheckpointError(f"{path / SUMS}: empty, so nothing tells whether the folder is whole. Copy it again")
    return sums


def name_within(name: str, place) -> str:
    """`name`, when it names a file inside a folder, or inside a folder in that. Raises: CheckpointError."""
    for part in name.split("/", 1) if isinstance(name, str) else [name]:
        plain_name(part, place)
    return name


def plain_name(name: str, place) -> str:
    """`name`, when it names a file inside a folder and nothing else. Raises: CheckpointError."""
    if not isinstance(name, str) or name in ("", ".", "..") or re.search(r'[/\\:\0\r\n]|.{256}', name):
        raise CheckpointError(f"{place}: {brief(name)} is not a plain file name")
    return name
