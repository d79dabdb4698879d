"""Predictions as files: TSV in UER's columns, JSON, JSON lines, and what scorers take."""

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import NamedTuple

import numpy as np

from tasklab.data.files.places import file_place
from tasklab.data.files.submission import check_name, submitted
from tasklab.data.files.vectors import SUFFIXES as VECTOR_SUFFIXES
from tasklab.data.files.vectors import write_vectors
from tasklab.errors import DataError
from tasklab.replacing import replace_text

ENDING = "give the file one of these endings"


class Layout(NamedTuple):
    """What a file of answers may end with; what to do about another ending; whether one input may have several."""

    suffixes: tuple[str, ...]
    remedy: str = ENDING
    several: bool = True


LAYOUTS = {
    "answers": Layout((".tsv", ".json", ".jsonl")),
    "spans": Layout((".json", ".jsonl"), "for a .tsv with a line of tags per text set data.output_tags=true"),
    "cloze": Layout((".txt", ".tsv", ".json", ".jsonl")),
    "vectors": Layout(VECTOR_SUFFIXES),
    "submission": Layout((".tsv",), several=False),
    "by_id": Layout((".json",), several=False),
}
"""By the answers of a task: an object each; a list of objects each; those of a cloze test; vectors; the file that
GLUE's server takes; one object of all, {"id": "answer"}, which SQuAD's, CMRC's and UER-py's scorers take."""


class AnswerFile:
    """A file that answers will go to, sound as far as that can be told before there are any.

    Args:
        layout: of LAYOUTS.
        several: whether an input gets more than one answer.
    Raises: DataError for another ending, for several answers in a line, and for a place that cannot be written.
    """

    def __init__(self, path, layout: str = "answers", several: bool = False):
        self.layout = layout
        known, suffix = LAYOUTS[layout], Path(path).suffix
        if suffix not in known.suffixes:
            raise DataError(f"{path}: answers are written as {', '.join(known.suffixes)}; {known.remedy}")
        if several and suffix == ".tsv" and layout != "vectors":
            raise DataError(f"{path}: a TSV has one answer per line; ask for one per input, or write .json")
        if layout == "submission":
            check_name(path)
        self.path = file_place(path)

    def write(self, parts: Iterable[Sequence]):
        """Writes answers that come in parts; vectors one part after the other."""
        parts = iter(parts)
        first = next(parts, ())
        if self.layout == "vectors" and self.path.suffix in (".npy", ".npz") and not isinstance(first, np.ndarray):
            first, parts = _cosines(first), map(_cosines, parts)
        if self.layout == "submission":
            predictions = [answer["prediction"] for answer in (*first, *chain.from_iterable(parts))]
            write_answers(self.path, submitted(self.path, predictions))
        elif isinstance(first, np.ndarray):
            write_vectors(self.path, chain([first], parts))
        else:
            write_answers(self.path, arranged([*first, *chain.from_iterable(parts)], self.layout))


def arranged(answers: Sequence, layout: str):
    """What stands for all answers in a file of JSON and on the screen."""
    return {answer["id"]: answer["text"] for answer in answers} if layout == "by_id" else answers


def write_answers(path, answers):
    """One answer per input, in order; the name says the format.

    TSV has one column per key of the answers (label, score; logits and prob when asked for): numbers of a list stand
    with blanks between them, names with commas, those of several data sets with bars, as UER-py writes them; tabs and
    line ends in a text become blanks. .txt has the answers of a cloze test as UER-py writes them: four lines per masked
    word.
    Raises: DataError for another suffix, for several answers per input in a TSV, and for other answers in a .txt.
    """
    path = Path(path)
    if path.suffix == ".json":
        text = json.dumps(answers, ensure_ascii=False, indent=1) + "\n"
    elif path.suffix == ".jsonl":
        text = "".join(json.dumps(answer, ensure_ascii=False) + "\n" for answer in answers)
    elif path.suffix == ".tsv":
        text = _table(answers)
    elif path.suffix == ".txt":
        text = "".join(_cloze(path, answer) for answer in answers)
    else:
        raise DataError(f"{path}: answers are written as {', '.join(LAYOUTS['cloze'].suffixes)}; {ENDING}")
    replace_text(os.path.realpath(path), text)  # a link that the user made stays one


def _table(answers: Sequence) -> str:
    rows = [_row(answer) for answer in answers]
    columns = list(dict.fromkeys(key for row in rows for key in row))
    lines = ["\t".join(columns), *("\t".join(row.get(key, "") for key in columns) for row in rows)]
    return "\n".join(lines) + "\n"


def _row(answer) -> dict[str, str]:
    """Column -> cell; of an answer in several parts, for data sets or for words, the cells with bars between them."""
    parts = list(answer.values()) if isinstance(answer, Mapping) else answer
    if isinstance(answer, Mapping) and not all(isinstance(part, Mapping) and "label" in part for part in parts):
        return {key: _cell(value) for key, value in answer.items()}
    columns = dict.fromkeys(key for part in parts for key in part)
    return {key: "|".join(_cell(part.get(key, "")) for part in parts) for key in columns}


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


def _cloze(path: Path, answer) -> str:
    if isinstance(answer, list):  # of a text with several masks
        return "".join(_cloze(path, part) for part in answer)
    if not {"sentence", "predicted", "correct"} <= answer.keys():
        raise DataError(f"{path}: a .txt is for cloze tests, with data.cloze_output=true; write .json instead")
    words = " ".join(answer["predicted"])
    return f"{answer['sentence']}\nPredicted answer: {words}\nCorrect answer: {answer['correct']}\n\n"
