"""Weights that may be a run's: its folder stands for the best checkpoint in it, or else for the last."""

import logging
import os
from collections.abc import Callable
from pathlib import Path

from tasklab.content import from_home
from tasklab.errors import brief
from tasklab.runs.checkpoints import BEST, best_checkpoint, checkpoints, named_best
from tasklab.weights.hub import is_hub_name
from tasklab.weights.source import WeightSource, weights_in
from tasklab.weights.store import is_placed, named_weights, resolve

logger = logging.getLogger("tasklab")

LONGEST = 200  # bytes of a name; systems allow 255


def find_source(name_or_path, say: Callable[[str], None] = logger.info) -> WeightSource:
    """As `weights.store.resolve`, for the folders of runs too. Raises as it does."""
    text = os.fspath(name_or_path)
    return resolve(text if is_found_by_name(text) else _within(text, say), say)


def is_found_by_name(text: str) -> bool:
    """Whether weights go by a name, which finds them wherever one is, and no path."""
    return is_hub_name(text) or text in named_weights() or is_placed(text)


def names_weights(given) -> bool:
    """Whether it is weights by a name, or a folder that holds some: no input that a model could be asked about."""
    if not isinstance(given, (str, os.PathLike)):
        return False
    text = os.fspath(given)
    if is_hub_name(text) or text in named_weights():
        return True
    folder = os.path.expanduser(text)
    if os.path.isdir(folder):  # False for a text that no file could be called
        return bool(weights_in(Path(folder)) or checkpoints(Path(folder)))
    return len(text.encode("utf-8", "replace")) < LONGEST and is_placed(text)


def _within(text: str, say: Callable[[str], None]) -> str:
    path = from_home(text)
    if weights_in(path) or not (folders := checkpoints(path)):
        return text
    best = best_checkpoint(path)
    taken = best or folders[-1]
    if best is None and (named := named_best(path)):
        logger.warning("%s names %s, which is not there; taking %s", path / BEST, brief(named), taken.name)
    say(f"{text}: taking {taken.name}, the {'best' if best else 'last'} of this run")
    return str(taken)
