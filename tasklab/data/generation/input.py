"""What a user hands to predict: texts to continue, messages to answer, prompts, or a file of them."""

from collections.abc import Mapping

from tasklab.data.files.inputs import Inputs, tell_left_out
from tasklab.data.files.problems import shortened
from tasklab.data.files.textfile import encodable
from tasklab.data.generation.examples import Chat, Example, GenerationDataConfig, Passage
from tasklab.data.generation.layouts import MESSAGES, PROMPT, TEXT, asked_of
from tasklab.data.generation.reading import read_generation
from tasklab.data.generation.turns import check_order, messages_of
from tasklab.errors import DataError

FORMS = '"a text" to continue, messages such as [{"role": "user", "content": "..."}], or {"prompt": "..."}'


def is_messages(item) -> bool:
    """Whether a list is one chat, not a list of inputs: of objects with a role."""
    if not isinstance(item, (list, tuple)) or not item:
        return False
    return all(isinstance(turn, Mapping) and ("role" in turn or "from" in turn) for turn in item)


INPUTS = Inputs(FORMS, keys=("messages", "conversations", "prompt", "instruction", "text"), alone=is_messages)


def generation_examples_from_input(input_data, data: GenerationDataConfig) -> list[Example]:
    """Examples in input order: a text as it stands, a chat up to where it is answered.

    A .txt file holds one text per line. Raises: DataError naming the position.
    """
    path = INPUTS.file(input_data)
    if path and (path.suffix != ".txt" or data.columns):
        examples, note = read_generation(path, data, answered=False)
        tell_left_out(path, note)
        return examples
    if path:
        items = INPUTS.lines(path, data.encoding, data.on_bad_row == "skip")
    else:
        items = INPUTS.items(input_data)
    return [_example(item, str(number), place) for number, (place, item) in enumerate(items)]


def _example(item, number: str, place: str) -> Example:
    if is_messages(item):
        messages = messages_of(item, place)
        check_order(messages, place, answered=False)
        return Chat(number, tuple(messages), False, place)
    if isinstance(item, Mapping):
        if not item.keys() & {*MESSAGES, *PROMPT} and (key := next((key for key in TEXT if key in item), None)):
            item = item[key]
        else:
            return asked_of(item, place, number)
    if not isinstance(item, str):
        raise DataError(f"{place}: is {shortened(str(item))}; expected {FORMS}")
    if not item.strip():
        raise DataError(f"{place}: the text is empty, so there is nothing to continue; expected {FORMS}")
    if not encodable(item):
        raise DataError(f"{place}: the text holds half of a surrogate pair; correct it")
    return Passage(number, item, place)
