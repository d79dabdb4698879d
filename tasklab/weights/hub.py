"""Any model of the HuggingFace hub as `hf:owner/name` or `hf:owner/name@revision`, kept and checked on this machine."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

from tasklab.cachedir import cache_dir
from tasklab.digest import file_sha256
from tasklab.errors import CheckpointError
from tasklab.weights.atomic import write_folder
from tasklab.weights.download import NotHere, copied, work_folder
from tasklab.weights.folder import verify_folder
from tasklab.weights.repository import files_of
from tasklab.weights.sums import SUMS, read_sums

PREFIX = "hf:"
REVISION = "revision.txt"  # the commit that was fetched
COMMIT = re.compile("[0-9a-f]{40}")
NOTHING: Mapping[str, str] = MappingProxyType({})


def is_hub_name(name) -> bool:
    return isinstance(name, str) and name.startswith(PREFIX)


def hub_folder(name: str, say: Callable[[str], None]) -> Path:
    """The folder with the model `name` stands for, see `kept_folder`.

    Raises: CheckpointError that says what to place where when the hub cannot be reached or the name is none.
    """
    hit = re.fullmatch(r"hf:([\w.-]+/[\w.-]+)(?:@([\w.-]+))?", name)
    if not hit or ".." in name:
        raise CheckpointError(f"{name!r}: expected hf:owner/name or hf:owner/name@revision")
    try:
        return kept_folder(name, hit[1], hit[2] or "main", say)
    except NotHere as error:
        raise CheckpointError(
            f"{name} cannot be fetched: {error}\nPut config.json, the tokenizer's files and model.safetensors (or "
            f"pytorch_model.bin) of https://huggingface.co/{hit[1]} into a folder, and name that folder instead"
        ) from error


def kept_folder(
    name: str, repository: str, revision: str, say: Callable[[str], None], listed: Mapping[str, str] = NOTHING
) -> Path:
    """The folder with a model of the hub, fetched the first time and compared with itself ever after.

    What is fetched must be as the hub states it for the commit; the commit and the SHA-256 of every file are written
    beside it. A folder that was damaged since is filled again from that commit, with these very files.
    name: in what is said. listed: file name -> SHA-256 to expect; a difference is told.
    Raises: NotHere; CheckpointError when the cache cannot be written.
    """
    target = kept_at(repository, revision)
    kept, ref = {}, revision
    if (target / SUMS).is_file():
        try:
            verify_folder(target)
            return target
        except CheckpointError:
            say(f"{target} is not as it was fetched")
            kept, ref = _first_fetch(target, revision)
    say(f"fetching {name} from the HuggingFace hub{'' if repository in name else f' {repository}'} ...")
    with work_folder(target) as work:
        commit, paths = files_of(repository, ref, work)
        for file, path in paths.items():
            digest = file_sha256(path) if file in kept or file in listed else None
            if listed.get(file, digest) != digest:
                say(f"{file} is not the one listed for {name}; the hub's is taken")
            if kept.get(file, digest) != digest:
                raise NotHere(f"{file} is refused: the first one fetched was another; to begin anew remove {target}")
        write_folder(target, {REVISION: f"{commit}\n".encode(), **{n: copied(path) for n, path in paths.items()}})
    say(f"fetched {name} at commit {commit}, every file as the hub states it, into {target}")
    if not COMMIT.fullmatch(revision):
        say(f"not pinned: {revision} may move. Here this commit stays; {PREFIX}{repository}@{commit} names it anywhere")
    return target


def kept_at(repository: str, revision: str) -> Path:
    """Where a model of the hub is kept once it is fetched."""
    return cache_dir() / "weights" / "hub" / f"{repository.replace('/', '--')}@{revision}"


def _first_fetch(target: Path, revision: str) -> tuple[dict[str, str], str]:
    """(file name -> SHA-256, commit) of what was fetched into a damaged folder, as far as that can be read."""
    kept: dict[str, str] = {}
    with contextlib.suppress(CheckpointError, OSError, UnicodeDecodeError):
        kept = read_sums(target)
        commit = (target / REVISION).read_text(encoding="utf-8").strip()
        if COMMIT.fullmatch(commit):
            return kept, commit
    return kept, revision
