"""One setting's value: declared beside its field with `setting`, converted and checked by its `Spec`."""

import dataclasses
import functools
import math
import numbers
import operator
import types
import typing

from tasklab.config import texts

_BOUNDS = {"ge": (operator.ge, ">="), "gt": (operator.gt, ">"), "le": (operator.le, "<="), "lt": (operator.lt, "<")}
_TRUTH = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}
_NOUNS = {int: "an integer", float: "a number", bool: "true or false", str: "text", object: "names, or a tree of them"}


TRAINING, TRUTH = "training", "truth"


def setting(default=None, *, required=False, choices=(), rows=False, kept=False, file=False, needs=None, **bounds):
    """A dataclass field with its checks: `choices`, or the bounds ge, gt, le, lt. A required one has no default.

    rows: it shapes the rows that a network learns from, so it belongs to the trained model, whoever asks later.
    kept: of a trained model, where whoever asks later says nothing else.
    file: it names a file, whose content is what counts.
    needs: without what it counts for nothing, TRAINING, or TRUTH, the right answers of an evaluation; "" never;
        None: as its section says.
    """
    if unknown := set(bounds) - set(_BOUNDS):
        raise TypeError(f"no bound named {', '.join(sorted(unknown))}; known: ge, gt, le, lt")
    metadata = {"required": required, "choices": tuple(choices), "bounds": bounds}
    metadata |= {"rows": rows, "kept": kept, "file": file, "needs": needs}
    if isinstance(default, (list, dict)):
        return dataclasses.field(default_factory=lambda: type(default)(default), metadata=metadata)
    return dataclasses.field(default=default, metadata=metadata)


@dataclasses.dataclass(frozen=True)
class Spec:
    """How the value of one field is read: its type, whether null is allowed, and the checks of `setting`."""

    # bool, int, float, str, a tuple[...], list[...] or dict[...] annotation, object for a tree of names, or a Section
    kind: object
    optional: bool
    required: bool = False
    choices: tuple = ()
    bounds: dict = dataclasses.field(default_factory=dict)
    rows: bool = False
    kept: bool = False
    file: bool = False
    needs: str | None = None

    def convert(self, value):
        """`value` as the declared type. Raises ValueError; the caller has the key and `expected` for the message."""
        if value is None or (value == "" and self.optional):
            if self.optional or (self.required and value is None):
                return None
            if value is None and "none" in self.choices:  # an override's none is null, as YAML's is not
                return "none"
            raise ValueError(value)
        return self._convert(self.kind, value)

    @property
    def expected(self) -> str:
        """What a value has to be, in words, for messages."""
        origin, args = typing.get_origin(self.kind), typing.get_args(self.kind)
        if self.choices:
            text = f"one of {', '.join(map(str, self.choices))}"
        elif origin is tuple:
            text = f"a list of {len(args)} values, each {_NOUNS[args[0]]}"
        elif origin is list:
            text = f"a list, each value {_NOUNS[args[0]]}"
        elif origin is dict:
            text = f"a mapping, each value {'a list' if typing.get_origin(args[1]) else _NOUNS[args[1]]}"
        elif self.file:
            text = "the path of a file"
        else:
            text = _NOUNS.get(self.kind, "a mapping")
        text += " and".join(f" {_BOUNDS[name][1]} {bound}" for name, bound in self.bounds.items())
        return text + (", or null" if self.optional else "")

    def _item(self, kind, value, place: str):
        return self._convert(kind, texts.name(value, place) if kind is str else value, place)

    def _convert(self, kind, value, place: str = ""):
        origin, args = typing.get_origin(kind), typing.get_args(kind)
        if origin in (tuple, list):
            if isinstance(value, (str, bytes, dict)) or (origin is tuple and len(value) != len(args)):
                raise ValueError(value)
            return origin(self._item(args[0], item, f"{place}[{i}]") for i, item in enumerate(value))
        if origin is dict:
            items = dict(value).items()
            return {
                texts.name(key, f"{place}: a key"): self._item(args[1], item, f"{place}.{key}") for key, item in items
            }
        value = _READERS[kind](value)
        if self.choices and value not in self.choices:
            value = next((choice for choice in self.choices if str(choice).lower() == str(value).lower()), value)
            if value is False or value == "False":  # YAML 1.1 reads a bare `no` or `off` as false
                value = next((choice for choice in self.choices if choice in ("no", "off")), value)
            if value not in self.choices:
                raise ValueError(value)
        if not all(_BOUNDS[name][0](value, bound) for name, bound in self.bounds.items()):
            raise ValueError(value)
        return value


@functools.cache
def specs_of(cls) -> dict[str, Spec]:
    """Field name -> Spec of a section class, in the order of declaration."""
    hints = typing.get_type_hints(cls)
    return {field.name: _spec(hints[field.name], field.metadata) for field in dataclasses.fields(cls)}


def _spec(hint, metadata) -> Spec:
    optional = typing.get_origin(hint) in (typing.Union, types.UnionType)
    kind = next(arg for arg in typing.get_args(hint) if arg is not type(None)) if optional else hint
    return Spec(kind, optional, **metadata)


def _integer(value) -> int:
    if isinstance(value, str):
        value = value.strip()
        try:
            return int(value)
        except ValueError:
            value = float(value)  # "2.0" and "1e6" are whole numbers too
    if isinstance(value, bool) or not isinstance(value, numbers.Real) or value != int(value):
        raise ValueError(value)
    return int(value)


def _number(value) -> float:
    if isinstance(value, bool) or not isinstance(value, (str, numbers.Real)):
        raise ValueError(value)
    value = float(value)
    if not math.isfinite(value):
        raise ValueError(value)
    return value


def _boolean(value) -> bool:
    if isinstance(value, str):
        return _TRUTH[value.strip().lower()]
    if type(value).__name__ not in ("bool", "bool_"):  # bool_: numpy's, which this layer does not import
        raise ValueError(value)
    return bool(value)


_READERS = {int: _integer, float: _number, bool: _boolean, str: texts.text, object: texts.names}
