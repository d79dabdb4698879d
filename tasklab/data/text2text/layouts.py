"""Which columns of a record are read, and which answer: by settings, or by the names that such columns usually have."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import NamedTuple

from tasklab.data.files.cells import as_text, identity_of, is_missing
from tasklab.data.files.columns import IDENTITY, Role, find_columns, taken_as
from tasklab.data.files.problems import shortened
from tasklab.data.files.table import Table
from tasklab.data.files.textfile import encodable
from tasklab.data.text2text.pairs import Pair, Text2TextDataConfig
from tasklab.data.text2text.templates import SOURCE, Template
from tasklab.errors import DataError

SOURCES = (
    "source", "src", "input", "text_a", "text", "sentence", "article", "document", "dialogue", "content", "abstract",
    "prompt", "instruction", "question",
)  # fmt: skip
TARGETS = (
    "target", "tgt", "output", "label", "summary", "highlights", "title", "translation", "answer", "answers",
    "completion", "response", "text_b",
)  # fmt: skip


class Layout(NamedTuple):
    """Columns of a record: those of the template in its order, the target's or None, the id's or None.

    special: spellings of special tokens, of which alone no target can be.
    """

    template: Template
    columns: Sequence[str]
    target: str | None
    identity: str | None
    special: Collection[str] = ()

    def taken(self, columns: Sequence[str]) -> str:
        """Which column is taken for what."""
        return taken_as({"source": list(self.columns), "target": self.target}, columns)

    def example(self, row: Mapping, place: str, number: str) -> Pair:
        """Raises: DataError for what is no text, or empty."""
        cells = tuple(_text(row.get(name), name, place) for name in self.columns)
        targets = ()
        if self.target is not None:
            targets = tuple(_texts(row.get(self.target), self.target, place, self.special))
        return Pair(identity_of(row, self.identity, number), self.template.filled(cells), cells, targets, place)


def layout_of(table: Table, data: Text2TextDataConfig, answered: bool, special: Collection[str] = ()) -> Layout:
    """answered: targets are read too. Raises: MissingColumns where nothing can be told."""
    template = Template.of(data.template)
    roles = [
        Role("source", data.source, SOURCES) if name == SOURCE else Role("template", name) for name in template.columns
    ]
    roles += [Role("target", data.target, TARGETS)] if answered else []
    columns = find_columns(table, roles)
    identity = next((name for name in IDENTITY if name in table.columns), None)
    return Layout(template, columns[: len(template.columns)], columns[-1] if answered else None, identity, special)


def asked_of(item: Mapping, data: Text2TextDataConfig, place: str, number: str) -> Pair:
    """What is asked in an object that names its parts. Raises: DataError."""
    template, columns = Template.of(data.template), []
    for name in template.columns:
        keys = [data.source or "", *SOURCES] if name == SOURCE else [name]
        column = next((key for key in keys if key in item), None)
        if column is None:
            message = f"has the keys {', '.join(map(str, item)) or 'none'}, expected {' or '.join(filter(None, keys))}"
            raise DataError(f"{place}: {message}")
        columns.append(column)
    return Layout(template, columns, None, None).example(item, place, number)


def looks_like_pairs(columns: Collection[str]) -> bool:
    """Whether records with these columns can be nothing but texts with texts that answer them."""
    names = {str(name).lower() for name in columns}
    return bool(names & {"source", "src", "document", "article", "dialogue"} and names & set(TARGETS) - {"label"})


def _text(value, column: str, place: str) -> str:
    value = as_text(value)
    if is_missing(value):
        raise DataError(f"{place}: the {column} is empty")
    if not isinstance(value, str) or not encodable(value):
        shown = "half of a surrogate pair" if isinstance(value, str) else shortened(str(value))
        raise DataError(f"{place}: the {column} is {shown}, expected text")
    return value.strip()


def _texts(value, column: str, place: str, special: Collection[str]) -> Iterator[str]:
    """One answer, or each of several: a list of texts, or of objects with a text, or an object with such a list."""
    several = value.get("text") if isinstance(value, Mapping) else value
    for part in several if isinstance(several, (list, tuple)) and several else [several]:
        text = _text(part.get("text") if isinstance(part, Mapping) else part, column, place)
        left = text
        for token in special:
            left = left.replace(token, "")
        if not left.strip():
            raise DataError(f"{place}: the {column} is {shortened(text)}, special tokens alone, which no model says")
        yield text
