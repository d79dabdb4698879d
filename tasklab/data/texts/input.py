"""What a user hands to predict, in all its forms, as texts or pairs of texts."""

from collections.abc import Mapping
from dataclasses import replace

from tasklab.data.files.cells import identity_of
from tasklab.data.files.columns import IDENTITY, TEXT_A, TEXT_B
from tasklab.data.files.inputs import Inputs, is_pair, is_pair_alone, tell_left_out
from tasklab.data.files.textfile import encodable
from tasklab.data.texts.example import TextExample
from tasklab.data.texts.reading import read_text_rows
from tasklab.data.texts.settings import TextDataConfig
from tasklab.errors import DataError

FORMS = '"a text", the pair ("text a", "text b"), {"text_a": ..., "text_b": ...}'
INPUTS = Inputs(FORMS, alone=is_pair_alone)


def text_examples_from_input(input_data, data: TextDataConfig, problem_type: str) -> list[TextExample]:
    """Examples in input order, without labels.

    Accepts one or a list of: a string (a tab in it separates a pair), a pair as a tuple, a dict with the columns of the
    data. Or a path: a table as for training, whose labels are not read, or a .txt file with one string per line when
    data.columns names none. A tuple of two strings is a pair, a list of two strings is two inputs.
    Raises: DataError naming the position.
    """
    path = INPUTS.file(input_data)
    if path and (path.suffix != ".txt" or data.columns):
        examples, note = read_text_rows(path, data, problem_type, labelled=False)
        tell_left_out(path, note)
        return examples
    named = tuple(filter(None, (data.text_a, data.text_b)))
    inputs = replace(INPUTS, keys=(*TEXT_A, *TEXT_B, *named))
    gaps = data.on_bad_row == "skip"
    items = inputs.lines(path, data.encoding, gaps) if path else inputs.items(input_data)
    return [_example(item, i, place, data) for i, (place, item) in enumerate(items)]


def _example(item, number: int, place: str, data: TextDataConfig) -> TextExample:
    identity = str(number)
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
        identity = identity_of(item, _key(item, data.id, IDENTITY), number)
    elif is_pair(item):
        texts = item
    else:
        raise DataError(f"{place}: is {type(item).__name__}; expected {FORMS}")
    for text in texts:
        if not isinstance(text, str) or not text.strip():
            kind = "empty" if isinstance(text, str) else type(text).__name__
            raise DataError(f"{place}: a text is {kind}; expected {FORMS}")
        if not encodable(text):
            raise DataError(f"{place}: a text holds half of a surrogate pair; correct it")
    return TextExample(identity, texts[0], texts[1] if len(texts) > 1 else None, place=place)


def _key(row: Mapping, column: str | None, usual) -> str | None:
    return next((name for name in ([column] if column in row else usual) if name in row), None)
