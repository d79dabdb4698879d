"""The training loop: a pure function of (weights, moments, state), so that a resumed run repeats the same bits."""

import logging
import math
import shlex
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from mindspore import nn

from tasklab.data.rows.buckets import Batch
from tasklab.data.rows.protocol import Rows
from tasklab.engine.adversarial import passes
from tasklab.engine.average import weight_average
from tasklab.engine.callbacks import Callback
from tasklab.engine.log_window import LogWindow
from tasklab.engine.optim import optimizer_for
from tasklab.engine.rdrop import objective_of
from tasklab.engine.row_order import RowOrder
from tasklab.engine.schedule import learning_rate
from tasklab.engine.selection import judge, patience_is_used_up
from tasklab.engine.signals import GracefulStop
from tasklab.engine.step import CompileLog, GradientStep
from tasklab.errors import CheckpointError, DataError, Interrupted, TrainingError
from tasklab.nn.blocks.dropout import DROPOUT_VERSION, draws_dropout
from tasklab.runs.folder import RunFolder
from tasklab.runs.state import FORMAT, TrainerState
from tasklab.task import Task
from tasklab.weights.folder import METRICS, json_bytes

logger = logging.getLogger("tasklab")


class TrainingLoop:
    """Trains `network` on `features`; one object per run.

    Args:
        evaluate: () -> metrics, or None when there is nothing to evaluate on.
        files: what every checkpoint carries beside weights and state, name -> bytes.
    """

    def __init__(
        self, task: Task, network: nn.Cell, features: Rows, run: RunFolder, callbacks: Sequence[Callback],
        evaluate: Callable[[], dict[str, float]] | None, files: dict[str, bytes], compiles: CompileLog,
    ):  # fmt: skip
        self.task, self.config, self.network, self.run = task, task.config, network, run
        self.features, self.callbacks, self.evaluate, self.files = features, callbacks, evaluate, files
        self.compiles = compiles
        train = self.config.train
        self.order = RowOrder(features, self.config)
        self.step = GradientStep(network, task.loss(), compiles, objective_of(self.config.loss))
        self.passes = passes(self.step, self.config.adversarial)
        self.optimizer = optimizer_for(self.step.parameters, self.config.optimizer, train.max_grad_norm)
        self.average = weight_average(self.step.parameters, self.config.optimizer.ema_decay)
        total = train.max_steps or math.ceil(train.epochs * self.order.steps_per_epoch)
        self.state = TrainerState(total_steps=total, plan=self.order.plan(), dropout_version=DROPOUT_VERSION)
        self._log = LogWindow()

    def restore(self, state: TrainerState, moments: dict[str, np.ndarray]):
        """Continues from a checkpoint; the weights are in the network already.

        Raises: CheckpointError when the rows or the settings that fix their order are not the same as then.
        """
        now = self.order.plan(state.format_version)
        differing = [key for key, value in now.items() if state.plan.get(key) != value]
        if differing:
            listed = ", ".join(f"{key}: then {state.plan.get(key)}, now {now[key]}" for key in differing)
            raise CheckpointError(
                f"resume would not repeat the run, because this changed: {listed}; "
                "restore it, or start from the weights alone with --from"
            )
        if state.dropout_version != DROPOUT_VERSION and draws_dropout(self.network):
            logger.warning(
                "the run began with masks of dropout version %d, this tasklab draws those of version %d: from global "
                "step %d on they are others than those of the uninterrupted run, and so is the result",
                state.dropout_version, DROPOUT_VERSION, state.global_step + 1,
            )  # fmt: skip
        now = self.state
        self.state = replace(state, plan=now.plan, dropout_version=now.dropout_version, format_version=FORMAT)
        self.optimizer.load_state(moments, state.global_step)
        self.average.load_state(moments)
        self._log.restore(state.log_window)

    def train(self) -> TrainerState:
        """Runs to the last step, the early stop, or a signal. Raises Interrupted after saving, TrainingError."""
        self._tell("on_train_begin")
        try:
            with GracefulStop() as stop:
                while not self._finished():
                    self._train_epoch(stop)
        finally:
            self._tell("on_train_end")
        return self.state

    def _train_epoch(self, stop: GracefulStop):
        state, config = self.state, self.config.train
        steps = self.order.steps(state.epoch)
        for micro_batches in steps[state.step_in_epoch :]:
            self._optimizer_step(micro_batches)
            state.step_in_epoch += 1
            epoch_ends = state.step_in_epoch == len(steps)
            if epoch_ends:
                state.epoch, state.step_in_epoch = state.epoch + 1, 0
                self._tell("on_epoch_end")
            if state.global_step % config.logging_steps == 0 or state.global_step == state.total_steps:
                self._tell("on_log", self._log.record(state, self.compiles))
            signal_number = stop.received  # looked at once: what comes later waits for the next step
            with self._log.paused(self.compiles):
                self._evaluate_and_save(epoch_ends, stopping=signal_number is not None)
            if self._finished():
                return
            if signal_number is not None:
                raise self._interrupted(signal_number)

    def _optimizer_step(self, micro_batches: list[Batch]):
        state, config = self.state, self.config
        loss_sum = weight_sum = 0.0
        features = self.features.of_epoch(state.epoch)
        for index, batch in enumerate(micro_batches):
            columns = features.batch(batch.rows, batch.lengths, config.train.batch_size, self.step.columns[:-1])
            for loss, weight, grads in self.passes(columns, dropout_seed(config.seed, state.global_step, index)):
                self.optimizer.accumulate(grads)
                loss_sum, weight_sum = loss_sum + loss, weight_sum + weight
        if not weight_sum:
            raise DataError(
                f"no row of the batch at global step {state.global_step + 1} has a label that counts; "
                "check the labels of the training data, or raise train.batch_size"
            )
        loss = loss_sum / weight_sum
        if not math.isfinite(loss):
            raise self._diverged(f"the loss became {loss}")
        lr = learning_rate(state.global_step, config.optimizer.lr, config.schedule, state.total_steps)
        norm = self.optimizer.step(lr, 1.0 / weight_sum)
        if not math.isfinite(norm):
            raise self._diverged(f"the gradient norm became {norm}")
        state.global_step += 1
        self.average.update(state.global_step)
        state.loss_sum += loss
        self._log.add(loss, lr, norm, micro_batches)
        self._tell("on_step_end")

    def _evaluate_and_save(self, epoch_ends: bool, stopping: bool):
        """What is due after an optimizer step, with the averaged weights in place."""
        state, config = self.state, self.config.train
        last = state.global_step == state.total_steps
        evaluates = self._due("eval", epoch_ends) or last and config.when("eval") != "no"
        evaluates = evaluates and self.evaluate is not None
        saves = self._due("save", epoch_ends) or stopping
        if not (evaluates or saves or last):
            return
        with self.average.in_place():
            metrics = self._evaluate() if evaluates else None
            is_best = evaluates and state.best_step == state.global_step
            if saves or self._finished() or is_best and config.when("save") != "no":
                self._save(metrics, is_best)

    def _due(self, kind: str, epoch_ends: bool) -> bool:
        """Whether the strategy for `eval` or `save` names this step."""
        config = self.config.train
        strategy, every = config.when(kind), config[f"{kind}_steps"]
        return epoch_ends if strategy == "epoch" else strategy == "steps" and self.state.global_step % every == 0

    def _evaluate(self) -> dict[str, float]:
        state = self.state
        metrics, before = self.evaluate(), state.best_metric
        is_best = judge(metrics, state, self.config.train, self.task.metric)
        epoch = state.epoch + (state.step_in_epoch > 0)
        self._tell("on_evaluate", {"global_step": state.global_step, "epoch": epoch, **metrics})
        if is_best:
            self._tell("on_best", before)
        return metrics

    def _save(self, metrics: dict[str, float] | None, is_best: bool):
        state = self.state
        state.finished, state.log_window = self._finished(), self._log.state()
        # not those alone that are trained: a resume loads strictly, frozen parts too
        weights = {name: parameter.asnumpy() for name, parameter in self.network.parameters_and_names()}
        # a correlation over equal predictions is NaN, which JSON cannot hold
        finite = {k: v for k, v in (metrics or {}).items() if not isinstance(v, float) or math.isfinite(v)}
        files = self.files | ({METRICS: json_bytes(finite)} if metrics else {})
        moments = self.optimizer.state() | self.average.state()
        folder = self.run.save(state, weights, moments, files, self.config.train.save_total_limit, is_best)
        self._tell("on_save", folder)

    def _finished(self) -> bool:
        state = self.state
        return state.global_step >= state.total_steps or patience_is_used_up(state, self.config.train)

    def _diverged(self, what: str) -> TrainingError:
        found = self.run.checkpoints()
        saved = f"the last checkpoint, {found[-1]}, is intact" if found else "nothing was saved before"
        return TrainingError(
            f"{what} at global step {self.state.global_step + 1}; {saved}. "
            f"Lower optimizer.lr (now {self.config.optimizer.lr:g}) or lengthen the warm-up"
        )

    def _interrupted(self, signal_number: int) -> Interrupted:
        folder = shlex.quote(str(self.run.path))
        return Interrupted(
            f"stopped by signal {signal_number} after global step {self.state.global_step}; everything is saved. "
            f"Continue with: tasklab train --resume {folder}", signal_number,
        )  # fmt: skip

    def _tell(self, event: str, *arguments):
        for callback in self.callbacks:
            getattr(callback, event)(self, *arguments)


def dropout_seed(seed: int, global_step: int, micro_batch: int) -> int:
    """Dropout seed of one micro-batch, 0 .. 2**31 - 1, from its place in the run alone."""
    return int(np.random.SeedSequence((seed, global_step, micro_batch)).generate_state(1)[0]) >> 1
