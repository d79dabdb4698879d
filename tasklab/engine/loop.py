"""The training loop: a pure function of (weights, moments, state), so that a resumed run repeats the same bits.

What happens, in this order; where ranks train together the first alone tells callbacks and saves:
    on_train_begin
    each epoch: its rows (epochs), and which of them make up which step (order); a resume goes on within it
        each step: every micro-batch adds its gradients (gradients); summed over ranks they make one optimizer step,
                which followers are told of; on_step_end
            after the last one of the epoch: on_epoch_end
            every train.logging_steps: on_log
            a signal that came until now stops the run once all is saved
            with the weights in place that followers want judged: evaluation, on_evaluate, on_best; saving, on_save
    on_train_end, after the last step, the early stop, a callback's stop, a signal or an error
"""

import logging
import math
import signal
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from mindspore import nn

from tasklab.data.rows.buckets import Batch
from tasklab.data.rows.protocol import Rows
from tasklab.engine.endings import diverged, interrupted
from tasklab.engine.epochs import Epochs
from tasklab.engine.followers import all_in_place, followers_of
from tasklab.engine.gradient_cache import gradients_of
from tasklab.engine.hooks import Callback
from tasklab.engine.kept import load_tensors, tensors_of
from tasklab.engine.length import length_of, lengthened
from tasklab.engine.log_window import LogWindow
from tasklab.engine.optim import optimizer_for
from tasklab.engine.ranks import Ranks
from tasklab.engine.rdrop import objective_of
from tasklab.engine.row_order import RowOrder
from tasklab.engine.runner import NetworkRunner, planned
from tasklab.engine.schedule import learning_rate
from tasklab.engine.selection import judge, patience_is_used_up
from tasklab.engine.signals import GracefulStop
from tasklab.engine.step import CompileLog, GradientStep, dropout_seed
from tasklab.errors import CheckpointError, DataError
from tasklab.nn.blocks.dropout import DROPOUT_VERSION, draws_dropout
from tasklab.runs.folder import RunFolder
from tasklab.runs.state import FORMAT, TrainerState
from tasklab.task import Task
from tasklab.weights.folder import METRICS, json_bytes

logger = logging.getLogger("tasklab")


