"""A training from configuration to summary: data, network and loop are put together."""

import logging
import time
from collections.abc import Callable

from tasklab.console import Scores
from tasklab.data.files.kept import take_along
from tasklab.datahub import at_hand, from_anywhere
from tasklab.dataset import no_data
from tasklab.engine import device
from tasklab.engine.callbacks import ProgressLog
from tasklab.engine.epochs import Fixed
from tasklab.engine.evaluate import Evaluator
from tasklab.engine.hooks import Callback
from tasklab.engine.listeners import Curves, MetricsFile, TensorBoard
from tasklab.engine.loop import TrainingLoop
from tasklab.engine.ranks import Ranks
from tasklab.engine.rates import freeze
from tasklab.engine.reports import Reports
from tasklab.engine.runner import NetworkRunner, planned
from tasklab.engine.schedule import warmup_steps
from tasklab.engine.step import CompileLog
from tasklab.model import prepare_ready, prepare_start
from tasklab.runs.data_file import remember_data
from tasklab.runs.held_out import HELD_OUT
from tasklab.runs.history import CURVES_FILE, evaluation_at, write_baselines
from tasklab.runs.state import TrainerState
from tasklab.session.held_out import holds_out, training_data
from tasklab.session.refusals import (
    prepare_device,
    refuse_network,
    refuse_unknown_metric,
    refuse_unoffered,
    refuse_unread,
    refuse_without_evaluation,
)
from tasklab.session.shortfall import warnings_of
from tasklab.session.start import Start
from tasklab.session.trained import Trained
from tasklab.session.typed import typed_input

logger = logging.getLogger("tasklab")


def train(start: Start, callbacks: list[Callback], compute_metrics: Callable | None = None) -> dict:
    """Trains to the end, and says what came of it: steps, loss, best metric, checkpoints, folder, seconds."""
    config, run, weights, state, moments, longer = start
    config.validate()
    refuse_unoffered(config)
    if state is None:
        refuse_network(config)
        if not (config.data.eval_path or holds_out(config.data, config.train.eval_strategy)):
            refuse_without_evaluation(config)
    named, config = config.data.copy(), config.copy()
    for key, path, training in (("train", named.train, True), ("eval", named.eval_path, False)):
        if path is not None:  # a typo is found before weights are loaded
            config.data[key] = str(at_hand(path, training))
    if named.train is None:
        raise no_data(training=True)
    prepare_device(config, training=True)
    resumed = state is not None
    ranks = Ranks()
    if ranks.first:
        run.acquire()
    try:
        prepared = prepare_ready(config, weights, True) if resumed else prepare_start(config, weights)
        task = prepared.task
        if not resumed:  # what a run began with, it goes on with
            refuse_unread(task)
        data, held_out, cut = training_data(task, resumed)
        if held_out is None and not resumed:
            refuse_without_evaluation(config)
        if held_out is not None and compute_metrics is None:  # what the user's function names shows at an evaluation
            refuse_unknown_metric(task, held_out)
        model, compiles = prepared.load(), CompileLog()  # the largest file last: nothing above waits for it in vain
        freeze(model.network, config.optimizer.rates)
        run_held_out = NetworkRunner(model.network, task.config, compiles, planned, task.tokenizer)
        evaluate = held_out and Evaluator(
            task, run_held_out, held_out.features, held_out.examples, compute_metrics
        )
        listeners = [ProgressLog(), MetricsFile(), Curves(), *([TensorBoard()] if config.train.tensorboard else [])]
        reports = evaluate and Reports(evaluate)
        listeners += [reports] if reports else []
        loop = TrainingLoop(
            task, model.network, Fixed(data.features), run, [*listeners, *callbacks], evaluate, model.files(), compiles,
            ranks, model.adapted and model.adapted.kept,
        )  # fmt: skip
        if resumed:
            loop.restore(state, moments, longer)
        if ranks.first:
            run.point_at_best(loop.state.best_step)  # a kill may have come between the checkpoint and the pointer
            train, evaluation = (take_along(p, run.path) or from_anywhere(p) for p in (named.train, named.eval_path))
            if cut:
                cut.write(run.path)
            remember_data(run.path, train, HELD_OUT if cut else evaluation)
        _announce(loop, resumed)
        began = time.perf_counter()
        final = loop.train()
        return _summary(loop, final, data, held_out, reports, time.perf_counter() - began)
    finally:
        run.release()


