"""What a user hands to predict, in all its forms, as QA examples."""

import functools
import os
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from tasklab.content import parse_json
from tasklab.data.files import arrow
from tasklab.data.files.cells import identity_of
from tasklab.data.files.inputs import Inputs, is_pair, is_pair_alone
from tasklab.data.files.problems import shortened
from tasklab.data.files.textfile import encodable
from tasklab.data.questions.documents import Document, read_document
from tasklab.data.questions.example import QAExample
from tasklab.data.questions.flat import CONTEXT_KEYS, QUESTION_KEYS, USUAL, Flat, Names, flat_rows
from tasklab.data.questions.layout import SquadLayout
from tasklab.errors import DataError

FORMS = '"context - question", {"context": ..., "question": ...} or the pair (context, question)'
BETWEEN = " - "
KEYS = (*CONTEXT_KEYS, *QUESTION_KEYS)
SUFFIXES = (".json", ".jsonl", ".csv", ".tsv", ".txt", *arrow.SUFFIXES)
INPUTS = Inputs(FORMS, SUFFIXES, sign=re.compile(BETWEEN), keys=KEYS, alone=is_pair_alone)


def qa_examples_from_input(input_data, encoding: str | None = None, names: Names = USUAL) -> list[QAExample]:
    """Examples in input order, without answers unless a SQuAD file brings some.

    Accepts one or a list of: a string "context - question" (split at the last " - " with something behind it), a dict
    with context and question, a pair (context, question). Or a path: a .json file in the SQuAD layout or with a list
    of the above, a .jsonl file (one of the above per line), a table with the columns context and question, a .txt file
    (one string per line, none of them blank). A tuple of two strings is a pair, a list of two is two inputs. A Path as
    context of a dict is a document: the answers are places in that file.
    Raises: DataError naming the position.
    """
    if path := INPUTS.file(input_data):
        return _from_file(path, encoding, names)
    if isinstance(input_data, Mapping):
        if "data" in input_data:
            return _from_layout(input_data, "input")
        input_data = _rows(input_data)
    return _examples(INPUTS.items(input_data), encoding)


def refuse_equal_ids(examples: Iterable[QAExample]):
    """Raises DataError where a file of {"id": "answer"} would lose an answer."""
    places: dict[str, str] = {}
    for example in examples:
        if (first := places.setdefault(example.id, example.place)) != example.place:
            name = shortened(example.id)
            raise DataError(f"{example.place}: its id {name} is that of {first} too; give each question its own")


def _from_file(path: Path, encoding: str | None, names: Names) -> list[QAExample]:
    if path.suffix == ".txt":
        return _examples(INPUTS.lines(path, encoding))
    if path.suffix == ".jsonl":
        lines = replace(INPUTS, keys=()).lines(path, encoding)
        return _examples((place, parse_json(line, place, DataError)) for place, line in lines)
    content = flat_rows(path, encoding, names, answered=False)
    if isinstance(content, list):  # of texts or pairs
        return _examples((f"{path}: [{i}]", item) for i, item in enumerate(content))
    if not isinstance(content, Flat):
        return _from_layout(content, str(path))
    examples = _examples(content.rows)
    content.bad.raise_if_fatal()
    return examples


def _rows(row: Mapping) -> list:
    """The rows of columns of equal length, as data set libraries slice them; the row itself where it holds none."""
    columns = [row[key] for key in (*CONTEXT_KEYS, *QUESTION_KEYS) if isinstance(row.get(key), (list, tuple))]
    if len(columns) == 2:
        contexts, questions = columns
        if len(contexts) != len(questions):
            raise DataError(f"input has {len(contexts)} contexts but {len(questions)} questions")
        return list(zip(contexts, questions, strict=True))
    return [row]


def _from_layout(document, file: str) -> list[QAExample]:
    examples, bad = SquadLayout(file, training=False, answered=False).read(document)
    bad.raise_if_fatal()
    return examples


def _examples(items: Iterable[tuple[str, object]], encoding: str | None = None) -> list[QAExample]:
    read = functools.cache(functools.partial(read_document, encoding=encoding))  # once for all its questions
    return [_example(item, i, place, read) for i, (place, item) in enumerate(items)]


def _example(item, number: int, place: str, read: Callable[[os.PathLike], Document]) -> QAExample:
    identity, document = str(number), None
    if isinstance(item, str):
        context, question = _split(item, place)
    elif isinstance(item, Mapping) and isinstance(path := item.get("context"), os.PathLike):
        document = read(path)
        context, question = document.plain.text, _key(item, QUESTION_KEYS, place)
        identity = identity_of(item, "id", number)
    elif isinstance(item, Mapping):
        context, question = _key(item, CONTEXT_KEYS, place), _key(item, QUESTION_KEYS, place)
        identity = identity_of(item, "id", number)
    elif is_pair(item):
        context, question = item
    else:
        raise DataError(f"{place}: is {type(item).__name__}; expected {FORMS}")
    for name, text in (("context", context), ("question", question)):
        if not text.strip():
            raise DataError(f"{place}: the {name} is empty; expected {FORMS}")
        if not encodable(text):
            raise DataError(f"{place}: the {name} holds half of a surrogate pair; correct it")
    return QAExample(identity, question, context, place=place, document=document)


def _split(text: str, place: str) -> tuple[str, str]:
    at = text.rstrip().rfind(BETWEEN)  # behind the last one is something, because the end is stripped
    if at < 0:
        raise DataError(f'{place}: no " - " between context and question in {text[:60]!r}; expected {FORMS}')
    return text[:at], text[at + len(BETWEEN) :].strip()


def _key(row: Mapping, keys: tuple[str, ...], place: str) -> str:
    present = [key for key in keys if key in row]
    if not present:
        raise DataError(f"{place}: lacks '{keys[0]}'; it has the keys {', '.join(map(str, row)) or 'none'}")
    value = row[present[0]]
    if not isinstance(value, str):
        raise DataError(f"{place}: '{present[0]}' is {type(value).__name__}, expected text")
    return value
