"""Any model of the HuggingFace hub as `hf:owner/name` or `hf:owner/name@revision`, kept and checked on this machine."""

from __future__ import annotations

import hashlib
import re
import sys
from collections.abc import Callable
from pathlib import Path

from tasklab.cachedir import cache_dir
from tasklab.content import parse_json
from tasklab.errors import CheckpointError
from tasklab.weights.atomic import write_folder
from tasklab.weights.catalogue import NamedFile
from tasklab.weights.fetch import NotHere, check_file, copied, output_of, work_folder
from tasklab.weights.folder import verify_folder
from tasklab.weights.source import FIRST
from tasklab.weights.sums import SUMS, name_within

PREFIX = "hf:"
REVISION = "revision.txt"  # the commit that was fetched
BESIDE = (
    "config.json", "vocab.txt", "vocab.json", "merges.txt", "spiece.model", "sentencepiece.bpe.model",
    "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json", "modules.json",
    "sentence_bert_config.json", "config_sentence_transformers.json",
)  # fmt: skip

# Runs in a process of its own, see fetch.py. The first of the weight files is taken, with its shards if it lists them;
# of sentence-transformers also what its modules are made of, which lies in folders of their own.
_LOAD = """
import json, sys
from huggingface_hub import HfApi, hf_hub_download
repository, revision, beside, first = sys.argv[1], sys.argv[2] or None, sys.argv[3].split(), sys.argv[4].split()
info = HfApi().model_info(repository, revision=revision, files_metadata=True, timeout=10)
files = {file.rfilename: file for file in info.siblings}
weights = next((name for name in first if name in files), None)
if weights is None:
    raise SystemExit(f"it holds none of {', '.join(first)}, but {', '.join(sorted(files)[:9])}")
get = lambda name: hf_hub_download(repository, name, revision=info.sha)
names = [name for name in beside if name in files] + [weights]
if weights.endswith(".index.json"):
    names += sorted(set(json.load(open(get(weights)))["weight_map"].values()))
modules = json.load(open(get("modules.json"))) if "modules.json" in files else []
inside = {f"{module.get('path')}/{name}" for module in modules for name in ("config.json", *first)}
names += sorted(inside & files.keys())
facts = {n: [get(n), files[n].lfs.sha256 if files[n].lfs else None, files[n].size, files[n].blob_id] for n in names}
print(json.dumps({"commit": info.sha, "files": facts}))
"""


def is_hub_name(name) -> bool:
    return isinstance(name, str) and name.startswith(PREFIX)


def hub_folder(name: str, say: Callable[[str], None]) -> Path:
    """The folder with the model `name` stands for, fetched the first time; later its own checksums are checked.

    Fetched weights must have the SHA-256 and the size that the hub lists for the commit.
    Raises: CheckpointError that says what to place where when the hub cannot be reached or the name is none.
    """
    hit = re.fullmatch(r"hf:([\w.-]+/[\w.-]+)(?:@([\w.-]+))?", name)
    if not hit or ".." in name:
        raise CheckpointError(f"{name!r}: expected hf:owner/name or hf:owner/name@revision")
    repository, revision = hit[1], hit[2] or ""
    target = cache_dir() / "weights" / "hub" / f"{repository.replace('/', '--')}@{revision or 'main'}"
    if (target / SUMS).is_file():
        verify_folder(target)
        return target
    say(f"fetching {name} from the HuggingFace hub ...")
    try:
        with work_folder(target) as work:
            commit, paths = _fetched(repository, revision, work)
            write_folder(target, {REVISION: f"{commit}\n".encode(), **{n: copied(path) for n, path in paths.items()}})
    except NotHere as error:
        raise CheckpointError(
            f"{name} cannot be fetched: {error}\nPut config.json, the tokenizer's files and model.safetensors (or "
            f"pytorch_model.bin) of https://huggingface.co/{repository} into a folder, and name that folder instead"
        ) from error
    say(f"fetched {name} at commit {commit}; to keep to it, name {PREFIX}{repository}@{commit}")
    return target


def _fetched(repository: str, revision: str, work: Path) -> tuple[str, dict[str, Path]]:
    """(commit, file name -> where the hub's own cache holds it), every file as long and as intact as listed."""
    command = [sys.executable, "-c", _LOAD, repository, revision, " ".join(BESIDE), " ".join(FIRST)]
    output = output_of(command, work)
    try:
        answer = parse_json(output.strip().splitlines()[-1], "its answer", ValueError)
        listed = answer["files"].items()
        files = {name_within(file, repository): (Path(path), *facts) for file, (path, *facts) in listed}
        commit = str(answer["commit"])
    except (ValueError, IndexError, KeyError, TypeError, AttributeError) as error:
        raise NotHere(f"unexpected answer {output[-80:]!r}") from error
    for file, (path, digest, size, blob) in files.items():
        check_file(NamedFile(file, digest, size), path)
        if digest is None and _git_digest(path) != blob:  # git keeps short files itself, under a digest of its own
            raise NotHere(f"{file} is refused: it is not the one of commit {commit}")
    return commit, {file: path for file, (path, *_) in files.items()}


def _git_digest(path: Path) -> str:
    content = path.read_bytes()
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()
