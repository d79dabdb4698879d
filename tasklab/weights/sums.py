"""SHA256SUMS: what a folder held when it was written, in the form `sha256sum -c` reads."""

from __future__ import annotations

import re
from pathlib import Path

from tasklab.digest import file_sha256
from tasklab.errors import CheckpointError

SUMS = "SHA256SUMS"


def verify_sums(path) -> dict[str, str]:
    """Checks every file of folder `path` against its list. Returns name -> hex digest.

    Raises: CheckpointError that names the first missing or damaged file.
    """
    path = Path(path)
    sums = read_sums(path)
    for name, digest in sums.items():
        if not (path / name).is_file():
            raise CheckpointError(f"{path / name}: missing; {SUMS} lists it. Copy the folder again, or use another one")
        if file_sha256(path / name) != digest:
            raise CheckpointError(
                f"{path / name}: damaged (its SHA-256 is not the one in {SUMS}: cut short, or changed after saving). "
                "Copy it again, or use another checkpoint"
            )
    return sums


def read_sums(path) -> dict[str, str]:
    """name -> hex digest of folder `path`. Raises: CheckpointError when there is no readable list."""
    path = Path(path)
    try:
        text = (path / SUMS).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise CheckpointError(f"{path}: holds no readable {SUMS}, so it is not a complete checkpoint") from error
    sums = {}
    for number, line in enumerate(text.splitlines(), start=1):
        row = re.fullmatch(r"([0-9a-f]{64})  (.+)", line)
        if not row:
            raise CheckpointError(f"{path / SUMS}:{number}: expected SHA-256, two spaces, name; got {line[:80]!r}")
        sums[plain_name(row[2], path / SUMS)] = row[1]
    if not sums:
        raise CheckpointError(f"{path / SUMS}: empty, so the checkpoint is not complete")
    return sums


def plain_name(name: str, place) -> str:
    """`name`, when it names a file inside a folder and nothing else. Raises: CheckpointError."""
    if not isinstance(name, str) or name in ("", ".", "..") or re.search(r'[/\\:\0\r\n]', name):
        raise CheckpointError(f"{place}: {name!r} is not a plain file name")
    return name
