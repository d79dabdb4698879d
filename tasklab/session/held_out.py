"""What a training evaluates on: a file of its own, a fold, or a share of data.train, given or a tenth by default."""

import logging
from collections.abc import Sequence

import numpy as np

from tasklab.config import DataConfig
from tasklab.data.rows.groups import groups_of
from tasklab.data.rows.stored import StoredExamples
from tasklab.data.rows.subsets import fold_of, held_out_of
from tasklab.dataset import Dataset, data_digests, load_dataset, load_rows, load_split, stratum_of
from tasklab.errors import DataError
from tasklab.runs.held_out import HeldOut, is_held_out, read_held_out
from tasklab.task import Task

logger = logging.getLogger("tasklab")

USUAL, FEWEST, MOST = 0.1, 50, 1000
"""The share that is held out where nothing is said, the examples from which it is, and how many it is at most."""


def training_data(task: Task, resumed: bool) -> tuple[Dataset, Dataset | None, HeldOut | None]:
    """What is trained on, what is evaluated on, and the rows of data.train that these are, where they come from there.

    data.train and data.eval of the task's configuration are at hand. A run that goes on holds out what it held out.
    Raises: DataError where nothing can be held out.
    """
    data = task.config.data
    if is_held_out(data.eval_path):
        kept = read_held_out(data.eval_path)
        train, held_out, _ = load_split(task, data.train, lambda examples: _rows_of(kept, examples, data.train))
        return train, held_out, kept
    if data.eval_path and not data.folds:
        return load_dataset(task, data.train, training=True), load_dataset(task, data.eval_path, training=False), None
    how: dict = {}
    choose = _fold if data.folds else _share
    train, held_out, rows = load_split(task, data.train, lambda examples: choose(task, examples, resumed, how))
    if rows is None:
        return train, None, None
    return train, held_out, HeldOut(rows, how.pop("examples"), _digests(data.train), how)


def held_out_data(task: Task, path, kept: HeldOut) -> Dataset:
    """The examples of `path`, a run's data.train, that the run held out."""
    return load_rows(task, path, lambda examples: _rows_of(kept, examples, path))


def holds_out(data: DataConfig, eval_strategy: str | None) -> bool:
    """Whether a new run holds out a part of data.train, as far as that can be told without reading it."""
    return bool(data.folds or data.eval_share or data.eval is None and eval_strategy != "no")


def _rows_of(kept: HeldOut, examples: Sequence, path) -> np.ndarray:
    return kept.of(len(examples), _digests(path), path)


def _digests(path) -> list[str]:
    return [digest for _, digest in data_digests(path)]


def _fold(task: Task, examples: Sequence, resumed: bool, how: dict) -> np.ndarray:
    data, seed, count = task.config.data, task.config.seed, len(examples)
    if count < data.folds:
        raise DataError(f"data.folds = {data.folds}: there are only {count} examples")
    groups = None
    if not resumed:  # runs that tell no rows are of a time when only classes were looked at
        groups = groups_of(examples, lambda sizes: len(sizes) >= data.folds and sizes.max() <= 2 * count / data.folds)
    how |= {"examples": count, "folds": data.folds, "fold": data.fold, "seed": seed}
    return np.flatnonzero(fold_of(count, data.folds, seed, _strata(examples), groups) == data.fold)


def _share(task: Task, examples: Sequence, resumed: bool, how: dict) -> np.ndarray | None:
    data, seed, count = task.config.data, task.config.seed, len(examples)
    share, asked = data.eval_share, data.eval_share is not None
    if share is None:
        if resumed or data.eval_off or task.config.train.eval_strategy == "no" or isinstance(examples, StoredExamples):
            return None
        if count < FEWEST:
            logger.info(
                "data.eval is not set, and of fewer than %d examples nothing is held out: nothing is evaluated. "
                "data.eval=0.2 holds out a fifth, data.eval=FILE names others", FEWEST,
            )  # fmt: skip
            return None
        share = min(USUAL, MOST / count)
    target = share * count
    if round(target) < 1:
        raise DataError(f"data.eval = {data.eval}: that share of {count} examples is none; say more, or name a file")
    groups, rows = groups_of(examples, lambda sizes: count - sizes.max() >= target), ()
    if groups is not None:
        rows = held_out_of(groups, share, seed, _strata(examples))
        rows = rows if len(rows) else held_out_of(groups, share, seed, [None] * count)  # no class comes twice
    if not len(rows):
        why = f"nothing can be held out of {count} examples that are nearly all equal, or of one document"
        if asked:
            raise DataError(f"{data.train}: {why}; name a file with data.eval=FILE")
        logger.warning("%s: %s; nothing is evaluated", data.train, why)
        return None
    how |= {"examples": count, "share": share, "seed": seed}
    together = count - len(np.unique(groups))
    logger.info(
        "%s%d of %d examples are held out for evaluation, by seed %d%s%s", "" if asked else "data.eval is not set: ",
        len(rows), count, seed,
        f"; {together} that repeat another one, or are of its document, stay beside it" if together else "",
        "" if asked else ". data.eval=no trains on all, data.eval=0.2 holds out a fifth, data.eval=FILE names others",
    )  # fmt: skip
    return rows


def _strata(examples: Sequence) -> list:
    return [stratum_of(example) for example in examples]
