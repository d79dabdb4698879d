"""Objects in JSON files: in one list, one per line, or pretty-printed one behind the other."""

import re
from collections.abc import Iterator
from pathlib import Path

from tasklab.content import json_at, parse_json
from tasklab.data.tagging.formats.spacy import is_pair
from tasklab.errors import DataError

BLANKS = re.compile(r"\s*")


def json_items(text: str, file: Path) -> Iterator[tuple[str, object]]:
    """(place, object). Raises: DataError with line and column where the file is no JSON."""
    if text.lstrip().startswith("[") and not _lists_in_lines(text, file):
        yield from ((f"{file}: [{i}]", item) for i, item in enumerate(parse_json(text, str(file), DataError)))
        return
    at, line = 0, 1
    while True:
        start = BLANKS.match(text, at).end()  # a slice from here on would cost as much as the rest of the file
        line, at = line + text.count("\n", at, start), start
        if at == len(text):
            return
        item, end = json_at(text, at, str(file), DataError)
        yield f"{file}:{line}", item
        line, at = line + text.count("\n", at, end), end


def _lists_in_lines(text: str, file: Path) -> bool:
    """Whether every line is a list of its own, as spaCy's pairs may stand."""
    try:
        return file.suffix == ".jsonl" and is_pair(parse_json(text.lstrip().partition("\n")[0], "", DataError))
    except DataError:
        return False
