"""What a training begins with: a new run, or the next step of one."""

import logging
from pathlib import Path
from typing import NamedTuple

from tasklab.config import LENGTH, Config
from tasklab.errors import CheckpointError
from tasklab.model import find_weights
from tasklab.runs.data_file import remembered_data
from tasklab.runs.folder import RunFolder
from tasklab.runs.held_out import is_held_out
from tasklab.runs.naming import find_run, named_run, new_run
from tasklab.runs.state import TrainerState, read_training_state
from tasklab.saved import saved_config

logger = logging.getLogger("tasklab")

OF_THIS_MACHINE = (
    "output_dir", "checkpoint", "device_target", "device_id", "tokenizer.vocab", "tokenizer.decoder_vocab",
)  # fmt: skip
"""Settings that a run takes from whoever resumes it; all others stay what they were."""


class Start(NamedTuple):
    """A configuration, the folder of the run, the weights; state and moments (of the optimizer) where it continues.

    longer: the run is finished and goes on, as the configuration says how long.
    """

    config: Config
    run: RunFolder
    weights: str | Path | None
    state: TrainerState | None = None
    moments: dict | None = None
    longer: bool = False


def new_start(config: Config, weights) -> Start:
    """A run of its own, from `weights` (a name or a folder) or the model's."""
    config = config.copy()
    if weights:
        config.from_scratch = False  # a recipe says it where nobody names weights
    return Start(config, new_run(config), weights or config.checkpoint)


def resumed_start(config: Config, checkpoint) -> Start:
    """The step after `checkpoint`, or after the last one of the run in that folder.

    A finished run goes on to the train.epochs or train.max_steps that whoever resumes it says; any other keeps its own,
    so that it ends as if it had never been stopped.

    Raises: CheckpointError when there is nothing that can be continued.
    """
    run = named_run(checkpoint)
    loaded = run.read(_read, False, logger.warning) if run else None
    if loaded is None:
        loaded = _read(Path(checkpoint) if Path(checkpoint).is_dir() else find_weights(checkpoint).folder)
    folder, state, moments, saved = loaded
    for key in OF_THIS_MACHINE:
        saved[key] = config[key]
    paths = remembered_data(folder.parent)
    saved.data.train = config.data.train or paths["data.train"]
    saved.data.eval = config.data.eval_path or paths["data.eval"]
    if is_held_out(paths["data.eval"]):  # another file would leave these rows to training
        if saved.data.eval != paths["data.eval"]:
            logger.warning("resume evaluates on what the run holds out, not on %s", saved.data.eval)
        saved.data.eval = paths["data.eval"]
    other = _other_length(config, saved)
    if other and state.finished:
        saved.train.max_steps, saved.train.min_steps = None, None
        saved.train[other] = config.train[other]
    own = ("data.train", "data.eval", "from_scratch", *(() if config.model.labels else ("model.labels",)))
    own += tuple(f"train.{key}" for key in (*LENGTH, "min_steps")) if other and state.finished else ()
    changed = [k for k in saved.leaf_keys() if saved[k] != config[k] and k not in own]
    if changed:
        listed = ", ".join(f"{k} = {saved[k]} (not {config[k]})" for k in changed)
        finish = f"; resume it to its end, and then with train.{other}" if other and not state.finished else ""
        logger.warning("resume keeps the run's own settings: %s%s", listed, finish)
    return Start(saved, RunFolder(folder.parent), folder, state, moments, bool(other and state.finished))


def _other_length(config: Config, saved: Config) -> str | None:
    """The setting by which whoever resumes a run wants it longer or shorter; a recipe's number does not count."""
    keys = (key for key in LENGTH if config.train[key] != config.inherited.get(f"train.{key}", saved.train[key]))
    return next((key for key in keys if config.train[key] not in (None, saved.train[key])), None)


def _read(folder: Path) -> tuple[Path, TrainerState, dict, Config]:
    return folder, *read_training_state(folder), saved_config(folder)


def last_checkpoint(config: Config, run: RunFolder | None) -> Path:
    """The newest sound checkpoint of `run`, or of the run that the configuration refers to."""
    run = run or find_run(config)
    last = run.last(logger.warning) if run else None
    if last is None:
        raise CheckpointError(
            f"nothing to continue: no checkpoint of {config.name} below "
            f"{Path(config.output_dir or 'output')}; train() starts a new run"
        )
    return last
