"""What one value of a table or of JSON is worth: a text, a number that stands for one, or neither."""

import math
from collections.abc import Mapping

from tasklab.data.files.textfile import encodable


def as_text(value):
    """A number as the text that it stands for; NaN and infinities, and all else, as they are."""
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return str(value) if number and math.isfinite(value) else value


def is_missing(value) -> bool:
    """Whether a table means by it that there is nothing: null, NaN, a blank cell."""
    if isinstance(value, float):
        return math.isnan(value)
    return value is None or isinstance(value, str) and not value.strip()


def broken(value) -> str:
    """What is wrong with a value that should name something, such as a label or an id; '' where nothing is."""
    if isinstance(value, float) and not math.isfinite(value):
        return "is no finite number"
    if isinstance(value, str) and not encodable(value):
        return "holds half of a surrogate pair"
    return ""


def identity_of(row: Mapping, column: str | None, number: int | str) -> str:
    """What a row is called: in that column where it says so, else by its number."""
    value = row.get(column) if column else None
    return str(number) if is_missing(value) or broken(value) or isinstance(value, (dict, list)) else str(value)
