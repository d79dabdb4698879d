"""Predictions as files: TSV in UER's columns, CSV, Parquet, JSON, JSON lines, and what scorers take."""

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import NamedTuple

import numpy as np

from tasklab.console import print_text
from tasklab.content import from_home
from tasklab.data.files.answer_tables import answer_rows, csv_text, parquet_library, vector_answer, write_parquet
from tasklab.data.files.places import file_place
from tasklab.data.files.submission import check_name, submitted
from tasklab.data.files.vectors import SUFFIXES as VECTOR_SUFFIXES
from tasklab.data.files.vectors import write_vectors
from tasklab.errors import DataError
from tasklab.replacing import replace_text

ENDING = "give the file one of these endings"
TABLES, JSON = (".csv", ".parquet"), (".json", ".jsonl")
CONTINUED = {"prompt", "tokens"}
"""Keys of what UER-py's generate_lm writes about a text."""
STREAMS = ("-", "/dev/stdout")
"""Names of the standard output; it takes JSON lines, as other pipes without an ending do."""


class Layout(NamedTuple):
    """What a file of answers may end with; what to do about another ending; whether one input may have several."""

    suffixes: tuple[str, ...]
    remedy: str = ENDING
    several: bool = True


LAYOUTS = {
    "answers": Layout((".tsv", *TABLES, *JSON)),
    "spans": Layout((*TABLES, *JSON), "for a .tsv with a line of tags per text set data.output_tags=true"),
    "uer_text": Layout((".txt", ".tsv", *TABLES, *JSON)),
    "vectors": Layout((*VECTOR_SUFFIXES, *TABLES)),
    "submission": Layout((".tsv",), several=False),
    "by_id": Layout((".json",), several=False),
    "plain": Layout(JSON),
}
"""By the answers of a task: an object each; a list of objects each; those of a cloze test, or texts with what follows;
vectors; the file that GLUE's server takes; one object of all, {"id": "answer"}, which SQuAD's, CMRC's and UER-py's
scorers take; the bare numbers of matches, as PLM_task prints them."""


class AnswerFile:
    """A file that answers will go to, sound as far as that can be told before there are any.

    Args:
        path: `-` is the standard output; a pipe is written to as it is.
        layout: of LAYOUTS.
        several: whether an input gets more than one answer.
    Raises: DataError for another ending, for several answers in a line, and for a place that cannot be written;
        MissingDependency for Parquet without pyarrow.
    """

    def __init__(self, path, layout: str = "answers", several: bool = False):
        self.layout, self.several = layout, several
        self.path = None if str(path) in STREAMS else from_home(path)
        piped = self.path is None or self.path.exists() and not (self.path.is_file() or self.path.is_dir())
        spec, self.suffix = LAYOUTS[layout], Path(path).suffix or (".jsonl" if piped else "")
        if self.suffix not in spec.suffixes:
            raise DataError(f"{path}: answers are written as {', '.join(spec.suffixes)}; {spec.remedy}")
        if several and self.suffix == ".tsv" and layout != "vectors":
            raise DataError(f"{path}: a TSV has one answer per line; ask for one per input, or write .csv or .json")
        if layout == "submission":
            check_name(path)
        if self.suffix == ".parquet":
            parquet_library(path)
        if not piped:
            self.path = file_place(path)

    def write(self, chunks: Iterable[Sequence]):
        """Writes answers that come in chunks; vectors one chunk after the other."""
        chunks = iter(chunks)
        first = next(chunks, ())
        if self.layout == "vectors" and self.suffix in (".npy", ".npz") and not isinstance(first, np.ndarray):
            first, chunks = _cosines(first), map(_cosines, chunks)
        if isinstance(first, np.ndarray) and self.path is not None and self.path.suffix in VECTOR_SUFFIXES:
            write_vectors(self.path, chain([first], chunks))
            return
        answers = [vector_answer(a) if isinstance(a, np.ndarray) else a for c in chain([first], chunks) for a in c]
        if self.layout == "submission":
            answers = submitted(self.path, [answer["prediction"] for answer in answers])
        answers = arranged(answers, self.layout)
        if self.path is None:
            print_text("".join(f"{line}\n" for line in _json_lines(answers)))
        else:
            write_answers(self.path, answers, self.suffix, self.several)


