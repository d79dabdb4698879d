"""The training loop: a pure function of (weights, moments, state), so that a resumed run repeats the same bits."""

import math
import zlib
from collections.abc import Callable, Sequence

import mindspore as ms
import numpy as np
from mindspore import nn

from tasklab.data.buckets import Batch, plan_lengths, train_batches
from tasklab.data.features import FeatureTable
from tasklab.engine.callbacks import Callback
from tasklab.engine.checkpoint import RunFolder, TrainerState
from tasklab.engine.log_window import LogWindow
from tasklab.engine.optim import DeviceAdamW, HostAdamW
from tasklab.engine.schedule import learning_rate
from tasklab.engine.signals import GracefulStop
from tasklab.engine.step import CompileLog, GradientStep
from tasklab.errors import CheckpointError, ConfigError, DataError, Interrupted, TrainingError
from tasklab.task import Task
from tasklab.weights.folder import METRICS, json_bytes


class TrainingLoop:
    """Trains `network` on `features`; one object per run.

    Args:
        evaluate: () -> metrics, or None when there is nothing to evaluate on.
        files: what every checkpoint carries beside weights and state, name -> bytes.
    """

    def __init__(
        self, task: Task, network: nn.Cell, features: FeatureTable, run: RunFolder, callbacks: Sequence[Callback],
        evaluate: Callable[[], dict[str, float]] | None, files: dict[str, bytes], compiles: CompileLog,
    ):  # fmt: skip
        self.task, self.config, self.network, self.run = task, task.config, network, run
        self.features, self.callbacks, self.evaluate, self.files = features, callbacks, evaluate, files
        self.compiles = compiles
        train = self.config.train
        self.planned = plan_lengths(features.lengths, self.config.data.num_buckets, self.config.data.max_seq_length)
        self._columns = (*task.inputs, *task.labels)
        self.step = GradientStep(network, task.loss(), task.inputs, task.labels, compiles)
        optimizer = HostAdamW if ms.get_context("device_target") == "CPU" else DeviceAdamW
        self.optimizer = optimizer(self.step.parameters, self.config.optimizer, train.max_grad_norm)
        self.steps_per_epoch = -(-len(self._batches(0)) // train.gradient_accumulation_steps)
        self.state = TrainerState(total_steps=self._total_steps(), plan=self._plan())
        self._log = LogWindow()

    def restore(self, state: TrainerState, moments: dict[str, np.ndarray]):
        """Continues from a checkpoint; the weights are in the network already.

        Raises: CheckpointError when the rows or the settings that fix their order are not the same as then.
        """
        differing = [key for key, value in self.state.plan.items() if state.plan.get(key) != value]
        if differing:
            listed = ", ".join(f"{key}: then {state.plan.get(key)}, now {self.state.plan[key]}" for key in differing)
            raise CheckpointError(
                f"resume would not repeat the run, because this changed: {listed}; "
                "restore it, or start from the weights alone with --from"
            )
        self.state = state
        self.optimizer.load_state(moments, state.global_step)
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
        batches = self._batches(state.epoch)
        size = config.gradient_accumulation_steps
        steps = [batches[i : i + size] for i in range(0, len(batches), size)]
        for micro_batches in steps[state.step_in_epoch :]:
            self._optimizer_step(micro_batches)
            state.step_in_epoch += 1
            epoch_ends = state.step_in_epoch == len(steps)
            if epoch_ends:
                state.epoch, state.step_in_epoch = state.epoch + 1, 0
                self._tell("on_epoch_end")
            if state.global_step % config.logging_steps == 0 or state.global_step == state.total_steps:
                self._tell("on_log", self._log.record(state, self.compiles))
            with self._log.paused(self.compiles):
                metrics = self._evaluate_now(epoch_ends)
                finished = self._finished()
                if finished or metrics is not None or self._save_now(epoch_ends) or stop.received:
                    self._save(metrics)
            if stop.received and not finished:
                raise self._interrupted(stop.received)
            if finished:
                return

    def _optimizer_step(self, micro_batches: list[Batch]):
        state, config = self.state, self.config
        loss_sum = weight_sum = 0.0
        for index, batch in enumerate(micro_batches):
            columns = self.features.batch(batch.rows, batch.length, config.train.batch_size, self._columns)
            loss, weight, grads = self.step.run(columns, dropout_seed(config.seed, state.global_step, index))
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
        state.loss_sum += loss
        self._log.add(loss, lr, norm, micro_batches)
        self._tell("on_step_end")

    def _evaluate_now(self, epoch_ends: bool) -> dict[str, float] | None:
        """Evaluates when the strategy says so, and keeps the account of the best."""
        state, config = self.state, self.config.train
        due = {
            "epoch": epoch_ends,
            "steps": config.eval_steps and state.global_step % config.eval_steps == 0,
            "no": False,
        }[config.eval_strategy]
        at_the_end = state.global_step == state.total_steps and config.eval_strategy != "no"
        if self.evaluate is None or not (due or at_the_end):
            return None
        metrics = self.evaluate()
        name = config.metric_for_best_model or self.task.metric
        if name not in metrics:
            raise ConfigError(f"train.metric_for_best_model = {name}: the evaluation gave {', '.join(metrics)}")
        value = float(metrics[name])
        if math.isfinite(value) and (state.best_metric is None or value > state.best_metric):
            state.best_metric, state.best_step, state.evaluations_without_gain = value, state.global_step, 0
        else:
            state.evaluations_without_gain += 1
        epoch = state.epoch + (state.step_in_epoch > 0)
        self._tell("on_evaluate", {"global_step": state.global_step, "epoch": epoch, **metrics})
        return metrics

    def _save_now(self, epoch_ends: bool) -> bool:
        every = self.config.train.save_steps
        return self.state.global_step % every == 0 if every else epoch_ends

    def _save(self, metrics: dict[str, float] | None):
        state = self.state
        state.finished, state.log_window = self._finished(), self._log.state()
        weights = {p.name: p.asnumpy() for p in self.step.parameters}
        # a correlation over equal predictions is NaN, which JSON cannot hold
        finite = {k: v for k, v in (metrics or {}).items() if not isinstance(v, float) or math.isfinite(v)}
        files = self.files | ({METRICS: json_bytes(finite)} if metrics else {})
        folder = self.run.save(
            state, weights, self.optimizer.state(), files, self.config.train.save_total_limit,
            is_best=metrics is not None and state.best_step == state.global_step,
        )  # fmt: skip
        self._tell("on_save", folder)

    def _finished(self) -> bool:
        state, patience = self.state, self.config.train.early_stopping_patience
        stopped_early = bool(patience) and state.evaluations_without_gain >= patience
        return state.global_step >= state.total_steps or stopped_early

    def _diverged(self, what: str) -> TrainingError:
        found = self.run.checkpoints()
        saved = f"the last checkpoint, {found[-1]}, is intact" if found else "nothing was saved before"
        return TrainingError(
            f"{what} at global step {self.state.global_step + 1}; {saved}. "
            f"Lower optimizer.lr (now {self.config.optimizer.lr:g}) or lengthen the warm-up"
        )

    def _interrupted(self, signal_number: int) -> Interrupted:
        folder = self.run.path
        return Interrupted(
            f"stopped by signal {signal_number} after global step {self.state.global_step}; everything is saved. "
            f"Continue with: tasklab train --resume {folder}", signal_number,
        )  # fmt: skip

    def _batches(self, epoch: int) -> list[Batch]:
        config, lengths = self.config, self.features.lengths
        return train_batches(
            lengths, self.planned, config.train.batch_size, config.seed, epoch, config.data.group_by_length
        )

    def _total_steps(self) -> int:
        train = self.config.train
        return train.max_steps or math.ceil(train.epochs * self.steps_per_epoch)

    def _plan(self) -> dict:
        train = self.config.train
        return {
            "rows": len(self.features),
            "tokens": int(self.features.lengths.sum()),
            "crc32_of_tokens": zlib.crc32(self.features["input_ids"].values),
            "planned_lengths": list(map(int, self.planned)),
            "batch_size": train.batch_size,
            "group_by_length": self.config.data.group_by_length,
            "gradient_accumulation_steps": train.gradient_accumulation_steps,
            "seed": self.config.seed,
        }

    def _tell(self, event: str, *arguments):
        for callback in self.callbacks:
            getattr(callback, event)(self, *arguments)


def dropout_seed(seed: int, global_step: int, micro_batch: int) -> int:
    """Dropout seed of one micro-batch, 0 .. 2**31 - 1, from its place in the run alone."""
    return int(np.random.SeedSequence((seed, global_step, micro_batch)).generate_state(1)[0]) >> 1
