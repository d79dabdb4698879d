"""Names, files and overrides to one validated Config; every error of every source is listed at once, with its place."""

import dataclasses
import difflib
import os
from collections.abc import Mapping

from tasklab.config.aliases import ALIASES, TASKS
from tasklab.config.catalog import find
from tasklab.config.data_section import DataConfig
from tasklab.config.entries import Entry, from_args, from_mapping, from_overrides
from tasklab.config.models import Origin, Source, chain, missing_task, origin_of
from tasklab.config.registries import OPTIMIZERS
from tasklab.config.section import Section
from tasklab.config.sections import Config
from tasklab.config.train_section import LENGTH
from tasklab.config.translate import translate
from tasklab.errors import ConfigError

OF_TASK = "task defaults"
"""Where a value was said that nobody who runs this has said."""


def resolve(
    task=None, model=None, overrides=(), *, args=None, data_class: type[DataConfig] = DataConfig, defaults=None,
    encoder_alone: bool = False,
) -> Config:  # fmt: skip
    """The config of a run. Weakest first: field defaults, `defaults`, backbone, recipe, `args`, `overrides`.

    Args:
        task: its name; may be None when the model is a recipe or a checkpoint folder.
        model: a recipe, a backbone, a YAML file, or a folder (tasklab checkpoint, or HuggingFace layout).
        overrides: "a.b=c" texts, or a nested or dotted dictionary.
        args: a YAML file (tasklab's or MindFormers'), a dictionary, or a TrainingArguments object.
        data_class, defaults: the task's own data section, and its nested default values.
        encoder_alone: the task takes the encoder of any model, whatever that is made for.
    Raises: UnknownName for names; ConfigError that lists all other problems, one per line.
    """
    given = [*_args_sources(args), from_overrides(overrides)]
    task, origin = _names(task, model, given, encoder_alone)
    first = from_mapping(defaults or {}, OF_TASK)
    if origin:
        first.append(Entry("name", origin.name, "model"))
    merge = _Merge(Config.create(data_class), task)
    for source in [first, *(origin.sources if origin else [])]:
        merge.add(source)
    merge.recipe = merge.level - (origin.by_hand if origin else 0)
    if origin and origin.made:
        merge.settle_made()
    merge.inherit(origin)
    for source in given[:-1]:
        merge.add(source)
    merge.add(given[-1], repeats=True)
    merge.fit_length()
    return merge.finish()


def assign(config: Config, values: Mapping, place: str) -> Config:
    """The config with these values, nested or dotted, in anybody's spelling; it changes itself. Validated."""
    merge = _Merge(config, config.task)
    merge.add(from_mapping(values, place))
    return merge.finish()


def find_task(task=None, model=None, overrides=(), *, args=None) -> str:
    """The task that `resolve` with the same arguments would run; look up what it is told about the task with it."""
    return _names(task, model, [*_args_sources(args), from_overrides(overrides)], encoder_alone=True)[0]


def read_config(path, data_class: type[DataConfig] = DataConfig) -> Config:
    """The config of a run, in a file, validated; inverse of `Config.to_yaml`. Raises ConfigError with file:line."""
    merge = _Merge(Config.create(data_class), None)
    for source in chain(path):
        merge.add(source)
    merge.settle_made()
    return merge.finish()


def task_name(name: str) -> str:
    """Our name of a task that goes by HuggingFace's or MindFormers' name, such as fill-mask."""
    plain = name.replace("-", "_")
    return TASKS.get(plain, plain)


def settings_of(args) -> dict:
    """{key as it was said: value} of what `resolve` takes as `args`; {} of None."""
    return {entry.key: entry.value for source in _args_sources(args) for entry in source}


def _args_sources(args) -> list[Source]:
    if args is None:
        return []
    return chain(args) if isinstance(args, (str, os.PathLike)) else [from_args(args)]


def _names(task, model, given: list[Source], encoder_alone: bool) -> tuple[str, Origin | None]:
    """The task to run and the origin of the model, from the arguments or from what args and overrides say."""
    said = [entry for source in given for entry in translate(source, set(Config().leaf_keys()))[0]]
    task = task or next((entry.value for entry in reversed(said) if entry.key == "task"), None)
    task = task_name(task) if isinstance(task, str) else task
    if model is None:
        names = [e.value for source in given for e in source if e.key == "trainer.model_name"]  # MindFormers YAML
        model = next((name for name in names if isinstance(name, str) and find(name)), None)
    origin = origin_of(model, task, encoder_alone) if model is not None else None
    task = task or (origin.task if origin else None)
    if not task:
        raise missing_task(origin)
    return task, origin


