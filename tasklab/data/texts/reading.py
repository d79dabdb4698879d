"""Labelled texts and pairs of texts from table files: columns found or named, every bad row told with its place."""

from collections.abc import Sequence
from typing import NamedTuple

from tasklab.data.files.cells import as_text, broken, identity_of, is_missing
from tasklab.data.files.columns import (
    GROUP,
    IDENTITY,
    LABELS,
    TEXT_A,
    Role,
    find_columns,
    taken_as,
    tell_columns,
    text_roles,
)
from tasklab.data.files.guesses import LABEL, NUMBER
from tasklab.data.files.problems import BadRows, listed, shortened
from tasklab.data.files.splits import find_split
from tasklab.data.files.table import FIX, SUFFIXES, Table
from tasklab.data.files.textfile import encodable
from tasklab.data.texts.example import TextExample
from tasklab.data.texts.label_cells import LabelCells
from tasklab.data.texts.label_doubts import contradictions, doubtful_labels
from tasklab.data.texts.settings import TextDataConfig
from tasklab.errors import DataError

FILES = {split: tuple(split + suffix for suffix in SUFFIXES) for split in ("train", "dev")}


def read_text_rows(
    path, data: TextDataConfig, problem_type: str, labels: Sequence[str] = (), training: bool = True,
    labelled: bool = True,
) -> tuple[list[TextExample], str]:  # fmt: skip
    """Examples in file order, and one line on what was left out or looks wrong, or ''.

    Args:
        path: a file, or a folder with one file for the split.
        labels: the names that may occur; () takes any.
        training: which split a folder means, and whether soft targets are read.
        labelled: False reads no label, for prediction.
    Raises: DataError that names every bad row, unless data.on_bad_row is skip; or a missing column, or no row.
    """
    examples, bad, columns, doubt = usable_rows(path, data, problem_type, labels, training, labelled)
    if labelled:
        tell_columns(bad.file, columns)
    if data.on_bad_row == "error":
        bad.raise_if_fatal()
    if not examples:
        why = bad.summary() if bad else "there is no line below the one that names the columns"
        raise DataError(f"{bad.file}: holds no usable row; {why}")
    notes = [bad.summary(), doubt, contradictions(examples, bad.file) if labelled else ""]
    return examples, "; ".join(filter(None, notes))


class TextRows(NamedTuple):
    """What a file holds, and what is wrong with its other rows."""

    examples: list[TextExample]
    bad: BadRows
    columns: str
    """Which column is taken for what."""
    doubt: str
    """Why the column of labels may be another one, or ''."""


def usable_rows(
    path, data: TextDataConfig, problem_type: str, labels: Sequence[str] = (), training: bool = True,
    labelled: bool = True,
) -> TextRows:  # fmt: skip
    """The examples, and what is wrong with the other rows; arguments as those of `read_text_rows`."""
    split = "train" if training else "dev"
    names = (data.eval_file,) if data.eval_file and not training else FILES[split]
    file = find_split(path, split, names, SUFFIXES)
    table = Table(file, data.columns, data.text_a or TEXT_A[0], data.quotes, data.encoding)
    table.gapless = not labelled
    reader = _Reader(table, data, problem_type, labels, labelled, labelled and training and data.soft_targets)
    examples = [example for place, row in table if (example := reader.example(place, row)) is not None]
    doubt = doubtful_labels(examples, reader.label.column, table.columns, data) if labelled else ""
    columns = f"{reader.columns}; as {table.writer} writes them" if table.writer else reader.columns
    return TextRows(examples, table.bad, columns, doubt)


class _Reader:
    """Turns rows into examples; what is wrong goes to the table's BadRows."""

    def __init__(self, table: Table, data: TextDataConfig, problem_type: str, labels, labelled: bool, soft: bool):
        self.bad: BadRows = table.bad
        holds = NUMBER if problem_type == "regression" else LABEL
        roles = [
            *text_roles(data.text_a, data.text_b, data.paired), Role("group", data.group, GROUP, required=False),
            Role("id", data.id, IDENTITY, required=False),
            *[Role("label", data.label, LABELS, holds=holds)] * labelled, *[Role("soft_targets", "logits")] * soft,
        ]  # fmt: skip
        columns = dict(zip([role.setting for role in roles], find_columns(table, roles), strict=True))
        self.text_a, self.text_b, self.group = columns["text_a"], columns["text_b"], columns["group"]
        self.id = columns["id"]
        self.logits, self.label = columns.get("soft_targets"), None
        if labelled:
            self.label = LabelCells(table.bad, columns["label"], problem_type, labels, data.label_names)
        self.count = 0
        roles = {"text_a": self.text_a, "text_b": self.text_b, "label": self.label and self.label.column,
                 "id": self.id, "group": self.group, "logits": self.logits}  # fmt: skip
        self.columns = taken_as(roles, table.columns)

    def example(self, place: str, row: dict) -> TextExample | None:
        """None when something is wrong with the row."""
        before = len(self.bad)
        text_a = self._text(place, row, self.text_a)
        text_b = self._text(place, row, self.text_b) if self.text_b else None
        label = self.label.read(place, row) if self.label else None
        logits = self.label.scores(place, row.get(self.logits)) if self.logits else ()
        group = self._group(place, row) if self.group else ""
        if len(self.bad) > before:
            return None
        self.count += 1
        return TextExample(identity_of(row, self.id, self.count - 1), text_a, text_b, label, logits, group, place)

    def _group(self, place: str, row: dict) -> str:
        value = row.get(self.group)
        if is_missing(value):
            return ""
        if wrong := broken(value):
            self.bad.add("broken id", f"{place}: {self.group!r} {wrong}", FIX)
        return str(value).strip()

    def _text(self, place: str, row: dict, column: str) -> str:
        value = as_text(row.get(column))
        if not isinstance(value, str):
            self.bad.add("no text", f"{place}: {column!r} is {_shown(row, column)}, expected text", FIX)
        elif not value.strip():
            self.bad.add("empty text", f"{place}: {column!r} is empty", FIX)
        elif not encodable(value):
            self.bad.add("broken text", f"{place}: {column!r} holds half of a surrogate pair", FIX)
        return value


def _shown(row: dict, column: str) -> str:
    return shortened(str(row[column])) if column in row else f"missing (the row has {listed(list(row))})"