def _announce(loop: TrainingLoop, resumed: bool):
    config, state = loop.config, loop.state
    logger.info(
        "%s on %s: %d steps (%d per epoch) of %d x %d rows, padded to %s, in %s",
        config.name, device.describe(), state.total_steps, loop.order.steps_per_epoch, config.train.batch_size,
        config.train.gradient_accumulation_steps, loop.order.padding(), loop.run.path,
    )  # fmt: skip
    length, train = loop.length, config.train
    if length.raised and not resumed:
        logger.info(
            "train.min_steps = %d: %d epochs are %d steps, so it trains for %d epochs%s; say train.epochs=%d to have "
            "those", train.min_steps, train.epochs, train.epochs * loop.order.steps_per_epoch, length.epochs,
            f" and evaluates after every {length.between}" if length.between > 1 else "", train.epochs,
        )  # fmt: skip
    if resumed:
        left = f"{state.total_steps} in all"
        if state.finished:
            longer = 2 * max(state.epoch + (state.step_in_epoch > 0), config.train.epochs)
            left = f"it is finished, nothing is left to do; to go on, say how long: train.epochs={longer}"
        logger.info("resuming after global step %d, %s", state.global_step, left)
    if added := state.schedule_start and state.total_steps - state.schedule_start:
        rising = warmup_steps(config.schedule, added)
        logger.info(
            "of these, %d steps were added to a finished run: the %s schedule begins anew for them, %s%g", added,
            config.schedule.name, f"with {rising} steps up to " if rising else "from ", config.optimizer.lr,
        )  # fmt: skip


def _draw_beside(loop: TrainingLoop, baselines: dict):
    """Keeps the baselines with the run, and draws the curves beside them."""
    try:
        write_baselines(loop.run.path, baselines)
    except OSError as error:
        logger.warning("%s: cannot be written (%s)", error.filename, error)
    Curves.draw(loop)


def _summary(loop: TrainingLoop, state: TrainerState, data, held_out, reports, seconds: float) -> dict:
    run, compiles = loop.run, loop.compiles
    best, last = run.best(), run.checkpoints()[-1]
    logger.info(
        "trained %d steps in %.0f s, of which %.0f s compiled %d graphs", state.global_step, seconds,
        compiles.seconds, compiles.count,
    )  # fmt: skip
    if held_out is not None:
        baselines = loop.task.baselines(held_out.examples, data.examples)
        for name, metrics in baselines.items():
            logger.info(Scores(name, metrics, ": "))
        _draw_beside(loop, baselines)
        if predictions := loop.evaluate.predictions:  # none where a finished run was resumed
            scores, past = evaluation_at(run.path, state.best_step), Trained.ending(loop.config, run.path, state)
            for warning in warnings_of(
                loop.task, scores, baselines, predictions, reports.best.classes, data.features, past
            ):
                logger.warning("%s", warning)
    shown = best or "not told apart, as nothing was evaluated"
    logger.info("checkpoints: best %s, last %s; curves: %s", shown, last, run.path / CURVES_FILE)
    return {
        "global_step": state.global_step,
        "loss": state.loss_sum / max(1, state.global_step),
        "best_metric": state.best_metric,
        "best_checkpoint": str(best) if best else None,
        "last_checkpoint": str(last),
        "output_dir": str(run.path),
        "seconds": seconds,
        "example": typed_input(loop.task, (held_out or data).examples),
    }