class _Merge:
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
        said, ignored, problems = translate(source, self.native)
        self.problems += problems
        self.ignored += ignored
        self.level += 1
        seen: dict[str, Entry] = {}
        for entry in said:
            before = seen.setdefault(entry.key, entry)
            if not repeats and str(before.value) != str(entry.value):
                self._fail(entry, f"{entry.key} is {entry.value!r} here, but {before.value!r} at {before.place}")
            elif entry.key == "task" and self.task and entry.value != self.task:
                self._fail(entry, f"task is {entry.value!r}, but the run's task is {self.task!r}; name one of them")
            else:
                self._apply(entry)

    def finish(self) -> Config:
        """The validated config. Raises one ConfigError with all problems."""
        self.config.task = self.task or self.config.task
        self._settle_warmup()
        self._settle_length()
        self._settle_idle()
        for keys, message in self.config.problems():
            if not self.failed.intersection(keys):
                said = [place for key, place in self.places.items() if key in keys]
                self.problems.append(f"{said[-1]}: {message}" if said else message)
        if self.problems:
            raise ConfigError("\n".join(self.problems))
        self.config.places.update(self.places)
        if self.ignored:
            self.config.notes.append(f"ignored settings (they mean nothing to tasklab): {_grouped(self.ignored)}")
        return self.config

    def _apply(self, entry: Entry):
        if entry.value is None and isinstance(self.config.get(entry.key), Section):
            return  # an empty section
        if value := self._value_above(entry.key):
            if value not in self.failed:
                told = f"{value} is a mapping; expected {self.config.expected(value)}"
                self._fail(dataclasses.replace(entry, key=value), told)
            return
        try:
            self._assign(entry.key, entry.value)
        except ConfigError as error:
            self._fail(entry, str(error) if entry.key in self.native else self._unknown(entry.key, str(error)))
            return
        self.places.pop(entry.key, None)
        self.places[entry.key] = entry.place
        self.levels[entry.key] = self.level
        if entry.key == "train.min_steps":
            self.min_steps = self.config.train.min_steps
        schedule = self.config.schedule
        if (entry.key == "schedule.warmup_ratio" and schedule.warmup_ratio > 0) or (
            entry.key == "schedule.warmup_steps" and schedule.warmup_steps is not None
        ):
            self.warmup[entry.key] = self.level

    def _assign(self, key: str, value):
        parts = key.split(".")
        for cut in range(1, len(parts)):
            parent, last = ".".join(parts[:cut]), ".".join(parts[cut:])
            holder = self.config.get(parent)
            if isinstance(holder, tuple) and last.isdigit() and int(last) < len(holder):
                value = [value if i == int(last) else item for i, item in enumerate(holder)]
                key = parent
            elif isinstance(holder, dict):  # its keys may have dots too
                key, value = parent, {**holder, last: value}
        self.config[key] = value

    def _value_above(self, key: str) -> str | None:
        """The setting with one value, if any, that a mapping was given to, of which `key` is an entry."""
        parts = key.split(".")
        above = (".".join(parts[:n]) for n in range(1, len(parts)))
        known = (k for k in above if k in self.native)
        return next((k for k in known if not isinstance(self.config[k], (Section, tuple, dict))), None)

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
        said, train = self.levels.get("train.min_steps", 0), self.config.train
        epochs, steps = (self.levels.get(f"train.{key}", 0) for key in LENGTH)
        if epochs <= max(said, self.recipe) and (steps <= said or not train.max_steps):
            train.min_steps = self.min_steps or train.min_steps

    def inherit(self, origin: Origin | None):
        """What was said so far comes with the task or the model."""
        self._settle_length()
        config = self.config
        said = [key for key in self.levels if key in config and (origin is None or origin.inherits(key))]
        config.inherited.update((key, config[key]) for key in said)

    def fit_length(self):
        """A number of tokens that nobody named is no larger than the network takes."""
        data, most = self.config.data, self.config.model.max_tokens
        if self.places.get("data.max_seq_length", OF_TASK) == OF_TASK and 4 <= most < data.max_seq_length:
            data.max_seq_length = most

    def settle_made(self):
        """What was said so far is what a run was made with: values that changed nothing then go.

        An optimizer that is not known here, as older versions took any name for AdamW, becomes that.
        """
        optimizer = self.config.optimizer
        if optimizer.name not in OPTIMIZERS.names():
            self.config.notes.append(f"optimizer {optimizer.name!r} is not known here; adamw takes its place")
            optimizer.name = "adamw"
        self._settle_idle(whoever=True)

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
