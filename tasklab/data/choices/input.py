"""What a user hands to predict, in all its forms, as questions with choices."""

import logging
from collections.abc import Iterable, Mapping
from pathlib import Path

from tasklab.data.choices.checks import ChoiceChecks, ChoiceExample, Raw
from tasklab.data.choices.layouts import ANSWER, CHOICES, CONTEXT, QUESTION
from tasklab.data.choices.reading import ChoiceDataConfig, read_choices
from tasklab.data.files.problems import BadRows, shortened
from tasklab.data.files.table import SUFFIXES
from tasklab.data.files.textfile import parse_json
from tasklab.errors import DataError

logger = logging.getLogger("tasklab")

FORMS = '{"context": ..., "question": ..., "choices": [...]}'


def choice_examples_from_input(input_data, data: ChoiceDataConfig) -> list[ChoiceExample]:
    """Examples in input order, without labels.

    Accepts one or a list of objects (dicts, or JSON texts of them), or the path of a file as for training, whose
    answers are not read. Raises: DataError naming the position.
    """
    if isinstance(input_data, Path) or (isinstance(input_data, str) and _is_path(input_data)):
        examples, note = read_choices(Path(input_data).expanduser(), data, labelled=False)
        if note:
            logger.warning("%s: %s", input_data, note)
        return examples
    if isinstance(input_data, (str, Mapping)):
        input_data = [input_data]
    if not isinstance(input_data, Iterable):
        raise DataError(f"input is {type(input_data).__name__}; expected {FORMS}, a list of these, or a path")
    bad = BadRows("input")
    checks = ChoiceChecks(bad, labelled=False, remedy=f"expected {FORMS}")
    examples = list(checks.examples(_raw(item, i) for i, item in enumerate(input_data)))
    bad.raise_if_fatal()
    return examples


def _is_path(text: str) -> bool:
    return text.endswith(SUFFIXES) and (not any(map(str.isspace, text)) or Path(text).expanduser().is_file())


def _raw(item, number: int) -> Raw:
    place = f"input[{number}]"
    if isinstance(item, str) and item.lstrip().startswith("{"):
        item = parse_json(item, place)
    if not isinstance(item, Mapping):
        raise DataError(f"{place}: is {shortened(str(item))}; expected {FORMS}")
    context, question, choices = (_first(item, keys) for keys in (CONTEXT, QUESTION, CHOICES))
    if choices is None or context is None and question is None:
        known = (*CONTEXT, *QUESTION, *CHOICES, *ANSWER, "id")
        strange = next((str(key) for key in item if key not in known), None)
        told = f"has the keys {', '.join(map(str, item)) or 'none'}" if strange is None else f"has a key {strange!r}"
        raise DataError(f"{place}: {told}; expected {FORMS}")
    return Raw(place, item.get("id"), context, question, choices, None)


def _first(item: Mapping, keys):
    return next((item[key] for key in keys if key in item), None)
