"""The network that answers, and what it answers."""

import logging
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path

import numpy as np

from tasklab.config import Config
from tasklab.data.files.answer_tables import with_input
from tasklab.data.files.portions import in_portions
from tasklab.errors import CheckpointError, DataError
from tasklab.runs.folder import RunFolder
from tasklab.session.frames import answer_frame, asked_of
from tasklab.session.native import NativeReady
from tasklab.session.ready import Ready
from tasklab.task import TASKS
from tasklab.weights.sums import SUMS

logger = logging.getLogger("tasklab")


PORTION = 8192
"""Inputs that are encoded and answered together where a task reads them one by one."""


def ready_for(config: Config, run: RunFolder | None, asked, kept: Ready | None) -> Ready:
    """The network that answers, `kept` where it still does.

    Args:
        run: the run whose checkpoint is meant where `asked` names none.
        asked: weights by name or folder; None or a truth value for the run's best (or last) checkpoint, and unless it
            is True for the model's own weights where there is no run.
    Raises: CheckpointError when there are no trained weights.
    """
    untrained = False
    if asked is None or isinstance(asked, bool):
        best = config.train.load_best_model_at_end
        if run and kept and kept.serves(run.preferred(best), config):
            kept.adopt(config)
            return kept  # its files were verified when they were loaded, and not written since
        if run and (ready := run.read(lambda folder: _serving(folder, config, kept), best, logger.warning)):
            return ready
        untrained = not (Path(str(config.checkpoint)) / SUMS).is_file()
        asked = None if asked is True else config.checkpoint
        if asked is None:
            raise CheckpointError(_train_first(config))
    try:
        return _serving(asked, config, kept)
    except CheckpointError as error:
        if untrained:
            raise CheckpointError(f"{_train_first(config)}\n{error}") from None
        raise


def _serving(checkpoint, config: Config, kept: Ready | None) -> Ready:
    """The network of a checkpoint, `kept` where that is it."""
    if kept is None or not kept.serves(checkpoint, config):
        kept = _opened(checkpoint, config)
    kept.adopt(config)
    return kept


def _opened(checkpoint, config: Config) -> Ready:
    """A network that generates is the kernels' decoder where that can have it, and MindSpore stays out of it."""
    native = TASKS.get(config.task).generates and config.device_target in ("auto", "CPU") and config.kernels == "auto"
    return native and NativeReady.of(checkpoint, config) or Ready(checkpoint, config)


def _train_first(config: Config) -> str:
    return (
        f"no trained checkpoint of {config.name} below {Path(config.output_dir or 'output')}; train first "
        "(trainer.train() or `tasklab train`), or name a checkpoint folder"
    )


def predict(ready: Ready, input_data, top_k: int) -> Sequence:
    """The best answer per input, one array when they are vectors; or the list of the top_k best, which for vectors
    are one each."""
    return _joined(list(predict_parts(ready, input_data, top_k)), top_k)


def predict_frame(ready: Ready, input_data, top_k: int):
    """The same as a DataFrame with the inputs, see `answer_frame`."""
    examples = list(ready.model.task.parse(input_data))
    return answer_frame(input_data, examples, _joined(list(_answered(ready, examples, top_k, beside=False)), top_k))


def predict_parts(ready: Ready, input_data, top_k: int) -> Iterator[Sequence]:
    """The same, portion by portion where the task reads its input one by one. Raises DataError when there is none."""
    beside = bool(ready.model.task.config.data.output_inputs)
    return _answered(ready, ready.model.task.parse(input_data), top_k, beside)


def _joined(portions: list[Sequence], top_k: int) -> Sequence:
    if not isinstance(portions[0], np.ndarray):
        return list(chain.from_iterable(portions))
    vectors = np.concatenate(portions)
    return vectors if top_k == 1 else [[vector] for vector in vectors]


def _answered(ready: Ready, examples: Sequence | Iterator, top_k: int, beside: bool) -> Iterator[Sequence]:
    """beside: what was asked stands beside each answer."""
    task, done = ready.model.task, 0
    for portion in filter(None, in_portions(examples, PORTION) if isinstance(examples, Iterator) else [examples]):
        answers = task.answer(portion, ready.run, top_k)
        alone = top_k == 1 or isinstance(answers[0][0], np.ndarray)  # there is one vector, however many are asked for
        best = [answer[0] for answer in answers] if alone else answers
        if beside:
            best = [with_input(asked_of(example), answer) for example, answer in zip(portion, best, strict=True)]
        yield np.stack(best) if isinstance(best[0], np.ndarray) else best
        done += len(portion)
        if done > PORTION:
            logger.info("%d inputs are answered", done)
    if not done:
        raise DataError(f"predict got no input; it takes for example {task.primer}")
