"""Tables of the `datasets` library: Parquet and Arrow files, and what save_to_disk wrote. Read, never run."""

from collections.abc import Iterator
from pathlib import Path

from tasklab.errors import DataError, MissingDependency

SUFFIXES = (".parquet", ".arrow")
STATE = "state.json"
"""Lies in the folder of one saved split."""

DAMAGE = (
    OSError, ValueError, KeyError, TypeError, IndexError, AttributeError, NotImplementedError, OverflowError,
    MemoryError, RuntimeError,
)  # fmt: skip
"""What pyarrow and datasets raise for damaged files."""


def is_arrow(path: Path) -> bool:
    return path.suffix in SUFFIXES or (path / STATE).is_file()


def arrow_rows(path: Path) -> tuple[list[str], Iterator[tuple[str, dict]]]:
    """Column names, and (place, row) of every row; the numbers of a ClassLabel become its names, -1 becomes None.

    Raises: DataError when it cannot be read, MissingDependency without the library.
    """
    try:
        import datasets
    except ImportError:
        raise MissingDependency(f'{path}: reading it needs datasets: pip install "tasklab[datasets]"') from None
    try:
        if path.suffix == ".parquet":
            from pyarrow import parquet

            table = datasets.Dataset(parquet.read_table(path))  # read here: the library's own reader fills its cache
        else:
            table = (datasets.load_from_disk if path.is_dir() else datasets.Dataset.from_file)(str(path))
        table.data.validate(full=True)  # a place that lies outside the file would end the process
    except DAMAGE as error:
        raise _damaged(path, error) from None

    def rows():
        try:
            for number, row in enumerate(plain_rows(table)):
                yield f"{path}[{number}]", row
        except DAMAGE as error:
            raise _damaged(path, error) from None

    return table.column_names, rows()


def plain_rows(table) -> Iterator[dict]:
    """Rows of a table of `datasets` as plain values; the numbers of a ClassLabel become its names, -1 becomes None."""
    names = {name: labels for name, feature in (table.features or {}).items() if (labels := _class_names(feature))}
    batches = table.with_format("arrow").iter(batch_size=1000)  # plain values: no column is decoded as a picture
    for row in (row for batch in batches for row in batch.to_pylist()):
        yield row | {name: _named(row[name], labels) for name, labels in names.items()}


def _damaged(path: Path, error: Exception) -> DataError:
    why = (str(error).splitlines() or [type(error).__name__])[0]
    return DataError(f"{path}: cannot be read: {why[:300]}; save it anew")


def _class_names(feature) -> list[str] | None:
    inner = getattr(feature, "feature", feature)  # of a list
    return getattr(inner, "names", None)


def _named(value, names: list[str]):
    if isinstance(value, list):
        return [_named(item, names) for item in value]
    return names[value] if isinstance(value, int) and 0 <= value < len(names) else None
