"""Questions of which one choice is right, from every file the task reads: C3, DREAM, RACE, SWAG and tables."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from tasklab.config import TRUTH, DataConfig, setting
from tasklab.content import from_home
from tasklab.data.choices.checks import ChoiceChecks, ChoiceExample
from tasklab.data.choices.layouts import document_questions, is_document_list, record_questions
from tasklab.data.files.columns import tell_columns
from tasklab.data.files.problems import BadRows
from tasklab.data.files.splits import find_split, named_files
from tasklab.data.files.table import SUFFIXES, Table
from tasklab.data.files.textfile import read_json
from tasklab.data.files.unpacked import plain_file
from tasklab.errors import DataError

FILES = {split: tuple(split + suffix for suffix in (".json", ".jsonl", ".tsv", ".csv")) for split in ("train", "dev")}
C3_PARTS = ("c3-d-{}.json", "c3-m-{}.json", "d-{}.json", "m-{}.json")
"""C3 keeps dialogues and mixed texts apart and trains and scores on both; CLUE's copy has the short names."""


@dataclass
class ChoiceDataConfig(DataConfig, path="data"):
    """Where the parts of a question stand in objects and tables; C3's and DREAM's own layout needs none of it."""

    columns: list[str] = setting([])  # names for a file without a header line
    context: str | None = None  # column; null looks for a usual name
    question: str | None = None  # column
    choices: list[str] = setting([])  # one column with a list, or a column for each choice in their order
    # column: text of the right choice, its letter, or its number from 0
    answer: str | None = setting(None, needs=TRUTH)
    quotes: bool | None = None  # cells may stand in double quotes; null: in .csv files only
    output_labels: bool = False  # predictions are the question's id and the number of the choice, as UER-py's


class ChoiceFile(NamedTuple):
    """What a file holds, and what is strange about it."""

    examples: list[ChoiceExample]
    bad: BadRows
    columns: str
    """Which column is taken for what; '' where the layout says so."""
    strange: str
    """What to say about the answers of all questions together, or ''."""
    repeated: list[str]
    """Questions that list a choice twice: official files have them, and each copy counts as right."""

    @property
    def note(self) -> str:
        """One line on what was left out or looks strange, or ''."""
        repeated = ""
        if self.repeated:
            message = f"{len(self.repeated)} questions list a choice twice, all are kept"
            repeated = f"{message}; first: {self.repeated[0]}"
        return "; ".join(filter(None, [self.bad.summary(), self.strange, repeated]))


def read_choices(
    path, data: ChoiceDataConfig, training: bool = True, labelled: bool = True
) -> tuple[list[ChoiceExample], str]:
    """Examples in file order, and one line on what was left out or looks strange, or ''.

    Args: as those of `usable_questions`.
    Raises: DataError that names every bad row, unless data.on_bad_row is skip; or when no question is left.
    """
    examples, notes = [], []
    for file in usable_questions(path, data, training, labelled):
        if labelled and file.columns:
            tell_columns(file.bad.file, file.columns)
        if data.on_bad_row == "error":
            file.bad.raise_if_fatal()
        if not file.examples:
            why = f"; {file.bad.summary()}" if file.bad else ""
            raise DataError(f"{file.bad.file}: holds no usable question{why}")
        examples += file.examples
        notes.append(file.note)
    return examples, "; ".join(filter(None, notes))


def usable_questions(
    path, data: ChoiceDataConfig, training: bool = True, labelled: bool = True
) -> Iterator[ChoiceFile]:
    """The questions that have nothing wrong with them, file by file.

    Args:
        path: a file, or a folder with one for the split, or with C3's two.
        labelled: False reads no answers, for prediction.
    Raises: DataError when a file as a whole cannot be used.
    """
    for file in _files(path, "train" if training else "dev"):
        questions, bad, columns = _questions(file, data, labelled)
        checks = ChoiceChecks(bad, labelled)
        examples = list(checks.examples(questions))
        yield ChoiceFile(examples, bad, columns, checks.counted_from_one, checks.repeated)


def _questions(file: Path, data: ChoiceDataConfig, labelled: bool) -> tuple[Iterable, BadRows, str]:
    if file.suffix == ".json" and is_document_list(document := read_json(file, data.encoding)):
        bad = BadRows(str(file))
        return document_questions(document, str(file), bad), bad, ""
    table = Table(file, data.columns, data.context or data.question or "question", data.quotes, data.encoding)
    table.gapless = not labelled
    return record_questions(table, data, labelled), table.bad, table.taken


def _files(path, split: str) -> list[Path]:
    folder = from_home(path)
    files = named_files(folder, (name.format(split) for name in C3_PARTS))
    return [plain_file(file) for file in files] or [find_split(path, split, FILES[split], SUFFIXES)]
