"""From a data file to encoded rows: read, report, encode once, and keep the rows on disk by content."""

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tasklab.cachedir import cache_dir
from tasklab.content import from_home
from tasklab.data.rows.cache import cached_features
from tasklab.data.rows.protocol import Rows, tokens_of
from tasklab.data.rows.stored import StoredExamples
from tasklab.data.rows.subsets import fold_of, share_of
from tasklab.digest import file_sha256
from tasklab.errors import ConfigError, DataError
from tasklab.task import Task

logger = logging.getLogger("tasklab")

FORMAT = 3
"""Part of every cache key; raise it when encoding changes its result."""

NOT_ENCODING = ("train", "eval", "cache", "num_buckets", "group_by_length")
"""Data settings that change no row. All others are part of the key, whether or not they are marked as the model's:
which column holds the text shapes rows too, and a setting that is missing here costs an encoding, never a wrong row."""

DRAWING = ("subset", "folds", "fold")
"""Data settings that say which examples a training sees."""


@dataclass(frozen=True)
class Dataset:
    """Examples as read and their rows as encoded."""

    examples: Sequence
    features: Rows


def load_dataset(task: Task, path, training: bool, whole: bool = False) -> Dataset:
    """Reads and encodes a data file or folder; the second time the rows come from the cache.

    whole: leaves data.folds and data.subset aside; they belong to a training.
    Raises: DataError naming every bad row; ConfigError when there is no path.
    """
    split = "train" if training else "eval"
    if path is None:
        raise no_data(training)
    start = time.perf_counter()
    folded = bool(task.config.data.folds) and not whole
    drawn = bool(folded or training and not whole and task.config.data.subset)
    before = _contents(task, path) if task.config.data.cache else None
    examples, note = task.read(path, training or folded)
    if note:
        logger.warning("%s: %s", path, note)
    limit = task.config.data.limit
    examples = examples[:limit] if limit else examples
    if not examples:
        raise DataError(f"{path}: no usable row; check it with: tasklab doctor data {path}")
    stored = isinstance(examples, StoredExamples)
    if drawn:
        rows = _drawn(task, examples, training)
        examples = examples.select(rows) if stored else [examples[i] for i in rows]
    keeps = task.config.data.cache and not stored
    if keeps:
        key = _key(task, path, split, drawn)
        # another program may write the file anew while it is read: its rows must not go by the new content
        keeps = (key["files"], [key["data"][name] for name in before[1]]) == (before[0], list(before[1].values()))
        if not keeps:
            logger.warning("%s: changed while it was read; its encoded rows are not kept; start again", path)
    if keeps:
        features = cached_features(cache_dir() / "features", key, lambda: task.encode(examples, training))
    else:
        features = task.encode(examples, training)
    counted = "".join(f", {count} {name.replace('_', ' ')}" for name, count in features.info.items() if count)
    sizes = (f"{own.min()} to {own.max()} {tokens_of(axis)}" for axis, own in features.lengths.items())
    logger.info(
        "%s: %d examples, %d rows of %s%s (%.1f s)", path, len(examples), len(features), " and ".join(sizes), counted,
        time.perf_counter() - start,
    )  # fmt: skip
    return Dataset(examples, features)


def no_data(training: bool) -> ConfigError:
    """The error when nobody names what to train on, or to evaluate on."""
    what, split = ("train on", "train") if training else ("evaluate on", "eval")
    return ConfigError(
        f"no data to {what}: set data.{split}=<file or folder> (Python: {split}_dataset=...); "
        "docs/ shows the layouts, and `tasklab doctor data FILE` says what a file holds"
    )


def _key(task: Task, path, split: str, drawn: bool) -> dict:
    """Everything that the encoded rows depend on; of settings that name files, what these hold."""
    data, model = task.config.data, task.config.model
    ignored = (*NOT_ENCODING, *(() if drawn else DRAWING))
    settings = {name: value for name, value in data.to_dict().items() if name not in ignored}
    files, named = _contents(task, path)
    return {
        "format": FORMAT, "task": task.config.task, "split": split, "files": files,
        "tokenizer": task.tokenizer.fingerprint, "data": settings | named,
        "model": {name: model[name] for name in model.marked("rows")}, "seed": task.config.seed if drawn else None,
    }  # fmt: skip


def _contents(task: Task, path) -> tuple[list, dict]:
    """Digests of the data, and of what every setting that names a file names."""
    data = task.config.data
    return _digests(Path(path)), {name: _digest(data[name]) for name in data.marked("file") if data[name]}


def _drawn(task: Task, examples: Sequence, training: bool) -> np.ndarray:
    """Numbers of the examples that data.folds and data.subset leave, ascending."""
    data, seed = task.config.data, task.config.seed
    rows = np.arange(len(examples))
    if data.folds:
        if len(examples) < data.folds:
            raise DataError(f"data.folds = {data.folds}: there are only {len(examples)} examples")
        held_out = fold_of(len(examples), data.folds, seed, [_stratum(e) for e in examples]) == data.fold
        rows = rows[~held_out if training else held_out]
    if training and data.subset:
        rows = rows[share_of(len(rows), data.subset, seed, [_stratum(examples[i]) for i in rows])]
    return rows


def _stratum(example):
    """What is drawn in equal shares, where an example says so."""
    return getattr(example, "stratum", None)


def _digest(file) -> str | None:
    """None for what is not there: whoever reads it says so, and rows that never needed it are as good as before."""
    path = from_home(file)
    return file_sha256(path) if path.is_file() else None


def _digests(path: Path) -> list:
    """Name and content digest of the file, or of every file in the folder and in the folders right below it."""
    if not path.is_dir():
        return [(path.name, _digest(path))]
    files = sorted(p for pattern in ("*", "*/*") for p in path.glob(pattern) if p.is_file())
    return [(str(file.relative_to(path)), file_sha256(file)) for file in files]
