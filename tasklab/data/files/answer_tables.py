"""Answers as tables for other programs, CSV and Parquet: a row per answer, what was asked beside each."""

import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from tasklab.errors import MissingDependency
from tasklab.replacing import replacing

ANSWERS = "answers"
"""The key of several answers to one input, where its id and texts stand beside them."""


def with_input(asked: Mapping, answer) -> dict:
    """An answer, a list of them, or a vector, with what was asked before it."""
    if isinstance(answer, Mapping):
        return {**asked, **answer}
    return {**asked, **({ANSWERS: answer} if isinstance(answer, (list, tuple)) else vector_answer(answer))}


def vector_answer(vector) -> dict:
    """A vector [D] float32 as an answer; nine digits give every number back."""
    return {"vector": [float(f"{value:.9g}") for value in vector.tolist()]}


def answer_rows(answers: Sequence, ranked: bool = False) -> list[dict]:
    """A row per answer: of an input with several (entities, masks, the best ones) a row each, of one with none a row
    that has no more than what was asked; an object in an object becomes columns, `set.label`.

    ranked: whether several answers of an input are best first, which the column rank then counts from 1.
    """
    rows = [row for answer in answers for row in _rows(answer, ranked)]
    columns = dict.fromkeys(key for row in rows for key in row)
    return [{key: row.get(key) for key in columns} for row in rows]


def csv_text(rows: Sequence[Mapping]) -> str:
    """Cells in quotes where need be; numbers of a list with blanks between them, other lists as JSON."""
    file = io.StringIO(newline="")
    table = csv.writer(file, lineterminator="\n")
    table.writerow(rows[0] if rows else ())
    table.writerows(map(_cell, row.values()) for row in rows)
    return file.getvalue()


def write_parquet(path, rows: Sequence[Mapping]):
    """Lists stay lists. Raises: MissingDependency without pyarrow."""
    arrow, parquet = parquet_library(path)
    with replacing(path) as aside:
        parquet.write_table(arrow.Table.from_pylist(list(rows)), aside)


def parquet_library(path):
    """pyarrow and its module of Parquet files. Raises: MissingDependency."""
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError:
        raise MissingDependency(f'{Path(path)}: writing it needs pyarrow: pip install "tasklab[datasets]"') from None
    return pyarrow, parquet


def _rows(answer, ranked: bool) -> Iterator[dict]:
    asked, answer = ({}, answer) if not isinstance(answer, Mapping) or ANSWERS not in answer else (
        {key: value for key, value in answer.items() if key != ANSWERS}, answer[ANSWERS])  # fmt: skip
    if isinstance(answer, Mapping):
        yield {**asked, **dict(_flat(answer))}
    elif not answer:
        yield asked
    else:
        for rank, part in enumerate(answer, start=1):
            for row in _rows(part, False):
                yield {**asked, **({"rank": rank} if ranked else {}), **row}


def _flat(answer: Mapping) -> Iterator[tuple[str, object]]:
    for key, value in answer.items():
        if isinstance(value, Mapping):
            yield from ((f"{key}.{inner}", part) for inner, part in _flat(value))
        else:
            yield key, value


def _cell(value):
    if isinstance(value, (list, tuple)):
        numbers = all(isinstance(item, (int, float)) for item in value)
        return " ".join(map(str, value)) if numbers else json.dumps(value, ensure_ascii=False)
    return "" if value is None else value
