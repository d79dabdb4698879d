"""Tables that are in memory, whoever made them: pandas, datasets, pyarrow, polars, or plain dicts; rows as dicts.

Known by what they can do, so that no library is imported that the user has not.
"""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice
from typing import NamedTuple

from tasklab.data.files.arrow import plain_rows
from tasklab.data.files.plain_values import plain_row, plain_value
from tasklab.errors import ConfigError, DataError, brief

TAKEN = (
    "a file or folder, a pandas or polars DataFrame, a pyarrow Table, a datasets.Dataset, a dict of columns, dicts, "
    "one per row, or a list of texts"
)

LONGEST_NAME = 1000
"""Characters of a text that may be the name of a file."""


class Rows(NamedTuple):
    """What is in memory. around: what a JSON file of all of it has before and behind them; None: they stand alone."""

    rows: Iterator
    around: tuple[str, str] | None = None


def is_frame(value) -> bool:
    """Whether it is a table of a library, which is nothing else."""
    return any(hasattr(value, name) for name in ("to_dicts", "to_pylist")) or _is_pandas(value) or _is_dataset(value)


def frame_rows(frame, name: str) -> Iterator[dict]:
    """The rows of such a table as JSON values, in order; the numbers of a ClassLabel become its names.

    Raises: DataError for a value that JSON cannot hold, with row and column.
    """
    return (plain_row(row, f"{name}: row {number}") for number, row in enumerate(_dicts(frame, name)))


def table_rows(table, name: str) -> Rows:
    """The rows of any table in memory, or the nested objects that a JSON file may hold in place of rows.

    name: how messages call it. Raises: ConfigError for what is no table, DataError as `frame_rows`.
    """
    if is_frame(table):
        return Rows(frame_rows(table, name))
    if isinstance(table, Mapping):
        if isinstance(table.get("data"), (list, tuple)):  # SQuAD's own layout
            return Rows(iter([plain_value(table, name)]), ("", ""))
        table = _of_columns(table, name)
    if isinstance(table, (str, bytes)) or not isinstance(table, Iterable):
        raise ConfigError(f"{name} is {brief(table)}; expected {TAKEN}")
    if isinstance(table, (list, tuple)) and table and all(isinstance(row, str) for row in table):
        table = _of_texts(table, name)
    rows = iter(table)
    begun = list(islice(rows, 1))
    first, rows = (begun or [{}])[0], chain(begun, rows)
    if _is_document(first):  # C3's and DREAM's
        return Rows((plain_value(row, f"{name}: row {i}") for i, row in enumerate(rows)), ("[", "]"))
    rows = (plain_row(_mapping(row, f"{name}[{i}]"), f"{name}: row {i}") for i, row in enumerate(rows))
    if isinstance(first, Mapping) and "paragraphs" in first:  # SQuAD's articles
        return Rows(rows, ('{"data": [', "]}"))
    return Rows(rows)


def is_nested(value) -> bool:
    """Whether it is a list of what holds many rows each: SQuAD's articles, C3's documents."""
    first = value[0] if isinstance(value, (list, tuple)) and value else None
    return _is_document(first) or isinstance(first, Mapping) and "paragraphs" in first


def _mapping(row, place: str) -> Mapping:
    if not isinstance(row, Mapping):
        raise ConfigError(f"{place} is {type(row).__name__} ({brief(row)}), where a dict is expected; taken is {TAKEN}")
    return row


def _of_texts(texts: Sequence[str], name: str) -> Iterator[dict]:
    """A text alone is a row with the column text."""
    for number, text in enumerate(texts):
        if len(text) < LONGEST_NAME and "\n" not in text and os.path.exists(text):
            raise ConfigError(f"{name}[{number}] is {brief(text)}, the name of a file; give one file, or a folder")
        yield {"text": text}


def _is_document(row) -> bool:
    """[lines of the context, questions, id]."""
    listed = isinstance(row, (list, tuple)) and len(row) > 1 and isinstance(row[1], (list, tuple))
    return listed and bool(row[1]) and isinstance(row[1][0], Mapping)


def _is_pandas(value) -> bool:
    return hasattr(value, "to_dict") and hasattr(value, "columns") and hasattr(value, "index")


def _is_dataset(value) -> bool:
    return hasattr(value, "features") and hasattr(value, "with_format")


def _dicts(frame, name: str) -> Iterable[Mapping]:
    if _is_pandas(frame):
        if not frame.columns.is_unique:
            twice = frame.columns[frame.columns.duplicated()][0]
            raise DataError(f"{name}: two columns are called {str(twice)!r}; rename one")
        named = [level for level in frame.index.names if level is not None]
        if named and not {*named} & {*frame.columns}:  # what somebody named says something, numbers of rows do not
            frame = frame.reset_index()
        columns = [frame[column] for column in frame.columns]
        return (dict(zip(frame.columns, row, strict=True)) for row in zip(*columns, strict=True))
    if _is_dataset(frame):
        return plain_rows(frame)
    return frame.to_dicts() if hasattr(frame, "to_dicts") else frame.to_pylist()


def _of_columns(table: Mapping, name: str) -> Iterator[dict]:
    """The rows of {column: values}."""
    columns = {key: values.tolist() if hasattr(values, "tolist") else values for key, values in table.items()}
    for key, values in columns.items():
        if is_frame(values):
            raise ConfigError(f"{name} holds several tables, {', '.join(map(str, table))}; pass one, such as [{key!r}]")
        if isinstance(values, str) or not isinstance(values, Sequence):
            raise ConfigError(f"{name}[{key!r}] is {brief(values)}, where a list is expected, as in a dict of columns")
    lengths = {key: len(values) for key, values in columns.items()}
    if len(set(lengths.values())) > 1:
        text = ", ".join(f"{key} {length}" for key, length in list(lengths.items())[:12])
        raise ConfigError(f"{name}: its columns have different lengths ({text})")
    return (dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True))
