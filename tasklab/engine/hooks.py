"""What listens to a training: the hooks, and the refusal of what does not have them."""

import difflib
import inspect
from collections.abc import Iterable
from pathlib import Path

from tasklab.errors import ConfigError

INSTEAD = {
    "EarlyStoppingCallback": "train.early_stopping_patience does what it does",
    "TensorBoardCallback": "train.tensorboard=true does what it does",
    "ProgressCallback": "bars and log lines are there without it",
    "PrinterCallback": "log lines are there without it",
}
"""Callbacks of HuggingFace's that need no other here."""


class Callback:
    """Listens to a training; subclass it and override what you need.

    `loop` is the training: loop.state says where it stands (global_step, epoch, total_steps, best_metric, best_step),
    loop.config what it was set to, loop.run.path where its folder is, loop.network what is trained; loop.stop() ends
    it. A hook's result does not count; what it raises ends the training.
    """

    def on_train_begin(self, loop):
        """Before the first step, or the next one after a resume."""

    def on_step_end(self, loop):
        """After every optimizer step."""

    def on_epoch_end(self, loop):
        """After the last step of an epoch, before it is logged, evaluated and saved."""

    def on_log(self, loop, record: dict):
        """Every train.logging_steps steps, and after the last one.

        record: global_step, epoch, loss and grad_norm (means since the record before), lr, speed (steps per second),
        samples_per_second, seconds_left, compiles, compile_seconds.
        """

    def on_evaluate(self, loop, record: dict):
        """After every evaluation. record: global_step, epoch, and the metrics under their names."""

    def on_best(self, loop, before: float | None):
        """After on_evaluate, when loop.state.best_metric is better than the best one `before`, or as good and of a
        smaller loss; before: None where there was none."""

    def on_save(self, loop, folder: Path):
        """After a checkpoint is complete in `folder`."""

    def on_train_end(self, loop):
        """At the end, and before an error or an interruption goes on to the caller."""


HOOKS = tuple(name for name in vars(Callback) if name.startswith("on_"))


def listening(callbacks: Iterable | None) -> list[Callback]:
    """The callbacks, each looked at before a training is begun with it; none for None, HuggingFace's default.

    Raises: ConfigError for what is no Callback, and for a hook of another name or with other arguments.
    """
    callbacks = () if callbacks is None else callbacks
    if isinstance(callbacks, (Callback, type)) or not isinstance(callbacks, Iterable):
        raise ConfigError(f"callbacks is {_kind(callbacks)}; expected a list of objects: callbacks=[...]")
    listeners = list(callbacks)
    for number, callback in enumerate(listeners):
        if why := _why_not(callback):
            raise ConfigError(f"callbacks[{number}] is {_kind(callback)}{why}")
    return listeners


def _why_not(callback) -> str:
    """Why it cannot be called, and what to do; '' where it can."""
    if isinstance(callback, type):
        own = issubclass(callback, Callback)
        return f"; give an object of it: {callback.__name__}()" if own else _rewritten(callback)
    if not isinstance(callback, Callback):
        return _rewritten(type(callback))
    for name in filter(lambda name: name.startswith("on_"), dir(callback)):
        if name not in HOOKS:
            near = difflib.get_close_matches(name, HOOKS, 1)
            return f", whose {name} nothing would call; " + (f"did you mean {near[0]}? " if near else "") + _events()
        parameters = list(inspect.signature(getattr(Callback, name)).parameters)[1:]
        try:
            inspect.signature(getattr(callback, name)).bind(*parameters)
        except TypeError:
            return f", whose {name} does not take what it would get; write def {name}(self, {', '.join(parameters)})"
    return ""


def _rewritten(kind: type) -> str:
    """How a callback of another program, or none at all, becomes one."""
    names = {base.__name__: base.__module__.partition(".")[0] for base in kind.__mro__}
    theirs = names.get("TrainerCallback", "")
    instead = next((INSTEAD[name] for name in names if theirs and name in INSTEAD), "")
    if instead:
        return f" of {theirs}, and nothing here would call it; leave it out: {instead}"
    called = f" of {theirs}, whose hooks take (args, state, control)" if theirs else ""
    return (
        f"{called}; expected a tasklab.Callback: class {kind.__name__}(tasklab.Callback) with hooks such as "
        "on_step_end(self, loop) and on_log(self, loop, record), where loop.state holds global_step and best_metric, "
        f"and loop.stop() ends it. {_events()}"
    )


def _events() -> str:
    return f"Hooks: {', '.join(HOOKS)}; docs/callbacks.md says when each is called"


def _kind(callback) -> str:
    return f"the class {callback.__name__}" if isinstance(callback, type) else f"{_article(type(callback).__name__)}"


def _article(name: str) -> str:
    return ("an " if name[0] in "AEIOUaeiou" else "a ") + name
