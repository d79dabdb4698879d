"""Which settings are tried, and from which values.

A space maps keys, in tasklab's or anybody's spelling, to a list of values or to {low, high} with log and step.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tasklab.config import Config, assign, yaml_source
from tasklab.errors import ConfigError, brief

RANGE = re.compile(r"\s*(\S+?)\s*\.\.\s*(\S+?)\s*")
FIELDS = {"low", "high", "log", "step"}


@dataclass(frozen=True)
class Range:
    """Numbers from low to high, both included; whole ones when both ends are."""

    low: float
    high: float
    log: bool = False
    step: float | None = None

    def suggest(self, trial, key: str):
        whole = isinstance(self.low, int) and isinstance(self.high, int)
        if whole:
            return trial.suggest_int(key, self.low, self.high, step=int(self.step or 1), log=self.log)
        return trial.suggest_float(key, self.low, self.high, step=self.step, log=self.log)

    def values(self) -> list:
        return [self.low, self.high]


@dataclass(frozen=True)
class Choice:
    """One of these values."""

    options: tuple

    def suggest(self, trial, key: str):
        return trial.suggest_categorical(key, self.options)

    def values(self) -> list:
        return list(self.options)


Space = dict[str, Range | Choice]


def default_space(config: Config) -> Space:
    """Around the recipe: five times slower to five times faster, fewer and more epochs, smaller and larger batches."""
    lr, epochs, rows = config.optimizer.lr, config.train.epochs, config.train.batch_size
    least = config.train.min_steps  # where rows are few it makes the length, whatever the epochs
    return {
        "optimizer.lr": Range(lr / 5, lr * 5, log=True),
        "train.epochs": Range(1, epochs + 2),
        **({"train.min_steps": Range(max(1, least // 2), 2 * least)} if least else {}),
        "train.batch_size": Choice(tuple(sorted({max(1, rows // 2), rows, rows * 2}))),
        "schedule.warmup_ratio": Range(0.0, 0.2),
    }


def read_space(source, config: Config) -> Space:
    """A space from a mapping, a YAML file, or "key=low..high" and "key=[a, b]" texts; every value is tried on `config`.

    Raises: ConfigError naming the key and what a value has to be.
    """
    if source is None:
        space = default_space(config)
    elif isinstance(source, Mapping):
        space = {key: _dimension(key, value) for key, value in source.items()}
    elif isinstance(source, (str, Path)):
        space = read_space(_mapping_in(Path(source)), config)
    else:
        space = dict(_from_text(text) for text in source)
    if not space:
        raise ConfigError("the search space is empty; name at least one setting and its values")
    for key, dimension in space.items():
        for value in dimension.values():
            assign(config.copy(), {key: value}, f"search space, {key}")
    return space


def _mapping_in(path: Path) -> Mapping:
    try:
        content = yaml_source.values(yaml_source.read_text(path), lambda line: f"line {line}")
    except ConfigError as error:
        raise ConfigError(f"{path}: cannot be read as a search space ({' '.join(str(error).split())})") from None
    if not isinstance(content, Mapping):
        raise ConfigError(f"{path}: expected lines such as optimizer.lr: {{low: 1.0e-5, high: 1.0e-3, log: true}}")
    return content


def _from_text(text: str) -> tuple[str, Range | Choice]:
    key, _, value = text.partition("=")
    match = RANGE.fullmatch(value)
    if match:
        low, high = map(_number, match.groups())
        if low is not None and high is not None:
            wide = 0 < low <= high / 10  # over a factor of ten, shares count, not differences
            return key, _dimension(key, {"low": low, "high": high, "log": wide and isinstance(low, float)})
    try:
        options = yaml_source.values(value, lambda line: f"search space, {key}")
    except ConfigError:
        options = None
    return key, _dimension(key, options)


def _dimension(key: str, value) -> Range | Choice:
    """Raises ConfigError for what is neither a list nor a range."""
    expected = "expected a list of values, or low..high, or {low, high, log, step}"
    message = f"search space, {brief(key)[1:-1]}: {brief(value)}; {expected}"
    if isinstance(value, Mapping):
        if not {"low", "high"} <= value.keys() <= FIELDS:
            raise ConfigError(message)
        numbers = {name: _number(value[name]) for name in ("low", "high", "step") if value.get(name) is not None}
        whole = all(isinstance(number, int) for number in numbers.values())
        if not {"low", "high"} <= numbers.keys():
            raise ConfigError(message + "; low and high both need a number")
        if None in numbers.values() or numbers["low"] > numbers["high"] or value.get("log") and numbers["low"] <= 0:
            raise ConfigError(message + ", low <= high, and above 0 for log")
        if numbers.get("step", 1) <= 0 or "step" in numbers and not whole and isinstance(numbers["low"], int):
            raise ConfigError(message + ", and a step above 0, whole where low and high are")
        return Range(**numbers, log=bool(value.get("log", False)))
    if isinstance(value, (list, tuple)) and value:
        return Choice(tuple(value))
    raise ConfigError(message)


def _number(value) -> int | float | None:
    """As YAML should have read it: 1e-5 is a number too."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return value if abs(value) < 1e300 else None
    for kind in (int, float) if isinstance(value, str) else ():
        try:
            return _number(kind(value))
        except (ValueError, OverflowError):
            continue
    return None
