"""Questions one per row, as data set libraries have them: id, context, question, answers {text: [], answer_start: []}.

In JSON lines, a list, columns, below `data`, or in a CSV, TSV, Parquet or Arrow file.
"""

import ast
import contextlib
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from tasklab.content import parse_json
from tasklab.data.files.cells import is_missing
from tasklab.data.files.columns import Role, find_columns, taken_as
from tasklab.data.files.guesses import QUESTION
from tasklab.data.files.problems import BadRows
from tasklab.data.files.table import Table
from tasklab.data.files.textfile import read_json
from tasklab.errors import DataError

NEEDED = ("context", "question")
CONTEXT_KEYS = ("context", "passage", "paragraph", "document", "text")
QUESTION_KEYS = ("question", "query")
ONE_ANSWER = ("answer_text", "answer", "text")
"""Usual names of a column with the answer alone; answer_start may stand beside it."""
ARRAY = re.compile(r"array\((\[.*?\])(?:, dtype=[\w<>'\"]+)?\)", re.DOTALL)
"""NumPy's spelling of a list, which pandas writes into CSV files."""
LARGEST = 1 << 20  # characters of a cell that is parsed


class Names(NamedTuple):
    """data.context, data.question, data.answer: the columns of rows; None looks for a usual name.

    columns: data.columns, all names of a table without a header line.
    """

    context: str | None = None
    question: str | None = None
    answer: str | None = None
    columns: Sequence[str] = ()


USUAL = Names()


class Flat(NamedTuple):
    """(place, row) of every row, with the keys context, question and as many as there are of answers, answer_text and
    answer_start; what is wrong with other rows, once they are read; which column is taken for what."""

    rows: Iterable[tuple[str, dict]]
    bad: BadRows
    columns: str = ""


def flat_rows(file: Path, encoding: str | None, names: Names = USUAL, answered: bool = True) -> Flat | object:
    """The rows of a file; of a JSON file that holds articles, or what is none of both, the document itself.

    answered: False is for prediction, where a blank line is as bad as a bad row, and answers need no column.
    Raises: DataError when the file cannot be read, or columns have different lengths; MissingColumns.
    """
    if file.suffix == ".json":
        try:
            document = read_json(file, encoding)
        except DataError:
            if not _holds_lines(file, encoding, names):
                raise
        else:
            rows = document_rows(document, str(file), names)
            return document if rows is None else Flat(rows, BadRows(str(file)))
    table = Table(file, names.columns, names.question or NEEDED[1], encoding=encoding)
    table.gapless = not answered
    roles = [
        Role("question", names.question, QUESTION_KEYS, holds=QUESTION), Role("context", names.context, CONTEXT_KEYS),
        Role("answer", names.answer, ("answers", *ONE_ANSWER), required=answered),
    ]  # fmt: skip
    question, context, answer = find_columns(table, roles)
    taken = {"question": question, "context": context, "answer": answer}
    extra = {key: key for key in ("answer_start", "is_impossible", "id") if key in table.columns}
    rows = ((place, _renamed(row, taken)) for place, row in table)
    return Flat(rows, table.bad, taken_as(taken | extra, table.columns))


def _renamed(row: Mapping, taken: Mapping[str, str | None]) -> dict:
    """The row with the keys that all readers know."""
    keys = {"context": "context", "question": "question", "answer": ONE_ANSWER[0]}
    named = {keys[role]: row[name] for role, name in taken.items() if name in row and name != "answers"}
    return {**row, **named} if named else dict(row)


def document_rows(document, file: str, names: Names = USUAL) -> list[tuple[str, object]] | None:
    """(place, row) of each row of a JSON value; None where it is laid out in another way."""
    if isinstance(document, list) and document and isinstance(document[0], dict):
        taken = {role: name for role, name in names._asdict().items() if name and role != "columns"}
        return [
            (f"{file}: [{i}]", _renamed(row, taken) if isinstance(row, dict) else row) for i, row in enumerate(document)
        ]
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
        text = ", ".join(f"{name} {length}" for name, length in list(lengths.items())[:12])
        raise DataError(f"{file}: holds columns of different lengths ({text}); give all of them one value per question")
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
    alone = next((name for name in ONE_ANSWER if name in row), None)
    if "answers" not in row and (alone or "answer_start" in row):
        text = row.get(alone)
        start = row["answer_start"] if "answer_start" in row else _only_place(text, row["context"])
        answers = {"text": [], "answer_start": []} if is_missing(text) else {"text": [text], "answer_start": [start]}
    return listed_answers(answers)


def listed_answers(answers):
    """{text: [...], answer_start: [...]} as a list of objects; anything else as it is."""
    if not isinstance(answers, dict) or not {"text", "answer_start"} <= answers.keys():
        return answers
    texts, starts = (v if isinstance(v, list) else [v] for v in (answers["text"], answers["answer_start"]))
    if len(texts) != len(starts):
        return answers
    return [{"text": text, "answer_start": _whole(start)} for text, start in zip(texts, starts, strict=True)]


def _only_place(text, context: str) -> int:
    """Where the text stands in the context, -1 where it stands nowhere or more than once."""
    return context.find(text) if isinstance(text, str) and context.count(text) == 1 else -1


def _whole(value):
    """A whole number that a CSV holds as text, or a table as a fraction."""
    if isinstance(value, str) and re.fullmatch(r"-?\d{1,9}", value.strip()):
        return int(value)
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _parsed(cell: str):
    """The value of a cell with JSON, or with Python's spelling of the same; the cell where it is neither."""
    if len(cell) > LARGEST:
        return cell
    with contextlib.suppress(ValueError):
        return parse_json(cell, "cell", ValueError)
    with contextlib.suppress(ValueError, SyntaxError, RecursionError, MemoryError):
        return ast.literal_eval(ARRAY.sub(r"\1", cell))
    return cell


def _is_row(value) -> bool:
    return isinstance(value, dict) and all(name in value for name in NEEDED)


def _column(values) -> list | None:
    if isinstance(values, dict) and not {"text", "answer_start"} <= values.keys():  # pandas: number of the row -> value
        return list(values.values())
    return values if isinstance(values, list) else None


def _holds_lines(file: Path, encoding: str | None, names: Names) -> bool:
    """Whether every line of a .json file is an object of its own, of which the first is a row."""
    try:
        columns = Table(file, encoding=encoding).columns
        return all(name in columns for name in (names.context or "context", names.question or "question"))
    except DataError:
        return False
