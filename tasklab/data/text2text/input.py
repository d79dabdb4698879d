"""What a user hands to predict: texts, objects with the columns of the template, or a file of them."""

from collections.abc import Mapping

from tasklab.data.files.inputs import Inputs, is_pair
from tasklab.data.files.problems import shortened
from tasklab.data.text2text.layouts import SOURCES, Layout, asked_of
from tasklab.data.text2text.pairs import Pair, Text2TextDataConfig
from tasklab.data.text2text.reading import read_pairs
from tasklab.data.text2text.templates import SOURCE, Template
from tasklab.errors import DataError


def pairs_from_input(input_data, data: Text2TextDataConfig) -> list[Pair]:
    """Examples in input order. A .txt file holds one text per line. Raises: DataError naming the position."""
    template = Template.of(data.template)
    inputs = _inputs(template)
    path = inputs.file(input_data)
    if path and (path.suffix != ".txt" or data.columns):
        examples, bad = read_pairs(path, data, answered=False)
        if data.on_bad_row == "error":
            bad.raise_if_fatal()
        return examples
    if path:
        items = inputs.lines(path, data.encoding, data.on_bad_row == "skip")
    else:
        items = inputs.items(input_data)
    return [_example(item, template, data, inputs, place, str(n)) for n, (place, item) in enumerate(items)]


def _inputs(template: Template) -> Inputs:
    names = template.columns
    keys = SOURCES if names == [SOURCE] else names
    form = "{" + ", ".join(f'"{name}": "..."' for name in names) + "}"
    if len(names) == 1:
        return Inputs(f'"a text", or {form}', keys=keys)
    return Inputs(form, keys=keys, alone=lambda item: isinstance(item, tuple) and is_pair(item))


def _example(item, template: Template, data: Text2TextDataConfig, inputs: Inputs, place: str, number: str) -> Pair:
    if isinstance(item, Mapping):
        return asked_of(item, data, place, number)
    cells = item if is_pair(item) else [item]
    if not all(isinstance(cell, str) for cell in cells) or len(cells) != len(template.columns):
        raise DataError(f"{place}: is {shortened(str(item))}; expected {inputs.forms}")
    row = dict(zip(template.columns, cells, strict=True))
    return Layout(template, template.columns, None, None).example(row, place, number)
