"""Files that questions are asked about: text, Markdown and HTML, with places in them as they are written."""

import functools
import os
from dataclasses import dataclass, replace
from pathlib import Path

from tasklab.content import from_home
from tasklab.data.files.columns import IDENTITY, Role, find_columns
from tasklab.data.files.guesses import QUESTION
from tasklab.data.files.inputs import Inputs, refuse_no_file
from tasklab.data.files.table import SUFFIXES, Table
from tasklab.data.files.textfile import read_text
from tasklab.data.files.unpacked import handed_file, plain_suffix
from tasklab.data.questions.flat import QUESTION_KEYS
from tasklab.data.questions.markup import Plain, html_text, markdown_text, unmarked
from tasklab.data.questions.passages import Passages
from tasklab.errors import DataError

READERS = {".md": markdown_text, ".markdown": markdown_text, ".html": html_text, ".htm": html_text, ".xhtml": html_text}
"""By the ending; any other file is text without marks."""


@dataclass(frozen=True)
class Document:
    """A file as its user names it, all its characters (a byte order mark aside), and what of them is read."""

    file: str
    source: str
    plain: Plain

    @functools.cached_property
    def passages(self) -> Passages:
        return Passages(self.plain.text)

    def read_for(self, question: str, count: int | None) -> "Document":
        """The same file, of which nothing is read but the passages that share most words with a question; None: all."""
        if count is None or count >= len(self.passages.spans):
            return self
        return replace(self, plain=self.plain.only(self.passages.best(question, count)))

    def placed(self, answer: dict) -> dict:
        """An answer whose start and end count characters of the plain text, as one about the file: there they are, and
        its text is that slice, marks inside of it included."""
        start, end = self.plain.place(answer["start"], answer["end"])
        return {**answer, "text": self.source[start:end], "start": start, "end": end}


def read_document(path, encoding: str | None = None) -> Document:
    """Raises: DataError for a file that is not there, is no text, or holds nothing to read."""
    source = read_text(handed_file(refuse_no_file(path)), encoding)
    plain = READERS.get(plain_suffix(path).lower(), unmarked)(source)
    if not plain.text.strip():
        raise DataError(f"{path}: holds no text")
    return Document(os.fspath(path), source, plain)


def questions_about(file, questions, encoding: str | None = None) -> list[dict]:
    """Inputs of predict: texts, or the questions in the file of that path, about a document that is there.

    A file has one question per line, or is a table with the column question, and maybe id.
    Raises: DataError when there is no such file, or no question in it.
    """
    refuse_no_file(file)
    if isinstance(questions, os.PathLike):
        questions = _questions_of(handed_file(refuse_no_file(questions)), encoding)
    return [{**(q if isinstance(q, dict) else {"question": q}), "context": Path(from_home(file))} for q in questions]


def _questions_of(path: Path, encoding: str | None) -> list[dict]:
    if path.suffix not in SUFFIXES or path.suffix == ".txt":
        questions = [{"question": line.strip()} for _, line in Inputs("a question").lines(path, encoding, gaps=True)]
    else:
        table = Table(path, encoding=encoding)
        table.nameable = False
        roles = [Role("question", None, QUESTION_KEYS, holds=QUESTION), Role("id", None, IDENTITY, required=False)]
        question, identity = find_columns(table, roles)
        taken = {"question": question, **({"id": identity} if identity else {})}
        questions = [{role: row.get(name) for role, name in taken.items()} for _, row in table]
        table.bad.raise_if_fatal()
    if not questions:
        raise DataError(f"{path}: holds no question; expected one per line")
    return questions
