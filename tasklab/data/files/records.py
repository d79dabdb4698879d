"""Examples out of the records of a table, and a word on those that make none."""

from collections.abc import Callable, Iterator, Mapping
from typing import TypeVar

from tasklab.data.files.table import Table
from tasklab.errors import DataError

FIX = "correct the row"
Example = TypeVar("Example")


def examples_of(table: Table, made: Callable[[Mapping, str, str], Example]) -> Iterator[Example]:
    """The sound ones; what is wrong with others goes to table.bad.

    made: (record, its place, its number) -> example; raises DataError.
    """
    for number, (place, row) in enumerate(table):
        try:
            yield made(row, place, str(number))
        except DataError as error:
            table.bad.add("unusable record", str(error), FIX)
