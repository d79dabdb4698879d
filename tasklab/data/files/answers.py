"""Predictions as files: TSV in UER's columns, JSON, JSON lines."""

import json
import os
from collections.abc import Iterable, Sequence
from itertools import chain
from pathlib import Path

import numpy as np

from tasklab.data.files.vectors import SUFFIXES as VECTOR_SUFFIXES
from tasklab.data.files.vectors import write_vectors
from tasklab.errors import DataError
from tasklab.replacing import replace_text

SUFFIXES = (".tsv", ".json", ".jsonl", ".txt")


def write_parts(path, parts: Iterable[Sequence]):
    """Writes answers that come in parts: vectors one part after the other, all else as `write_answers` does.

    Raises: DataError before the first part when no answer can go into such a file.
    """
    known = dict.fromkeys((*SUFFIXES, *VECTOR_SUFFIXES))
    if Path(path).suffix not in known:
        raise DataError(f"{path}: answers are written as {', '.join(known)}; give the file one of these endings")
    parts = iter(parts)
    first = next(parts, ())
    if isinstance(first, np.ndarray):
        write_vectors(path, chain([first], parts))
    else:
        write_answers(path, [*first, *chain.from_iterable(parts)])


def write_answers(path, answers: Sequence):
    """One answer per input, in order; the name says the format.

    TSV has one column per key of the answers (label, score; logits and prob when asked for): numbers of a list stand
    with blanks between them, names with commas, as UER-py writes them; tabs and line ends in a text become blanks.
    .txt has those of a cloze test as UER-py writes them: four lines per masked word.
    Raises: DataError for another suffix, for several answers per input in a TSV, and for other answers in a .txt.
    """
    path = Path(path)
    if path.suffix == ".json":
        text = json.dumps(answers, ensure_ascii=False, indent=1) + "\n"
    elif path.suffix == ".jsonl":
        text = "".join(json.dumps(answer, ensure_ascii=False) + "\n" for answer in answers)
    elif path.suffix == ".tsv":
        text = _table(path, answers)
    elif path.suffix == ".txt":
        text = "".join(_cloze(path, answer) for answer in answers)
    else:
        raise DataError(f"{path}: answers are written as {', '.join(SUFFIXES)}; give the file one of these endings")
    replace_text(os.path.realpath(path), text)  # a link that the user made stays one


def _table(path: Path, answers: Sequence) -> str:
    if any(isinstance(answer, list) for answer in answers):
        raise DataError(f"{path}: a TSV has one answer per line; ask for one per input, or write .json")
    columns = list(dict.fromkeys(key for answer in answers for key in answer))
    lines = ["\t".join(columns), *("\t".join(_cell(answer.get(key, "")) for key in columns) for answer in answers)]
    return "\n".join(lines) + "\n"


def _cell(value) -> str:
    if isinstance(value, (list, tuple)):
        between = "," if value and isinstance(value[0], str) else " "
        return between.join(_cell(item) for item in value)
    if isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False)
    return " ".join(str(value).split())


def _cloze(path: Path, answer) -> str:
    if isinstance(answer, list):  # of a text with several masks
        return "".join(_cloze(path, part) for part in answer)
    if not {"sentence", "predicted", "correct"} <= answer.keys():
        raise DataError(f"{path}: a .txt is for cloze tests, with data.cloze_output=true; write .json instead")
    words = " ".join(answer["predicted"])
    return f"{answer['sentence']}\nPredicted answer: {words}\nCorrect answer: {answer['correct']}\n\n"
