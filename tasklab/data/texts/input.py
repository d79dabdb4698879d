"""What a user hands to predict, in all its forms, as texts or pairs of texts."""

import logging
from collections.abc import Iterable, Mapping
from pathlib import Path

from tasklab.data.files.columns import TEXT_A, TEXT_B
from tasklab.data.files.table import SUFFIXES
from tasklab.data.files.textfile import read_text
from tasklab.data.texts.reading import TextDataConfig, TextExample, read_text_rows
from tasklab.errors import DataError

logger = logging.getLogger("tasklab")

FORMS = '"a text", the pair ("text a", "text b"), {"text_a": ..., "text_b": ...}'


def text_examples_from_input(input_data, data: TextDataConfig, problem_type: str) -> list[TextExample]:
    """Examples in input order, without labels.

    Accepts one or a list of: a string (a tab in it separates a pair), a pair as a tuple, a dict with the columns of the
    data. Or a path: a table as for training, whose labels are not read, or a .txt file with one string per line when
    data.columns names none. A tuple of two strings is a pair, a list of two strings is two inputs.
    Raises: DataError naming the position.
    """
    if is_path(input_data):
        path = Path(input_data).expanduser()
        if path.suffix != ".txt" or data.columns:
            examples, note = read_text_rows(path, data, problem_type, labelled=False)
            if note:  # the answers have fewer lines than the file
                logger.warning("%s: %s", path, note)
            return examples
        lines = enumerate(read_text(path).split("\n"), start=1)
        found = [(n, line.removesuffix("\r")) for n, line in lines if line.strip()]
        return [_example(line, i, f"{path}:{n}", data) for i, (n, line) in enumerate(found)]
    if isinstance(input_data, (str, Mapping)) or _is_pair(input_data, tuple):
        return [_example(input_data, 0, "input[0]", data)]
    if not isinstance(input_data, Iterable):
        raise DataError(f"input is {type(input_data).__name__}; expected {FORMS}, a list of these, or a path")
    return [_example(item, i, f"input[{i}]", data) for i, item in enumerate(input_data)]


def is_path(input_data) -> bool:
    """Whether the input is the name of a file rather than a text."""
    return isinstance(input_data, Path) or (isinstance(input_data, str) and _names_file(input_data))


def _names_file(text: str) -> bool:
    return text.endswith(SUFFIXES) and (not any(map(str.isspace, text)) or Path(text).expanduser().is_file())


def _is_pair(item, kinds) -> bool:
    return isinstance(item, kinds) and len(item) == 2 and all(isinstance(part, str) for part in item)


def _example(item, number: int, place: str, data: TextDataConfig) -> TextExample:
    if isinstance(item, str):
        texts = item.split("\t")
        if len(texts) > 2:
            raise DataError(f"{place}: has {len(texts) - 1} tabs; expected one text, or two with a tab between them")
    elif isinstance(item, Mapping):
        first = _key(item, data.text_a, TEXT_A)
        if first is None:
            raise DataError(f"{place}: no text in the keys {', '.join(map(str, item)) or 'none'}; expected {FORMS}")
        pair = data.text_b or not data.text_a
        second = _key(item, data.text_b, [name for name in TEXT_B if name != first]) if pair else None
        texts = [item[key] for key in (first, second) if key is not None]
    elif _is_pair(item, (tuple, list)):
        texts = item
    else:
        raise DataError(f"{place}: is {type(item).__name__}; expected {FORMS}")
    for text in texts:
        if not isinstance(text, str) or not text.strip():
            told = "empty" if isinstance(text, str) else type(text).__name__
            raise DataError(f"{place}: a text is {told}; expected {FORMS}")
    return TextExample(str(number), texts[0], texts[1] if len(texts) > 1 else None, place=place)


def _key(row: Mapping, wanted: str | None, usual) -> str | None:
    return next((name for name in ([wanted] if wanted in row else usual) if name in row), None)
