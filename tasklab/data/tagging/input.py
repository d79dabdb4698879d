"""What a user hands to predict, in all its forms, as texts with their tokens."""

import os
from collections.abc import Mapping

from tasklab.data.files.cells import identity_of
from tasklab.data.files.inputs import Inputs, tell_left_out
from tasklab.data.files.problems import shortened
from tasklab.data.files.textfile import encodable, read_text
from tasklab.data.tagging.examples import WORDS, TaggedExample, joined_text, split_text
from tasklab.data.tagging.formats import brat
from tasklab.data.tagging.reading import SUFFIXES, TaggingDataConfig, read_tagged
from tasklab.data.tagging.tables import has_header
from tasklab.errors import DataError

INPUTS = Inputs('"a text", {"text": ...} or {"tokens": [...]}', SUFFIXES, keys=("tokens", "text"))


def tagged_examples_from_input(input_data, data: TaggingDataConfig) -> list[TaggedExample]:
    """Examples in input order, without entities.

    Accepts one or a list of: a text, {"text": ...}, {"tokens": [...]}, or the JSON of these objects. Or a path: a file
    as for training, whose tags are not read, a folder of brat, or a .txt file with one text per line.
    Raises: DataError naming the position.
    """
    folder = brat.folder_of(input_data, "test") if isinstance(input_data, os.PathLike) else None
    path = folder or INPUTS.file(input_data)
    if path and (path.suffix != ".txt" or has_header(read_text(path, data.encoding), path)):
        file = read_tagged(path, data, labelled=False)
        tell_left_out(path, file.note)
        return file.examples
    gaps = data.on_bad_row == "skip"
    items = INPUTS.lines(path, data.encoding, gaps) if path else INPUTS.items(input_data)
    return [_example(item, str(i), place, data) for i, (place, item) in enumerate(items)]


def _example(item, number: str, place: str, data: TaggingDataConfig) -> TaggedExample:
    number = identity_of(item, "id", number) if isinstance(item, Mapping) else number
    if isinstance(item, Mapping) and "tokens" in item:
        tokens = item["tokens"]
        if not isinstance(tokens, (list, tuple)) or not tokens or not all(map(_is_text, tokens)):
            raise DataError(f"{place}: tokens is {shortened(str(tokens))}; expected a list of texts, none empty")
        return TaggedExample(number, *joined_text(tokens, data.units or WORDS), place=place)
    text = item.get("text") if isinstance(item, Mapping) else item
    if not isinstance(text, str) or not _is_text(text.strip()):
        raise INPUTS.unusable(place, item)
    return TaggedExample(number, text, split_text(text, data.units), place=place)


def _is_text(value) -> bool:
    return isinstance(value, str) and bool(value) and encodable(value)
