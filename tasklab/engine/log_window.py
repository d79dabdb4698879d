"""What one log line says: means over the optimizer steps since the line before."""

import time
from contextlib import contextmanager

import numpy as np

from tasklab.data.rows.buckets import Batch
from tasklab.engine.step import CompileLog
from tasklab.runs.state import TrainerState


class LogWindow:
    """Means over the optimizer steps since the last log line; compilation and evaluation do not count as step time."""

    def __init__(self):
        self._reset(0.0)

    def _reset(self, compiled: float):
        self.start, self.compiled, self.away = time.perf_counter(), compiled, 0.0
        self.losses, self.norms, self.rows, self.lr = [], [], 0, 0.0
        self.resumed = 0  # of the losses, those of the process before

    def add(self, loss: float, lr: float, norm: float, micro_batches: list[Batch]):
        self.losses.append(loss)
        self.norms.append(norm)
        self.rows += sum(len(batch.rows) for batch in micro_batches)
        self.lr = lr

    def state(self) -> dict:
        return {"losses": self.losses, "norms": self.norms}

    def restore(self, state: dict):
        """Goes on from what `state` gave; the time of those steps is not known and does not count."""
        self.losses, self.norms = list(state.get("losses", ())), list(state.get("norms", ()))
        self.resumed = len(self.losses)

    @contextmanager
    def paused(self, compiles: CompileLog):
        """Time inside is no step time; what compiles inside is accounted for as compilation already."""
        start = time.perf_counter() - compiles.seconds
        yield
        self.away += time.perf_counter() - compiles.seconds - start

    def record(self, state: TrainerState, compiles: CompileLog) -> dict:
        """What happened since the last record; starts the next window."""
        seconds = time.perf_counter() - self.start - self.away - (compiles.seconds - self.compiled)
        speed = (len(self.losses) - self.resumed) / max(seconds, 1e-9)
        record = {
            "global_step": state.global_step,
            "epoch": state.epoch + (state.step_in_epoch > 0),
            "loss": float(np.mean(self.losses)),
            "lr": self.lr,
            "grad_norm": float(np.mean(self.norms)),
            "speed": speed,
            "samples_per_second": self.rows / max(seconds, 1e-9),
            "seconds_left": (state.total_steps - state.global_step) / speed,
            "compiles": compiles.count,
            "compile_seconds": compiles.seconds,
        }
        self._reset(compiles.seconds)
        return record
