"""Files of a repository on the HuggingFace hub, through its own client, each as the hub states it for the commit.

The hub states the SHA-256 of large files and git's digest of small ones (huggingface_hub: RepoSibling, BlobLfsInfo).
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import sys
from pathlib import Path

from tasklab.content import parse_json
from tasklab.weights.download import NotHere, check_file, output_of
from tasklab.weights.source import FIRST
from tasklab.weights.sums import name_within

BESIDE = (
    "config.json", "vocab.txt", "vocab.json", "merges.txt", "spiece.model", "sentencepiece.bpe.model",
    "tokenizer.model", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json",
    "modules.json", "sentence_bert_config.json", "config_sentence_transformers.json",
)  # fmt: skip

# Runs in a process of its own: quiet, bounded in time, and without its settings leaking into ours. Its client keeps
# what it has fetched and, before its version 1, goes on where it was killed. The probe saves the 23 s of retries that
# an unreachable hub costs; then the client's cache serves, where a large file's name is the digest that the hub stated.
_LOAD = """
import errno, glob, json, os, ssl, sys, urllib.error, urllib.request
from huggingface_hub import HfApi, constants, hf_hub_download
repository, revision, exact = sys.argv[1], sys.argv[2] or None, sys.argv[3] == "exact"
wanted, first = sys.argv[4].split(), sys.argv[5].split()
SLACK = 1 << 27  # bytes that the client may need for itself

def kept(name):
    try:
        return hf_hub_download(repository, name, revision=revision, local_files_only=True)
    except Exception:
        return None

def chosen(has):
    names = wanted if exact else [name for name in wanted if has(name)]
    weights = next((name for name in first if has(name)), None)
    return None if first and not weights or not all(map(has, names)) else names + [weights] * bool(weights)

def with_parts(names, has, get):
    # Shards, and of sentence-transformers what its modules are made of, which lies in folders of their own.
    read = lambda name: json.load(open(get(name)))
    shards = {shard for name in names if name.endswith(".index.json") for shard in read(name)["weight_map"].values()}
    modules = read("modules.json") if "modules.json" in names else []
    inside = {f"{module.get('path')}/{name}" for module in modules for name in ("config.json", *first)}
    return names + sorted(shards) + sorted(filter(has, inside))

def answer(commit, files):
    print(json.dumps({"commit": commit, "files": files}))
    raise SystemExit

def refuse(reason):
    print(reason)
    raise SystemExit(1)

def from_cache():
    names = chosen(kept)
    paths = {name: kept(name) for name in with_parts(names, kept, kept)} if names else {}
    if paths and all(paths.values()):
        blobs = {name: os.path.basename(os.path.realpath(path)) for name, path in paths.items()}
        answer(os.path.basename(os.path.dirname(paths[names[0]])), {
            name: [path, blobs[name] if len(blobs[name]) == 64 else None, None, None] for name, path in paths.items()
        })

def unreachable():
    if constants.HF_HUB_OFFLINE:
        return "HF_HUB_OFFLINE is set, and the files are not in its cache"
    try:
        urllib.request.urlopen(urllib.request.Request(constants.ENDPOINT, method="HEAD"), timeout=5).close()
    except urllib.error.HTTPError:
        pass
    except OSError as error:
        if not isinstance(getattr(error, "reason", None), ssl.SSLError):  # its client may know other certificates
            return f"{constants.ENDPOINT} is not reachable ({getattr(error, 'reason', error)})"

def bounded(stated):
    # No file may grow beyond what the hub stated, nor a begun one lie in the way that has grown beyond it.
    folder = os.path.join(constants.HF_HUB_CACHE, "models--" + repository.replace("/", "--"), "blobs")
    for begun in glob.glob(os.path.join(glob.escape(folder), "*.incomplete")):
        size = stated.get(os.path.basename(begun).split(".")[0])
        if size is not None and os.path.getsize(begun) > size:
            os.remove(begun)
    try:
        import resource
        resource.setrlimit(resource.RLIMIT_FSIZE, (max(stated.values()) + SLACK,) * 2)
    except ImportError:
        pass  # Windows: the size is checked when all is there