class TrainingLoop:
    """Trains `network` on the rows of `epochs`; one object per run.

    Args:
        evaluate: () -> metrics, or None when there is nothing to evaluate on.
        files: what every checkpoint carries beside weights and state, name -> bytes.
        ranks: of the processes that train together.
        kept: names of the weights that checkpoints hold, where all others stand still and lie elsewhere.
    """

    def __init__(
        self, task: Task, network: nn.Cell, epochs: Epochs, run: RunFolder, callbacks: Sequence[Callback],
        evaluate: Callable[[], dict[str, float]] | None, files: dict[str, bytes], compiles: CompileLog, ranks: Ranks,
        kept: frozenset[str] | None = None,
    ):  # fmt: skip
        self.task, self.config, self.network, self.run = task, task.config, network, run
        self.epochs, self.callbacks, self.evaluate, self.files = epochs, callbacks, evaluate, files
        self.compiles, self.ranks, self.kept = compiles, ranks, kept
        train = self.config.train
        self.runner = NetworkRunner(network, self.config, compiles, planned)  # of the network as it stands
        self.order = RowOrder(epochs.rows(0, self.runner), self.config)
        self.step = GradientStep(network, task.loss(), compiles, objective_of(self.config.loss))
        self.gradients = gradients_of(self.step, self.config, ranks)
        self.optimizer = optimizer_for(self.step.parameters, self.config.optimizer, train.max_grad_norm)
        self.followers = followers_of(self.step, self.config, ranks, self.order.features)
        length = length_of(train, self.order.steps_per_epoch)
        self.length = length if train.max_steps else length._replace(steps=self.order.count(length.epochs))
        self.state = TrainerState(
            total_steps=self.length.steps, plan=self.order.plan(), dropout_version=DROPOUT_VERSION
        )
        self._log = LogWindow()
        self._asked_to_end = self._ends = False

    def restore(self, state: TrainerState, moments: dict[str, np.ndarray], longer: bool = False):
        """Continues from a checkpoint; the weights are in the network already.

        longer: it is of a finished run, which goes on as the configuration says, with a schedule for the added steps.
        Raises: CheckpointError when the rows or the settings that fix their order are not the same as then, or when
        there is nothing to add.
        """
        self.order.refuse_other(state.plan, state.format_version)
        if state.step_in_epoch >= (steps := len(self.order.steps(state.epoch))):
            raise CheckpointError(
                f"the state to resume names step_in_epoch {state.step_in_epoch}, but epoch {state.epoch} has {steps} "
                "steps: it is damaged or was changed; resume from another checkpoint"
            )
        if state.dropout_version != DROPOUT_VERSION and draws_dropout(self.network):
            logger.warning(
                "the run began with masks of dropout version %d, this tasklab draws those of version %d: from global "
                "step %d on they are others than those of the uninterrupted run, and so is the result",
                state.dropout_version, DROPOUT_VERSION, state.global_step + 1,
            )  # fmt: skip
        now = self.state
        self.state = replace(state, plan=now.plan, dropout_version=now.dropout_version, format_version=FORMAT)
        if longer:
            self.state = lengthened(self.state, self.length)
        self.optimizer.load_state(moments, state.global_step)
        load_tensors((*self.followers, self.epochs), moments)
        self._log.restore(state.log_window)

    def train(self) -> TrainerState:
        """Runs to the last step, an early stop, `stop`, or a signal. Raises Interrupted after saving, TrainingError."""
        self._tell("on_train_begin")
        try:
            with GracefulStop() as stop:
                while not (self._finished() or self._ends):
                    self._train_epoch(stop)
        finally:
            self._tell("on_train_end")
        return self.state

    def stop(self):
        """For callbacks: ends the training after this step, or the next one where this is being evaluated already.

        It is evaluated and saved as at its end, and can be resumed.
        """
        self._asked_to_end = True

    def _train_epoch(self, stop: GracefulStop):
        state, config = self.state, self.config.train
        rows, steps = self.epochs.rows(state.epoch, self.runner), self.order.steps(state.epoch)
        for micro_batches in steps[state.step_in_epoch :]:
            self._optimizer_step(rows, micro_batches)
            state.step_in_epoch += 1
            epoch_ends = state.step_in_epoch == len(steps)
            if epoch_ends:
                state.epoch, state.step_in_epoch = state.epoch + 1, 0
                self._tell("on_epoch_end")
            if state.global_step % config.logging_steps == 0 or state.global_step == state.total_steps:
                self._tell("on_log", self._log.record(state, self.compiles))
            signal_number = stop.received  # looked at once: what comes later waits for the next step
            stopping = self.ranks.agree(signal_number is not None)
            self._ends = self.ranks.agree(self._asked_to_end)
            with self._log.paused(self.compiles):
                self._evaluate_and_save(epoch_ends, stopping)
            if self._finished():
                return
            if stopping:
                raise interrupted(signal_number or signal.SIGTERM, state.global_step, self.run)  # or: another rank's
            if self._ends:
                return

    def _optimizer_step(self, rows: Rows, micro_batches: list[Batch]):
        state, config = self.state, self.config
        loss_sum = weight_sum = 0.0
        batches = [
            (rows.batch(batch.rows, batch.lengths, config.train.batch_size, self.step.columns[:-1]),
             dropout_seed(config.seed, state.global_step, index))
            for index, batch in self.ranks.share(list(enumerate(micro_batches)))
        ]  # fmt: skip
        for loss, weight, grads in self.gradients(batches):
            self.optimizer.accumulate(grads)
            loss_sum, weight_sum = loss_sum + loss, weight_sum + weight
        self.optimizer.sums = self.ranks.sum(self.optimizer.sums)
        loss_sum, weight_sum = self.ranks.sum((loss_sum, weight_sum))
        if not weight_sum:
            raise DataError(
                f"no row of the batch at global step {state.global_step + 1} has a label that counts; "
                "check the labels of the training data, or raise train.batch_size"
            )
        loss = loss_sum / weight_sum
        if not math.isfinite(loss):
            raise diverged(f"the loss became {loss}", state.global_step + 1, config.optimizer.lr, self.run)
        start = state.schedule_start
        lr = learning_rate(
            state.global_step - start, config.optimizer.lr, config.schedule, state.total_steps - start
        )
        norm = self.optimizer.step(lr, 1.0 / weight_sum)
        if not math.isfinite(norm):
            raise diverged(f"the gradient norm became {norm}", state.global_step + 1, config.optimizer.lr, self.run)
        state.global_step += 1
        for follower in self.followers:
            follower.after_step(state.global_step, [columns for columns, _ in batches])
        state.loss_sum += loss
        self._log.add(loss, lr, norm, micro_batches)
        self._tell("on_step_end")

    def _evaluate_and_save(self, epoch_ends: bool, stopping: bool):
        """What is due after an optimizer step. Every rank evaluates the whole: equal weights, equal judgement."""
        state, config = self.state, self.config.train
        last = self._ends or state.global_step == state.total_steps
        evaluates = self._due("eval", epoch_ends) or last and config.when("eval") != "no"
        evaluates = evaluates and self.evaluate is not None
        saves = self._due("save", epoch_ends) or stopping or self._ends
        if not (evaluates or saves or last):
            return
        with all_in_place(self.followers):
            metrics = self._evaluate() if evaluates else None
            is_best = evaluates and state.best_step == state.global_step
            if saves or self._finished() or is_best and config.when("save") != "no":
                self._save(metrics, is_best)

    def _due(self, kind: str, epoch_ends: bool) -> bool:
        """Whether the strategy for `eval` or `save` names this step."""
        config = self.config.train
        strategy, every = config.when(kind), config[f"{kind}_steps"]
        if strategy == "epoch":
            return epoch_ends and self.state.epoch % self.length.between == 0
        return strategy == "steps" and self.state.global_step % every == 0

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
        if not self.ranks.first:
            return
        # not those alone that are trained: a resume loads strictly, frozen parts too
        named = self.network.parameters_and_names()
        weights = {name: p.asnumpy() for name, p in named if self.kept is None or name in self.kept}
        # a correlation over equal predictions is NaN, which JSON cannot hold
        finite = {k: v for k, v in (metrics or {}).items() if not isinstance(v, float) or math.isfinite(v)}
        files = self.files | ({METRICS: json_bytes(finite)} if metrics else {})
        moments = self.optimizer.state() | tensors_of((*self.followers, self.epochs))
        folder = self.run.save(state, weights, moments, files, self.config.train.save_total_limit, is_best)
        self._tell("on_save", folder)

    def _finished(self) -> bool:
        state = self.state
        return state.global_step >= state.total_steps or patience_is_used_up(state, self.config.train)

    def _tell(self, event: str, *arguments):
        for callback in self.callbacks if self.ranks.first else ():
            getattr(callback, event)(self, *arguments)
