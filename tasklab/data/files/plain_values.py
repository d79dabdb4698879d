"""Values of programs in memory as the JSON that a file of rows holds: NumPy's, pandas', dates, lists in one another."""

import datetime
import decimal
import math
import os
import uuid
from collections.abc import Mapping

import numpy as np

from tasklab.content import MAX_DEPTH
from tasklab.errors import DataError, brief

NOTHING = ("NAType", "NaTType")
"""Types of pandas by which nothing is meant; NaN is one more value that says so, as is NumPy's NaT."""
AS_TEXT = (decimal.Decimal, uuid.UUID, os.PathLike, datetime.timedelta)


def plain_row(row: Mapping, place: str) -> dict:
    """A row whose values are JSON, and whose columns are named by texts.

    Raises: DataError for a value that is none, and for columns that are called alike.
    """
    plain = {}
    for name, value in row.items():
        column = str(name)
        if column in plain:
            raise DataError(f"{place}: two columns are called {column!r}; rename one")
        plain[column] = plain_value(value, f"{place}, column {column!r}")
    return plain


def plain_value(value, place: str, depth: int = 0):
    """None, a truth value, a number, a text, or lists and objects of these. Raises: DataError."""
    if value is None or type(value).__name__ in NOTHING:
        return None
    if isinstance(value, str):
        return str(value)  # NumPy's own too
    if isinstance(value, (np.datetime64, np.timedelta64)):  # before whole numbers, of which NumPy takes the latter
        return None if np.isnat(value) else str(value)
    if isinstance(value, (bool, np.bool_)):
        return bool(value)
    if isinstance(value, (int, np.integer)):
        return int(value)
    if isinstance(value, (float, np.floating)):
        if math.isinf(value):
            raise DataError(f"{place}: is {value}, which is no number of JSON; leave the row out, or the column")
        return None if math.isnan(value) else float(value)
    if isinstance(value, (datetime.date, datetime.time)):
        return value.isoformat()
    if isinstance(value, AS_TEXT):
        return str(value)
    if depth > MAX_DEPTH:
        raise DataError(f"{place}: is nested more than {MAX_DEPTH} deep; expected rows of texts, numbers and lists")
    if hasattr(value, "tolist") and not isinstance(value, (list, tuple)):  # arrays and tensors of every library
        value = value.tolist()
    if isinstance(value, (list, tuple)):
        return [plain_value(item, place, depth + 1) for item in value]
    if isinstance(value, Mapping):
        return {str(name): plain_value(item, place, depth + 1) for name, item in value.items()}
    raise DataError(
        f"{place}: is {type(value).__name__} ({brief(value)}); expected a text, a number, a date, or lists and dicts "
        "of these; convert the column, or leave it out"
    )