def arranged(answers: Sequence, layout: str):
    """What stands for all answers in a file of JSON and on the screen."""
    if layout == "by_id":
        return {answer["id"]: answer["text"] for answer in answers}
    return [_plain(answer) for answer in answers] if layout == "plain" else answers


def _plain(answer):
    """Of a match its score, or the outputs of its network; of a candidate its name and that, the output of a match."""
    if isinstance(answer, list):
        return [_plain(one) for one in answer]
    value = answer.get("logits", answer["score"])
    if "name" not in answer:
        return value
    return [answer["name"], value[1] if isinstance(value, list) else value]


def write_answers(path, answers, suffix: str | None = None, several: bool = False):
    """One answer per input, in order; the name says the format, or `suffix` does.

    TSV has one column per key of the answers (label, score; logits and prob when asked for): numbers of a list stand
    with blanks between them, names with commas, those of several data sets with bars, as UER-py writes them; tabs and
    line ends in a text become blanks. CSV and Parquet: see `answer_tables`. .txt has what UER-py writes: of a
    cloze test four lines per masked word, of a text that goes on two, itself and all tokens.
    several: whether an input has more than one.
    Raises: DataError for another suffix, for several answers per input in a TSV, and for other answers in a .txt.
    """
    path, suffix = Path(path), suffix or Path(path).suffix
    target = os.path.realpath(path)  # a link that the user made stays one
    if suffix == ".json":
        text = json.dumps(answers, ensure_ascii=False, indent=1) + "\n"
    elif suffix == ".jsonl":
        text = "".join(f"{line}\n" for line in _json_lines(answers))
    elif suffix == ".tsv":
        text = _table(answers)
    elif suffix == ".csv":
        text = csv_text(answer_rows(answers, several))
    elif suffix == ".parquet":
        write_parquet(target, answer_rows(answers, several))
        return
    elif suffix == ".txt":
        text = "".join(_as_uer(path, answer) for answer in answers)
    else:
        raise DataError(f"{path}: answers are written as {', '.join(LAYOUTS['uer_text'].suffixes)}; {ENDING}")
    replace_text(target, text)


def _json_lines(answers) -> list[str]:
    return [json.dumps(answer, ensure_ascii=False) for answer in answers]


def _table(answers: Sequence) -> str:
    rows = [_row(answer) for answer in answers]
    columns = list(dict.fromkeys(key for row in rows for key in row))
    lines = ["\t".join(columns), *("\t".join(row.get(key, "") for key in columns) for row in rows)]
    return "\n".join(lines) + "\n"


def _row(answer) -> dict[str, str]:
    """Column -> cell; of an answer in several parts, for data sets or for words, the cells with bars between them."""
    records = list(answer.values()) if isinstance(answer, Mapping) else answer
    if isinstance(answer, Mapping) and not all(isinstance(record, Mapping) and "label" in record for record in records):
        return {key: _cell(value) for key, value in answer.items()}
    columns = dict.fromkeys(key for record in records for key in record)
    return {key: "|".join(_cell(record.get(key, "")) for record in records) for key in columns}


def _cell(value) -> str:
    if isinstance(value, (list, tuple)):
        between = "," if value and isinstance(value[0], str) else " "
        return between.join(_cell(item) for item in value)
    if isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False)
    return " ".join(str(value).split())


def _cosines(answers: Sequence[dict]) -> np.ndarray:
    """[n, 1] how alike the texts of n pairs are."""
    return np.array([[answer["score"]] for answer in answers], np.float32)


def _as_uer(path: Path, answer) -> str:
    if isinstance(answer, list):  # of a text with several masks
        return "".join(_as_uer(path, part) for part in answer)
    if answer.keys() == CONTINUED:
        return f"{_cell(answer['prompt'])}\n{_cell(answer['tokens'])}\n"
    if not {"sentence", "predicted", "correct"} <= answer.keys():
        settings = "data.cloze_output=true, or data.generate_lm_output=true"
        raise DataError(f"{path}: a .txt is written as UER-py does, with {settings}; write .json instead")
    words = " ".join(answer["predicted"])
    return f"{answer['sentence']}\nPredicted answer: {words}\nCorrect answer: {answer['correct']}\n\n"
