"""What a user hands to predict, in all its forms, as questions with choices."""

from collections.abc import Mapping

from tasklab.data.choices.checks import ChoiceChecks, ChoiceExample, Raw
from tasklab.data.choices.layouts import ANSWER, CHOICES, CONTEXT, QUESTION
from tasklab.data.choices.reading import ChoiceDataConfig, read_choices
from tasklab.data.files.inputs import OBJECT, Inputs, tell_left_out
from tasklab.data.files.problems import BadRows
from tasklab.errors import DataError

FORMS = '{"context": ..., "question": ..., "choices": [...]}'
INPUTS = Inputs(FORMS, sign=OBJECT)


def choice_examples_from_input(input_data, data: ChoiceDataConfig) -> list[ChoiceExample]:
    """Examples in input order, without labels.

    Accepts one or a list of objects (dicts, or JSON texts of them), or the path of a file as for training, whose
    answers are not read. Raises: DataError naming the position.
    """
    if path := INPUTS.file(input_data):
        examples, note = read_choices(path, data, labelled=False)
        tell_left_out(path, note)
        return examples
    bad = BadRows("input")
    checks = ChoiceChecks(bad, labelled=False, form=FORMS)
    examples = list(checks.examples(_raw(item, place) for place, item in INPUTS.items(input_data)))
    bad.raise_if_fatal()
    return examples


def _raw(item, place: str) -> Raw:
    if not isinstance(item, Mapping):
        raise INPUTS.unusable(place, item)
    context, question, choices = (_first(item, keys) for keys in (CONTEXT, QUESTION, CHOICES))
    if choices is None or context is None and question is None:
        valid = (*CONTEXT, *QUESTION, *CHOICES, *ANSWER, "id")
        strange = next((str(key) for key in item if key not in valid), None)
        message = f"has the keys {', '.join(map(str, item)) or 'none'}" if strange is None else f"has a key {strange!r}"
        raise DataError(f"{place}: {message}; expected {FORMS}")
    return Raw(place, item.get("id"), context, question, choices, None)


def _first(item: Mapping, keys):
    return next((item[key] for key in keys if key in item), None)
