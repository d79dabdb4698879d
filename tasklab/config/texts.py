"""Texts that users give, and names of their own, such as labels, types and words, in lists and mappings."""

import datetime
import numbers
import os
from collections.abc import Mapping

HOME = "~/"
"""How only a path begins: shells leave it as it is behind `output_dir=`."""


class NoName(ValueError):
    """What no longer tells how a name was spelled; `place`, such as [1].city[0], is behind the key of a setting."""

    def __init__(self, value, place: str):
        shown = "null" if value is None else str(value)
        remedy = "what reads as null, true, false or a date needs quotes"
        super().__init__(f'{place} is {shown}; expected text: {remedy}, such as "yes" or "2024-01-01"')


def text(value) -> str:
    """Raises: ValueError for what is no text, for NUL in it, for half of a surrogate pair."""
    if isinstance(value, (str, os.PathLike)):
        plain = os.fspath(value)
        if "\0" in plain:
            raise ValueError(value)
        plain.encode("utf-8", "surrogateescape")  # UnicodeEncodeError is a ValueError: half of a surrogate pair
        return os.path.expanduser(plain) if plain.startswith(HOME) else plain
    if isinstance(value, (bool, numbers.Real)):  # a name such as 1 or off that a YAML reader took for a value
        return str(value)
    raise ValueError(value)


def name(value, place: str = "") -> str:
    """A number counts as it is written. Raises: NoName where the spelling is lost; ValueError as `text` does."""
    if value is None or isinstance(value, (bool, datetime.date)):
        raise NoName(value, place)
    return text(value)


def names(value, place: str = ""):
    """Names in lists and mappings, as deep as they lie; null below a name is nothing. Raises: ValueError where two keys
    are one name; NoName."""
    if isinstance(value, Mapping):
        tree = {}
        for key, below in value.items():
            own = name(key, f"{place}: a key")
            if own in tree:  # 1 and "1"
                raise ValueError(value)
            tree[own] = None if below is None else names(below, f"{place}.{own}")
        return tree
    if isinstance(value, (list, tuple)):
        return [names(item, f"{place}[{i}]") for i, item in enumerate(value)]
    return name(value, place)
