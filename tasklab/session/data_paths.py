"""Data as users hand it to a Trainer: names of files go through, tables in memory become files of the cache."""

import os
from pathlib import Path

from tasklab.cachedir import cache_dir
from tasklab.data.files.in_memory import TAKEN, is_nested, table_rows
from tasklab.data.files.kept import keep_table
from tasklab.data.rows.cache import evict
from tasklab.datahub import LONGEST
from tasklab.errors import ConfigError, brief

LIMIT = 4 << 30
"""Bytes of the tables in the cache; a run has its own copies."""


def data_path(given, name: str) -> str | None:
    """What a setting that names data is set to; None for None.

    name: how messages call it.
    Raises: ConfigError for what is no data, DataError for a table with a value that no file of rows can hold.
    """
    if isinstance(given, (str, os.PathLike)):
        path = os.fspath(given)
        if not isinstance(path, str) or len(path) > LONGEST or "\n" in path:
            raise ConfigError(f"{name} is {brief(path)}, a text and no name of a file; expected {TAKEN}")
        return path
    if given is None or isinstance(given, float) and name == "eval_dataset":
        return None if given is None else str(given)  # a share of the other data
    file = keep_table(table_rows(given, name), cache_dir() / "tables", name)
    evict(file, LIMIT, ("*",))
    return str(file)


def input_path(given):
    """What `predict` is handed, where it holds many inputs in one another as a file; anything else as it is."""
    return Path(data_path(given, "input_data")) if is_nested(given) else given
