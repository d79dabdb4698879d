"""Answers as a pandas DataFrame, a row per input, with what was asked beside them."""

import dataclasses
from collections.abc import Mapping, Sequence

from tasklab.errors import MissingDependency

ASIDE = "predicted_"
"""Before the name of an answer's column where the input has one of that name, such as label."""


def answer_frame(given, examples: Sequence, answers: Sequence):
    """The columns of `given` where that is a DataFrame, with its index; else id and texts of each example; behind them
    the parts of its answer, or one column `answer`, for vectors `vector`.

    Raises: MissingDependency without pandas.
    """
    try:
        import pandas as pd
    except ImportError:
        raise MissingDependency("as_frame=True gives a DataFrame of pandas: pip install pandas") from None
    if isinstance(given, pd.DataFrame):
        asked = given
    else:
        asked = pd.DataFrame([asked_of(example) for example in examples])
    frame = pd.DataFrame([_fields(answer) for answer in answers], index=asked.index)
    return pd.concat([asked, frame.rename(columns={name: ASIDE + name for name in {*frame} & {*asked}})], axis=1)


def asked_of(example) -> dict:
    """Id and texts of an example; an example may say itself which, in `asked`."""
    if (asked := getattr(example, "asked", None)) is not None:
        return asked
    held = {field.name: getattr(example, field.name) for field in dataclasses.fields(example) if field.name != "place"}
    return {name: value for name, value in held.items() if value and _is_text(value)}


def _is_text(value) -> bool:
    """Whether it is a text or several."""
    return isinstance(value, str) or isinstance(value, (list, tuple)) and all(isinstance(part, str) for part in value)


def _fields(answer) -> dict:
    if isinstance(answer, Mapping):
        return dict(answer)
    return {"vector" if hasattr(answer, "dtype") else "answer": answer}
