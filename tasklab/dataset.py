"""From a data file to encoded rows: read, report, encode once, and keep the rows on disk by content."""

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np

from tasklab.cachedir import cache_dir
from tasklab.content import from_home
from tasklab.data.rows.cache import cached_features
from tasklab.data.rows.protocol import Rows, tokens_of
from tasklab.data.rows.stored import StoredExamples
from tasklab.data.rows.subsets import share_of
from tasklab.digest import content_sha256, file_sha256
from tasklab.errors import ConfigError, DataError
from tasklab.task import Task

logger = logging.getLogger("tasklab")

FORMAT = 6
"""Part of every cache key; raise it when encoding changes its result."""

NOT_ENCODING = ("train", "eval", "cache", "num_buckets", "group_by_length", "subset", "folds", "fold")
"""Data settings that change no row. All others are part of the key, whether or not they are marked as the model's:
which column holds the text shapes rows too, and a setting that is missing here costs an encoding, never a wrong row."""


@dataclass(frozen=True)
class Dataset:
    """Examples as read and their rows as encoded."""

    examples: Sequence
    features: Rows


def load_dataset(task: Task, path, training: bool) -> Dataset:
    """Reads and encodes a data file or folder; the second time the rows come from the cache.

    Raises: DataError naming every bad row; ConfigError when there is no path.
    """
    file = _read(task, path, training)
    rows = None
    if training and task.config.data.subset:
        rows = _subset(task, file.examples, np.arange(len(file.examples)))
    return _encoded(task, file, rows, training)


def load_split(
    task: Task, path, hold_out: Callable[[Sequence], np.ndarray | None]
) -> tuple[Dataset, Dataset | None, np.ndarray | None]:
    """Reads a data file or folder once, for training and evaluation: (what is trained on, what is held out, its rows).

    hold_out: examples -> the numbers of those that are held out, ascending; None for none.
    Raises: as `load_dataset`.
    """
    file = _read(task, path, training=True)
    held_out = hold_out(file.examples)
    if held_out is None:
        rows, evaluation = np.arange(len(file.examples)), None
    else:
        rows, evaluation = np.delete(np.arange(len(file.examples)), held_out), _encoded(task, file, held_out, False)
    rows = _subset(task, file.examples, rows) if task.config.data.subset else rows
    return _encoded(task, file, None if len(rows) == len(file.examples) else rows, True), evaluation, held_out


def load_rows(task: Task, path, rows: Callable[[Sequence], np.ndarray]) -> Dataset:
    """The examples of a training file that were held out, encoded for an evaluation.

    rows: examples -> the numbers of those. Raises: as `load_dataset`.
    """
    file = _read(task, path, training=True)
    return _encoded(task, file, rows(file.examples), False)


class _File(NamedTuple):
    """What a data file holds. before: the digests of it, and of other files that count, before it was read."""

    path: Path
    examples: Sequence
    before: tuple | None
    start: float


def _read(task: Task, path, training: bool) -> _File:
    if path is None:
        raise no_data(training)
    start = time.perf_counter()
    before = _contents(task, path) if task.config.data.cache else None
    examples, note = task.read(path, training)
    if note:
        logger.warning("%s: %s", path, note)
    limit = task.config.data.limit
    examples = examples[:limit] if limit else examples
    if not examples:
        raise DataError(f"{path}: no usable row; check it with: tasklab doctor data {path}")
    return _File(path, examples, before, start)


def _encoded(task: Task, file: _File, rows: np.ndarray | None, training: bool) -> Dataset:
    """rows: numbers of the examples that count; None: all."""
    path, examples, before, start = file
    stored = isinstance(examples, StoredExamples)
    if rows is not None:
        examples = examples.select(rows) if stored else [examples[i] for i in rows]
    keeps = task.config.data.cache and not stored
    if keeps:
        key = _key(task, path, "train" if training else "eval", rows)
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
        "%s: %d examples%s, %d rows of %s%s (%.1f s)", path, len(examples),
        "" if rows is None else " to train on" if training else " held out", len(features), " and ".join(sizes),
        counted, time.perf_counter() - start,
    )  # fmt: skip
    return Dataset(examples, features)


def no_data(training: bool) -> ConfigError:
    """The error when nobody names what to train on, or to evaluate on."""
    what, split = ("train on", "train") if training else ("evaluate on", "eval")
    return ConfigError(
        f"no data to {what}: set data.{split}=<file or folder> (Python: {split}_dataset=...); "
        "docs/ shows the layouts, and `tasklab doctor data FILE` says what a file holds"
    )


def _key(task: Task, path, split: str, rows: np.ndarray | None) -> dict:
    """Everything that the encoded rows depend on; of settings that name files, what these hold."""
    data, model, loss = task.config.data, task.config.model, task.config.loss
    settings = {name: value for name, value in data.to_dict().items() if name not in NOT_ENCODING}
    files, named = _contents(task, path)
    return {
        "format": FORMAT, "task": task.config.task, "split": split, "files": files,
        "tokenizer": task.tokenizer.fingerprint, "data": settings | named,
        "model": {name: model[name] for name in model.marked("rows")},
        "loss": {name: loss[name] for name in loss.marked("rows")},
        "rows": None if rows is None else content_sha256({"rows": rows}),
    }  # fmt: skip


def _contents(task: Task, path) -> tuple[list, dict]:
    """Digests of the data, and of what every setting that names a file names."""
    data = task.config.data
    return data_digests(path), {name: _digest(data[name]) for name in data.marked("file") if data[name]}


def _subset(task: Task, examples: Sequence, rows: np.ndarray) -> np.ndarray:
    """Those of `rows` that data.subset leaves, ascending."""
    strata = [stratum_of(examples[i]) for i in rows]
    return rows[share_of(len(rows), task.config.data.subset, task.config.seed, strata)]


def stratum_of(example):
    """What is drawn in equal shares, where an example says so."""
    return getattr(example, "stratum", None)


def _digest(file) -> str | None:
    """None for what is not there: whoever reads it says so, and rows that never needed it are as good as before."""
    path = from_home(file)
    return file_sha256(path) if path.is_file() else None


def data_digests(path) -> list:
    """Name and content digest of the file, or of every file in the folder and in the folders right below it."""
    path = Path(path)
    if not path.is_dir():
        return [(path.name, _digest(path))]
    files = sorted(p for pattern in ("*", "*/*") for p in path.glob(pattern) if p.is_file())
    return [(str(file.relative_to(path)), file_sha256(file)) for file in files]
