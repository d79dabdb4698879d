"""Sources of settings, weakest first, become one Config; each problem of each of them is kept, with its place."""

import dataclasses
import difflib

from tasklab.config import published_decoding
from tasklab.config.aliases import ALIASES
from tasklab.config.entries import Entry, needs_quotes
from tasklab.config.model_section import PREFIX
from tasklab.config.models import Origin, Source
from tasklab.config.registries import OPTIMIZERS
from tasklab.config.section import Section
from tasklab.config.sections import Config
from tasklab.config.train_section import LENGTH
from tasklab.config.translate import translate
from tasklab.errors import ConfigError

OF_TASK = "task defaults"
"""Where a value was said that nobody who runs this has said."""


class Merge:
    """Applies sources in order and collects every problem."""

    def __init__(self, config: Config, task: str | None):
        self.config, self.task = config, task
        self.native = set(config.leaf_keys()) | {k for k, v in config.items() if isinstance(v, Section)}
        self.problems, self.failed, self.ignored = [], set(), []
        self.places: dict[str, str] = {}  # key -> where its value was said last, in that order
        self.levels: dict[str, int] = {}  # key -> number of the source that said its value last, from 1
        self.warmup: dict[str, int] = {}  # which of the two ways to state the warm-up was said at which level
        self.level = self.recipe = 0  # of the source added last, of the last one that is a recipe's
        self.min_steps: int | None = None  # as said last

    def add(self, source: Source, repeats: bool = False):
        """Applies one source; a key said twice with two values is a problem, unless `repeats`: then the last counts."""
        entries, ignored, problems = translate(source, self.native)
        self.problems += problems
        self.ignored += ignored
        self.level += 1
        seen: dict[str, Entry] = {}
        for entry in entries:
            before = seen.setdefault(entry.key, entry)
            if not repeats and str(before.value) != str(entry.value):
                self._fail(entry, f"{entry.key} is {entry.value!r} here, but {before.value!r} at {before.place}")
            elif entry.key == "task" and self.task and entry.value != self.task:
                self._fail(entry, f"task is {entry.value!r}, but the run's task is {self.task!r}; name one of them")
            else:
                self._apply(entry)

    def inherit(self, origin: Origin | None):
        """What was said so far comes with the task or the model."""
        self._settle_length()
        config = self.config
        keys = [key for key in self.levels if key in config and (origin is None or origin.inherits(key))]
        config.inherited.update((key, config[key]) for key in keys)

    def fit_length(self):
        """Numbers of tokens that nobody named are no larger than the network takes, of one stack both together."""
        data, most = self.config.data, self.config.model.max_tokens
        for key in ("max_target_length", "max_seq_length"):
            if key not in data:
                continue
            if self.places.get(f"data.{key}", OF_TASK) == OF_TASK and 4 <= most < data[key]:
                data[key] = most
            if self.config.model.mask == PREFIX:
                most -= data[key]

    def settle_made(self):
        """What was said so far is what a run was made with: values that changed nothing then go.

        An optimizer that is not known here, as older versions took any name for AdamW, becomes that.
        """
        optimizer = self.config.optimizer
        if optimizer.name not in OPTIMIZERS.names():
            self.config.notes.append(f"optimizer {optimizer.name!r} is not known here; adamw takes its place")
            optimizer.name = "adamw"
        self._settle_idle(whoever=True)

    def finish(self) -> Config:
        """The validated config. Raises one ConfigError with all problems."""
        self.config.task = self.task or self.config.task
        self._settle_warmup()
        self._settle_length()
        self._settle_idle()
        for keys, message in self.config.problems():
            if not self.failed.intersection(keys):
                places = [place for key, place in self.places.items() if key in keys]
                self.problems.append(f"{places[-1]}: {message}" if places else message)
        if self.problems:
            raise ConfigError("\n".join(self.problems))
        self.config.places.update(self.places)
        if decoding := published_decoding.note(self.config, self.places):
            self.config.notes.append(decoding)
        if self.ignored:
            self.config.notes.append(f"ignored settings (they mean nothing to tasklab): {_grouped(self.ignored)}")
        return self.config

    def _apply(self, entry: Entry):
        if entry.value is None and isinstance(self.config.get(entry.key), Section):
            return  # an empty section
        if value := self._value_above(entry.key):
            if value not in self.failed:
                expected = self.config.expected(value)
                message = f"{value} is a mapping; expected {expected}"
                message += f"; {needs_quotes('{')}" if expected.startswith("text") else ""
                self._fail(dataclasses.replace(entry, key=value), message)
            return
        key = self._setting(entry.key)
        try:
            self._assign(entry.key, entry.value)
        except ConfigError as error:
            self._fail(entry, str(error) if key in self.native else self._unknown(entry.key, str(error)))
            return
        self.places.pop(key, None)
        self.places[key] = entry.place
        self.levels[key] = self.level
        if entry.key == "train.min_steps":
            self.min_steps = self.config.train.min_steps
        schedule = self.config.schedule
        if (entry.key == "schedule.warmup_ratio" and schedule.warmup_ratio > 0) or (
            entry.key == "schedule.warmup_steps" and schedule.warmup_steps is not None
        ):
            self.warmup[entry.key] = self.level

    def _assign(self, key: str, value):
        segments = key.split(".")
        for cut in range(1, len(segments)):
            parent, last = ".".join(segments[:cut]), ".".join(segments[cut:])
            holder = self.config.get(parent)
            if isinstance(holder, tuple) and last.isdigit() and int(last) < len(holder):
                value = [value if i == int(last) else item for i, item in enumerate(holder)]
                key = parent
            elif isinstance(holder, dict):  # its keys may have dots too
                key, value = parent, {**holder, last: value}
        self.config[key] = value

    def _value_above(self, key: str) -> str | None:
        """The setting with one value, if any, that a mapping was given to, of which `key` is an entry."""
        return next((k for k in self._above(key) if not isinstance(self.config[k], (Section, tuple, dict))), None)

    def _setting(self, key: str) -> str:
        """The setting whose value is a mapping or a list, of which `key` is an entry; else `key`."""
        return next((k for k in self._above(key) if isinstance(self.config[k], (tuple, dict))), key)

    def _above(self, key: str) -> list[str]:
        """Known keys of which `key` is, or would be, a part."""
        segments = key.split(".")
        return [k for n in range(1, len(segments)) if (k := ".".join(segments[:n])) in self.native]

    def _fail(self, entry: Entry, message: str):
        self.failed.add(entry.key)
        self.problems.append(f"{entry.place}: {message}")

    def _unknown(self, key: str, message: str) -> str:
        """The message for an unknown key, with the nearest key anywhere when its own section has none."""
        first = key.partition(".")[0]
        theirs = first not in self.native and any(alias.startswith(first + ".") for alias in ALIASES)
        if "did you mean" in message and not theirs:
            return message
        last = key.rpartition(".")[2]
        near = [k for k in sorted(self.native) if k.rpartition(".")[2] == last and not theirs]
        near = near or difflib.get_close_matches(key, sorted((self.native | set(ALIASES)) - {first}), n=1, cutoff=0.8)
        if near:
            return f"unknown key {key!r}; did you mean {near[0]!r}?"
        return f"unknown key {key!r}, neither tasklab's nor a known one of MindFormers'" if theirs else message

    def _settle_warmup(self):
        """Whoever spoke last decides whether the warm-up is a ratio or a number of steps."""
        ratio, steps = (self.warmup.get(f"schedule.warmup_{unit}", 0) for unit in ("ratio", "steps"))
        if steps > ratio:
            self.config.schedule.warmup_ratio = 0.0
        elif ratio > steps:
            self.config.schedule.warmup_steps = None

    def _settle_length(self):
        """A recipe's least number of steps stands beside its epochs; whoever says epochs by hand, or max_steps, and no
        least number in the same place or later, has those."""
        least, train = self.levels.get("train.min_steps", 0), self.config.train
        epochs, steps = (self.levels.get(f"train.{key}", 0) for key in LENGTH)
        if epochs <= max(least, self.recipe) and (steps <= least or not train.max_steps):
            train.min_steps = self.min_steps or train.min_steps

    def _settle_idle(self, whoever: bool = False):
        """Values that do nothing under a later choice, or under `whoever`'s, go back to their defaults."""
        left = None
        while left != (left := [(key, by) for key, by, _ in self.config.idle()]):
            for key, by in left:
                if whoever or self.levels.get(key, 0) < self.levels.get(by, 0):
                    self.config.reset(key)
                    self.levels[key] = self.levels.get(by, 0)
                    self.places.pop(key, None)


def _grouped(keys: list[str]) -> str:
    """Keys in one line; more than two of one section are counted."""
    groups: dict[str, list[str]] = {}
    for key in dict.fromkeys(keys):
        groups.setdefault(key.partition(".")[0], []).append(key)
    short = ([f"{top}.* ({len(below)} keys)"] if len(below) > 2 else below for top, below in groups.items())
    return ", ".join(key for keys in short for key in keys)
