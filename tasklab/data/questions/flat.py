"""Questions one per row, as data set libraries have them: id, context, question, answers {text: [], answer_start: []}.

In JSON lines, a list, columns, below `data`, or in a CSV, TSV, Parquet or Arrow file.
"""

import ast
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from tasklab.data.files.cells import is_missing
from tasklab.data.files.table import Table
from tasklab.data.files.textfile import read_json
from tasklab.errors import DataError

NEEDED = ("context", "question")
ONE_ANSWER = ("answer_text", "answer", "text")
"""Usual names of a column with the answer alone; answer_start stands beside it."""
ARRAY = re.compile(r"array\((\[.*?\])(?:, dtype=[\w<>'\"]+)?\)", re.DOTALL)
"""NumPy's spelling of a list, which pandas writes into CSV files."""
LARGEST = 1 << 20  # characters of a cell that is parsed


def flat_rows(file: Path, encoding: str | None) -> Iterator[tuple[str, dict]] | object:
    """(place, row) of every row; of a JSON file that holds articles, or what is none of both, the document itself.

    Raises: DataError when the file cannot be read, or columns have different lengths.
    """
    if file.suffix == ".json":
        try:
            document = read_json(file, encoding)
        except DataError:
            if not _holds_lines(file, encoding):
                raise
        else:
            rows = document_rows(document, str(file))
            return document if rows is None else iter(rows)
    table = Table(file, encoding=encoding)
    missing = [name for name in NEEDED if name not in table.columns]
    if missing:
        raise DataError(
            f"{table.head}: no column {missing[0]!r}; expected context, question and answers, or a .json file in the "
            f"SQuAD layout; the columns are {', '.join(table.columns[:12])[:300]}"
        )
    return iter(table)


def document_rows(document, file: str) -> list[tuple[str, object]] | None:
    """The same of a JSON value; None where it is laid out in another way."""
    if isinstance(document, list) and document and isinstance(document[0], dict):
        return [(f"{file}: [{i}]", row) for i, row in enumerate(document)]
    if not isinstance(document, dict):
        return None
    data = document.get("data")
    if isinstance(data, list) and data and all(map(_is_row, data)):
        return [(f"{file}: data[{i}]", row) for i, row in enumerate(data)]
    if not _is_row(document) or isinstance(document["context"], str):
        return None
    columns = {name: _column(values) for name, values in document.items()}
    lengths = {name: len(values) for name, values in columns.items() if values is not None}
    if len(set(lengths.values())) != 1:
        told = ", ".join(f"{name} {length}" for name, length in list(lengths.items())[:12])
        raise DataError(f"{file}: holds columns of different lengths ({told}); give all of them one value per question")
    listed = {name: values for name, values in columns.items() if values is not None}
    return [
        (f"{file}: [{i}]", {name: values[i] for name, values in listed.items()}) for i in range(lengths["context"])
    ]


def answers_of(row: Mapping):
    """The answers of a row as SQuAD has them: a list of {text, answer_start}; what is none stays as it is."""
    answers = row.get("answers")
    if "answers" in row and is_missing(answers):
        return []
    if isinstance(answers, str):
        answers = _parsed(answers)
    if "answers" not in row and "answer_start" in row:
        text = next((row[name] for name in ONE_ANSWER if name in row), None)
        answers = {"text": [] if is_missing(text) else [text], "answer_start": [row["answer_start"]]}
        if is_missing(text):
            answers["answer_start"] = []
    return listed_answers(answers)


def listed_answers(answers):
    """{text: [...], answer_start: [...]} as a list of objects; anything else as it is."""
    if not isinstance(answers, dict) or not {"text", "answer_start"} <= answers.keys():
        return answers
    texts, starts = (v if isinstance(v, list) else [v] for v in (answers["text"], answers["answer_start"]))
    if len(texts) != len(starts):
        return answers
    return [{"text": text, "answer_start": _whole(start)} for text, start in zip(texts, starts, strict=True)]


def _whole(value):
    """A whole number that a CSV holds as text, or a table as a fraction."""
    if isinstance(value, str) and re.fullmatch(r"-?\d{1,9}", value.strip()):
        return int(value)
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _parsed(cell: str):
    """The value of a cell with JSON, or with Python's spelling of the same; the cell where it is neither."""
    if len(cell) > LARGEST:
        return cell
    for read in (json.loads, lambda text: ast.literal_eval(ARRAY.sub(r"\1", text))):
        try:
            return read(cell)
        except (ValueError, SyntaxError, RecursionError, MemoryError):
            continue
    return cell


def _is_row(value) -> bool:
    return isinstance(value, dict) and all(name in value for name in NEEDED)


def _column(values) -> list | None:
    if isinstance(values, dict) and not {"text", "answer_start"} <= values.keys():  # pandas: number of the row -> value
        return list(values.values())
    return values if isinstance(values, list) else None


def _holds_lines(file: Path, encoding: str | None) -> bool:
    """Whether every line of a .json file is an object of its own, of which the first is a row."""
    try:
        return all(name in Table(file, encoding=encoding).columns for name in NEEDED)
    except DataError:
        return False
