"""Data sets of the HuggingFace hub as files on this machine: `datasets:NAME[:CONFIG[:SPLIT]]` (Lhoest et al. 2021)."""

import importlib.util
import logging
import os
import re
import sys
from pathlib import Path

from tasklab.cachedir import cache_dir
from tasklab.content import from_home
from tasklab.data.files.kept import check_kept
from tasklab.data.files.textfile import neighbours
from tasklab.data.files.unpacked import plain_file
from tasklab.errors import DataError, MissingDependency, brief
from tasklab.weights.download import NotHere, output_of, work_folder

logger = logging.getLogger("tasklab")

PREFIX = "datasets:"
FORM = "datasets:NAME[@REVISION][:CONFIG[:SPLIT]], such as datasets:nyu-mll/glue:rte:train"
LONGEST = 4095  # bytes of a path that Linux opens
SPEC = re.compile(r"datasets:([\w.-]+(?:/[\w.-]+)?)(?:@([\w.-]+))?(?::([\w.-]*))?(?::([\w.-]+))?")

# Runs in a process of its own, see weights/repository.py: quiet, in an empty folder, where no name is that of a folder.
# Versions before 4 could run a script that belongs to the data set. The probe saves 25 s of retries.
_LOAD = """
import os, sys, urllib.error, urllib.request
endpoint, away = os.environ.get("HF_ENDPOINT", "https://huggingface.co"), None
try:
    urllib.request.urlopen(urllib.request.Request(endpoint, method="HEAD"), timeout=5).close()
except urllib.error.HTTPError:
    pass
except OSError as error:
    away = getattr(error, "reason", error)
    os.environ["HF_HUB_OFFLINE"] = "1"  # what was fetched before is still there
import datasets
if int(datasets.__version__.split(".")[0]) < 4:
    raise SystemExit("datasets " + datasets.__version__ + " could run foreign code; pip install 'datasets>=4'")
name, revision, config, split, target = sys.argv[1:]
datasets.disable_progress_bars()
try:
    found = datasets.load_dataset(name, config or None, split=split, revision=revision or None)
except ConnectionError as error:
    raise SystemExit(f"{endpoint} is not reachable ({away})" if away else f"{error}")
found.to_parquet(target)
"""


def from_anywhere(path) -> str | None:
    """What a data setting names, such that it means the same in another working directory."""
    return path if path is None or str(path).startswith(PREFIX) else os.path.abspath(path)


def at_hand(path, training: bool) -> Path | None:
    """The file or folder that a data setting names, None for None; what the hub has is fetched once, as Parquet.

    A .gz file is unpacked for as long as this process runs.
    training: the split that is meant where none is said, train or validation.
    Raises: DataError when nothing is there, with what to do; MissingDependency without `datasets`.
    """
    if path is None:
        return None
    if str(path).startswith(PREFIX):
        return _fetched(str(path), "train" if training else "validation")
    if len(os.fsencode(path)) > LONGEST:
        raise DataError(f"{brief(str(path))}: a text of {len(str(path))} characters is not the name of a file")
    local = from_home(path)
    if not (os.path.isfile(local) or os.path.isdir(local)):  # a pipe or a device may never end
        what = "not a file" if os.path.exists(local) else "no such file"
        raise DataError(f"{path}: {what}; {neighbours(local.parent)}")
    check_kept(local)
    return plain_file(local)


def _fetched(spec: str, usual_split: str) -> Path:
    hit = SPEC.fullmatch(spec)
    if not hit or ".." in spec:
        raise DataError(f"{spec!r}: expected {FORM}")
    name, revision, config, split = hit[1], hit[2] or "", hit[3] or "", hit[4] or usual_split
    folder = cache_dir() / "datasets" / f"{name.replace('/', '--')}@{revision or 'main'}" / (config or "default")
    target = folder / f"{split}.parquet"
    if target.is_file():
        return target
    if importlib.util.find_spec("datasets") is None:
        raise MissingDependency(f'{spec} needs datasets: pip install "tasklab[datasets]"')
    logger.info("fetching %s, split %s ...", spec, split)
    try:
        with work_folder(target) as work:
            output_of([sys.executable, "-c", _LOAD, name, revision, config, split, str(work / "split.parquet")], work)
            (work / "split.parquet").replace(target)
    except NotHere as error:
        load = f"datasets.load_dataset({', '.join(map(repr, filter(None, (name, config))))})"
        raise DataError(
            f"{spec}: split {split!r} cannot be fetched: {error}\nWhere the hub can be reached, save it with "
            f"{load}.save_to_disk('my_data'); then name the folder my_data here, or a .parquet, .tsv or .jsonl file"
        ) from None
    return target
