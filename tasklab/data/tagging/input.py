"""What a user hands to predict, in all its forms, as texts with their tokens."""

import json
import logging
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from tasklab.data.files.problems import shortened
from tasklab.data.files.textfile import encodable, read_text
from tasklab.data.tagging.columns import has_header
from tasklab.data.tagging.reading import (
    CHARACTERS,
    CJK,
    SUFFIXES,
    WORDS,
    TaggedExample,
    TaggingDataConfig,
    joined_text,
    read_tagged,
)
from tasklab.errors import DataError

logger = logging.getLogger("tasklab")

FORMS = '"a text", {"text": ...} or {"tokens": [...]}'
TOKEN = re.compile(rf"[@#]?[^\W{CJK}]+|\S")


def tagged_examples_from_input(input_data, data: TaggingDataConfig) -> list[TaggedExample]:
    """Examples in input order, without entities.

    Accepts one or a list of: a text, {"text": ...}, {"tokens": [...]}, or the JSON of these objects. Or a path: a file
    as for training, whose tags are not read, or a .txt file with one text per line.
    Raises: DataError naming the position.
    """
    if isinstance(input_data, Path) or (isinstance(input_data, str) and _is_path(input_data)):
        path = Path(input_data).expanduser()
        if path.suffix != ".txt" or has_header(read_text(path)):
            file = read_tagged(path, data, labelled=False)
            if file.note:
                logger.warning("%s: %s", path, file.note)
            return file.examples
        lines = enumerate(read_text(path).split("\n"), start=1)
        return [_example(line, str(n), f"{path}:{n}", data) for n, line in lines if line.strip()]
    if isinstance(input_data, (str, Mapping)):
        return [_example(input_data, "0", "input[0]", data)]
    if not isinstance(input_data, Iterable):
        raise DataError(f"input is {type(input_data).__name__}; expected {FORMS}, a list of these, or a path")
    return [_example(item, str(i), f"input[{i}]", data) for i, item in enumerate(input_data)]


def _is_path(text: str) -> bool:
    return text.endswith(SUFFIXES) and (not any(map(str.isspace, text)) or Path(text).expanduser().is_file())


def _example(item, number: str, place: str, data: TaggingDataConfig) -> TaggedExample:
    item = _object(item) or item
    if isinstance(item, Mapping) and "tokens" in item:
        tokens = item["tokens"]
        if not isinstance(tokens, (list, tuple)) or not tokens or not all(map(_is_text, tokens)):
            raise DataError(f"{place}: tokens is {shortened(str(tokens))}; expected a list of texts, none empty")
        return TaggedExample(number, *joined_text(tokens, data.units or WORDS), place=place)
    text = item.get("text") if isinstance(item, Mapping) else item
    if not isinstance(text, str) or not _is_text(text.strip()):
        raise DataError(f"{place}: is {shortened(str(item))}; expected {FORMS}")
    return TaggedExample(number, text, split_text(text, data.units), place=place)


def _object(item) -> dict | None:
    """What a text says that is one of the objects in JSON, as on the command line; None for any other."""
    if not isinstance(item, str) or not item.startswith("{"):
        return None
    try:
        found = json.loads(item)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) and found.keys() & {"tokens", "text"} else None


def _is_text(value) -> bool:
    return isinstance(value, str) and bool(value) and encodable(value)


def split_text(text: str, units: str | None) -> tuple[tuple[int, int], ...]:
    """Where the tokens are: every character that is no blank, or words, marks and Chinese characters."""
    found = re.finditer(r"\S", text) if units == CHARACTERS else TOKEN.finditer(text)
    return tuple(match.span() for match in found)