if exact:
    from_cache()
away = unreachable()
if away:
    from_cache()
    refuse(away)
try:
    info = HfApi().model_info(repository, revision=revision, files_metadata=True, timeout=10)
    files = {file.rfilename: file for file in info.siblings}
    names = chosen(files.__contains__)
    if names is None:
        lacks = " or ".join(first) or ", ".join(name for name in wanted if name not in files)
        refuse(f"it holds no {lacks}, but {', '.join(sorted(files)[:9]) or 'nothing'}")
    get = lambda name: hf_hub_download(repository, name, revision=info.sha, etag_timeout=10)
    bounded({(f.lfs.sha256 if f.lfs else f.blob_id): f.size or 0 for f in files.values()})
    names = with_parts(names, files.__contains__, get)
    answer(info.sha, {
        n: [get(n), files[n].lfs.sha256 if files[n].lfs else None, files[n].size, files[n].blob_id] for n in names
    })
except Exception as error:
    answers = [getattr(e, "response", None) for e in (error, error.__cause__, error.__context__)]
    status = next((answer.status_code for answer in answers if answer is not None), None)
    page = f"{constants.ENDPOINT}/{repository}"
    said = {
        401: f"{page} is not there or wants a login (HTTP 401); set HF_TOKEN to a token of an account that may read it",
        403: f"{page} is not open to this account (HTTP 403): accept its terms there, and set HF_TOKEN",
        404: f"{page} does not have it{f' at revision {revision}' if revision else ''} (HTTP 404)",
    }
    kind, lines = type(error), str(error).strip().splitlines() or [type(error).__name__]
    if getattr(error, "errno", None) == errno.EFBIG:
        refuse("a file is longer than the hub states")
    if status is None and kind.__module__.split(".")[0] in ("requests", "httpx"):
        refuse(f"the connection broke off ({kind.__name__}); try again")
    refuse(said.get(status) or lines[0])
"""


def files_of(repository: str, revision: str, work: Path, names: tuple[str, ...] = ()) -> tuple[str, dict[str, Path]]:
    """(commit, file name -> where the hub's own cache holds it), every file as long and as intact as the hub states.

    revision: branch, tag or commit; "" is the repository's main branch.
    names: exactly these files; without any, what a model needs: config, tokenizer, the first of the usual files of
        weights with its shards, be it safetensors or PyTorch's, and the modules of sentence-transformers.
    Raises: NotHere.
    """
    exact, filenames, first = ("exact", names, ()) if names else ("usual", BESIDE, FIRST)
    command = [sys.executable, "-c", _LOAD, repository, revision, exact, " ".join(filenames), " ".join(first)]
    output = output_of(command, work, bars=True)
    try:
        answer = parse_json(output.strip().splitlines()[-1], "its answer", ValueError)
        stated = answer["files"].items()
        files = {name_within(file, repository): (Path(path), *facts) for file, (path, *facts) in stated}
        commit = str(answer["commit"])
        if names and files.keys() != set(names):
            raise ValueError
    except (ValueError, IndexError, KeyError, TypeError, AttributeError) as error:
        raise NotHere(f"unexpected answer {output[-80:]!r}") from error
    for file, (path, digest, size, blob) in files.items():
        try:
            check_file(path, file, digest, size)
            if digest is None and blob is not None and _git_digest(path) != blob:
                raise NotHere(f"{file} is refused: it is not the one of commit {commit}")
        except NotHere:
            with contextlib.suppress(OSError):
                os.remove(os.path.realpath(path))  # or its client would hand out the bad copy for ever
            raise
    return commit, {file: path for file, (path, *_) in files.items()}


def _git_digest(path: Path) -> str:
    content = path.read_bytes()
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()
