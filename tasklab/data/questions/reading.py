"""Question answering files: the SQuAD layout (SQuAD 1.1 and 2.0, CMRC 2018, DRCD, XQuAD, COVID-QA), or flat rows."""

from dataclasses import dataclass
from pathlib import Path

from tasklab.config import TRUTH, DataConfig, setting
from tasklab.data.files import arrow
from tasklab.data.files.columns import tell_columns
from tasklab.data.files.problems import BadRows
from tasklab.data.files.splits import find_split
from tasklab.data.questions.example import Answer, QAExample
from tasklab.data.questions.flat import USUAL, Flat, Names, flat_rows
from tasklab.data.questions.input import qa_examples_from_input
from tasklab.data.questions.layout import SquadLayout
from tasklab.errors import DataError

__all__ = ["Answer", "QAExample", "find_squad_file", "qa_examples_from_input", "read_squad"]

SUFFIXES = (".json", ".jsonl", ".csv", ".tsv", *arrow.SUFFIXES)
FILES = {
    "train": ("train-v1.1.json", "train.json", "train-v2.0.json"),
    "dev": ("dev-v1.1.json", "dev.json", "dev-v2.0.json"),
}


@dataclass
class QADataConfig(DataConfig, path="data"):
    """How documents are cut into windows and how answers are chosen."""

    columns: list[str] = setting([])  # names for a table without a header line
    context: str | None = None  # column of rows with a question each; null looks for a usual name
    question: str | None = None  # column
    answer: str | None = None  # column of the answer's text, or of SQuAD's answers
    max_seq_length: int = setting(384, ge=16, rows=True)  # tokens: [CLS] question [SEP] window [SEP]
    doc_stride: int = setting(128, ge=1, rows=True)  # tokens between two window starts, not the overlap
    max_query_length: int = setting(64, ge=1, rows=True)  # tokens; longer questions are cut
    max_answer_length: int = setting(30, ge=1)  # tokens
    n_best_size: int = setting(20, ge=1)  # spans kept per question; scores are shares among them
    version_2_with_negative: bool = False  # SQuAD 2.0: "" is a possible answer
    null_score_diff_threshold: float = 0.0  # "" when its score is better than the best span's by more than this
    passages: int | None = setting(2, ge=1)  # of a file that is asked about: so many are read, the nearest; null: all
    output_answers: bool = False  # predict gives {"id": "answer"}, the file of SQuAD's, CMRC's and UER-py's scorers
    metric: str = setting("squad", choices=("squad", "cmrc"), needs=TRUTH)

    @property
    def names(self) -> Names:
        return Names(self.context, self.question, self.answer, tuple(self.columns))

    def idle(self):
        yield from super().idle()
        if self.null_score_diff_threshold and not self.version_2_with_negative:
            yield "data.null_score_diff_threshold", "data.version_2_with_negative", "set that to true"


def read_squad(
    path, on_bad_row: str = "error", training: bool = True, split: str | None = None, encoding: str | None = None,
    names: Names = USUAL,
) -> tuple[list[QAExample], BadRows]:  # fmt: skip
    """Examples in file order, and what was left out.

    Args:
        path: a file, or a folder with one file for the split.
        on_bad_row: "error" collects every problem of the file into one DataError; "skip" leaves bad rows out.
        training: answers must lie where answer_start says; those that do not are left out as long as another answer
            of the question does. In evaluation their text still counts as a reference (start -1).
        encoding: of a text file; None: UTF-8.
        split: "train" or "dev" in a folder; by default "train" when training.
        names: of the columns of rows.
    Raises: DataError when the file is missing, not JSON, not UTF-8, of another layout, has bad rows, or no row at all.
    """
    if on_bad_row not in ("error", "skip"):
        raise ValueError(f"on_bad_row is {on_bad_row!r}, expected 'error' or 'skip'")
    file = find_squad_file(path, split or ("train" if training else "dev"))
    content, layout = flat_rows(file, encoding, names), SquadLayout(str(file), training)
    if isinstance(content, Flat) and content.columns:
        tell_columns(str(file), content.columns)
    examples, bad = layout.read_rows(content) if isinstance(content, Flat) else layout.read(content)
    if on_bad_row == "error":
        bad.raise_if_fatal()
    if not examples:
        raise DataError(f"{file}: holds no usable question" + (f"; {bad.summary()}" if bad else ""))
    return examples, bad


def find_squad_file(path, split: str) -> Path:
    """The file itself, or the one of the split in a folder: a usual name, else the only file named after the split.

    Raises: DataError when none or several fit.
    """
    return find_split(path, split, FILES[split], SUFFIXES)
