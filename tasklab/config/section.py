"""A section of the configuration: a dataclass that converts and checks every assignment, readable like a mapping."""

import copy
import difflib
import typing
from collections.abc import Mapping

from tasklab.config.texts import NoName
from tasklab.config.values import Spec, specs_of
from tasklab.errors import ConfigError, brief


class Section:
    """Base of the sections. Subclasses are dataclasses: `@dataclass class TrainConfig(Section, path="train")`.

    `section.lr = "3e-5"` stores the float; an unknown attribute or a value that does not fit is a ConfigError.
    `section["lr"]`, and on the whole config `config["optimizer.lr"]`, read and write the same values.
    """

    path = ""  # where the section hangs in the config; "" is the top level
    needs = ""  # what its settings need to count, where they do not say it themselves; see `setting`

    def __init_subclass__(cls, path: str | None = None, needs: str = "", **kwargs):
        super().__init_subclass__(**kwargs)
        if path is not None:
            cls.path = path
        cls.needs = needs or cls.needs

    def __setattr__(self, name, value):
        spec = specs_of(type(self)).get(name)
        if spec is None:
            raise self.unknown_key(name)
        if is_section(spec.kind):
            value = self._subsection(name, spec, value)
        else:
            value = self._converted(name, spec, value)
        object.__setattr__(self, name, value)

    def __getitem__(self, key):
        owner, name = self._locate(key)
        return getattr(owner, name)

    def __setitem__(self, key, value):
        owner, name = self._locate(key)
        setattr(owner, name, value)

    def __contains__(self, key):
        try:
            self._locate(key)
        except ConfigError:
            return False
        return True

    def get(self, key, default=None):
        return self[key] if key in self else default

    def keys(self):
        return list(specs_of(type(self)))

    def items(self):
        return [(key, getattr(self, key)) for key in self.keys()]

    def __iter__(self):
        return iter(self.keys())

    def copy(self):
        return copy.deepcopy(self)

    def to_dict(self) -> dict:
        """Plain nested dictionaries, lists and scalars."""
        plain = {}
        for key, value in self.items():
            value = value.to_dict() if isinstance(value, Section) else copy.deepcopy(value)
            plain[key] = list(value) if isinstance(value, tuple) else value
        return plain

    def leaf_keys(self) -> list[str]:
        """Every settable key below this section, dotted from the top of the config."""
        keys = []
        for key, value in self.items():
            keys += value.leaf_keys() if isinstance(value, Section) else [self.key_of(key)]
        return keys

    def marked(self, mark: str) -> list[str]:
        """Names of this section's settings that carry `mark`, rows, kept or file (see `values.setting`)."""
        return [name for name, spec in specs_of(type(self)).items() if getattr(spec, mark)]

    def idle(self):
        """Yields (key, by, remedy) for values other than the default that change nothing because of the value of `by`.

        Subclasses add theirs and call super().
        """
        for _, value in self.items():
            if isinstance(value, Section):
                yield from value.idle()

    def problems(self):
        """Yields (keys, message) for values that do not work together; subclasses add theirs and call super()."""
        for key, value in self.items():
            spec = specs_of(type(self))[key]
            if isinstance(value, Section):
                yield from value.problems()
            elif spec.required and value is None:
                full = self.key_of(key)
                yield (full,), f"{full} has no value; name a model that states it, or set it to {spec.expected}"

    def changed(self, key: str) -> bool:
        """Whether the value of a dotted key asks for something: it is neither the default, nor null, 0, false or
        empty."""
        owner, name = self._locate(key)
        return bool(owner[name]) and owner[name] != owner.default(name)

    def needed_by(self, key: str) -> str:
        """What has to be there for the value of a dotted key to count, TRAINING or TRUTH; "" when nothing."""
        owner, name = self._locate(key)
        own = specs_of(type(owner))[name].needs
        return owner.needs if own is None else own

    def expected(self, key: str) -> str:
        """What the value of a dotted key has to be, in words."""
        owner, name = self._locate(key)
        return specs_of(type(owner))[name].expected

    def choices(self, key: str) -> list[str]:
        """What the value of a dotted key is chosen from; [] where it is not."""
        owner, name = self._locate(key)
        spec = specs_of(type(owner))[name]
        return ["true", "false"] if spec.kind is bool else [str(choice) for choice in spec.choices]

    def default(self, name: str):
        return getattr(type(self)(), name)

    def reset(self, key: str):
        """Puts the value of a dotted key back to its default."""
        owner, name = self._locate(key)
        owner[name] = owner.default(name)

    def key_of(self, name: str) -> str:
        return f"{self.path}.{name}" if self.path else name

    def unknown_key(self, name: str, rest: str = "") -> ConfigError:
        """The error for a key this section does not have, with the nearest one it has; `rest` hung below it."""
        near = difflib.get_close_matches(str(name), self.keys(), n=1, cutoff=0.6)
        if near and near[0].endswith("_b") and f"{near[0][:-1]}a" in self.keys():
            near = [f"{near[0][:-1]}a"]  # text_a and text_b are equally near; the first text is meant
        near = [f"{first}.{rest}" if rest and f"{first}.{rest}" in self else first for first in near]
        hint = f"did you mean {near[0]!r}?" if near else f"known here: {', '.join(self.keys())}"
        full = self.key_of(f"{name}.{rest}" if rest else name)
        return ConfigError(f"unknown key {full!r}; {hint}")

    def _locate(self, key: str):
        """The section that holds the dotted `key`, and the last part of the key."""
        first, _, rest = str(key).partition(".")
        if first not in specs_of(type(self)):
            raise self.unknown_key(first, rest)
        if not rest:
            return self, first
        inner = getattr(self, first)
        if not isinstance(inner, Section):
            raise ConfigError(f"unknown key {self.key_of(key)!r}; {self.key_of(first)} is a value, not a section")
        return inner._locate(rest)

    def _converted(self, name: str, spec: Spec, value):
        try:
            return spec.convert(value)
        except NoName as error:
            raise ConfigError(f"{self.key_of(name)}{error}") from None
        except (ValueError, TypeError, KeyError, OverflowError):
            whole = isinstance(value, str) and len(value) < 300
            shown = "null" if value is None else repr(value) if whole else brief(value)
            raise ConfigError(f"{self.key_of(name)} is {shown}; expected {spec.expected}") from None

    def _subsection(self, name: str, spec: Spec, value):
        if isinstance(value, spec.kind):
            return value
        if not isinstance(value, Mapping):
            raise ConfigError(f"{self.key_of(name)} is {brief(value)}; expected a mapping of its keys")
        fresh = type(self.__dict__.get(name) or spec.kind())()  # the same class: a task may have its own data section
        for key, item in value.items():
            fresh[key] = item
        return fresh


def is_section(kind) -> bool:
    return typing.get_origin(kind) is None and isinstance(kind, type) and issubclass(kind, Section)
