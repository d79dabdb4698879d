"""How records lay out texts, prompts and answers: alpaca, messages, ShareGPT, preferences, and columns of any name."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from tasklab.data.files.cells import as_text, identity_of, is_missing
from tasklab.data.files.columns import IDENTITY, Role, cause_of, find_columns, missing_columns, taken_as, values_of
from tasklab.data.files.problems import shortened
from tasklab.data.files.table import Table
from tasklab.data.files.textfile import encodable
from tasklab.data.generation.examples import (
    ASSISTANT,
    SYSTEM,
    USER,
    Chat,
    Example,
    GenerationDataConfig,
    Message,
    Passage,
)
from tasklab.data.generation.turns import check_order, message_of, messages_of
from tasklab.errors import DataError

MESSAGES = ("messages", "conversations", "conversation", "dialog", "dialogue")
PROMPT = ("prompt", "instruction", "question", "query", "context", "user", "source", "input")
INPUT = ("input",)
ANSWER = ("completion", "response", "output", "answer", "target", "assistant", "chosen", "selected")
TEXT = ("text", "content")
CHOSEN = ("chosen", "selected")


class Layout(NamedTuple):
    """How the records of a file become examples.

    made: (record, its place, its number) -> example; raises DataError.   taken: which column is taken for what.
    """

    made: Callable[[Mapping, str, str], Example]
    taken: str


def layout_of(table: Table, data: GenerationDataConfig, answered: bool) -> Layout:
    """By the names of the columns, or as the settings say.

    answered: prompts come with their answers. Raises: MissingColumns where nothing can be told.
    """
    named = bool(data.text or data.prompt or data.answer)
    identity = next((name for name in IDENTITY if name in table.columns), None)
    turns = None if named else next((name for name in MESSAGES if name in table.columns), None)
    if turns or not named and _chosen_turns(table):
        chosen = next((name for name in CHOSEN if name in table.columns), None) if answered else None
        taken = taken_as({"turns": turns, "answer": chosen}, table.columns)
        return Layout(lambda row, place, number: _chat(row, turns, chosen, identity, place, number, answered), taken)
    roles = [Role("prompt", data.prompt, PROMPT, required=False), Role("answer", data.answer, ANSWER, required=False)]
    prompt, answer = (None, None) if data.text else find_columns(table, roles)
    if prompt and (answer or not answered):
        below = find_columns(table, [Role("input", data.input, INPUT, required=bool(data.input))])[0]
        below = None if below == prompt else below
        system = next((name for name in (SYSTEM,) if name in table.columns), None)
        pair = _Pair(prompt, below, answer if answered else None, system, identity)
        taken = taken_as({"prompt": prompt, "input": below, "answer": pair.answer, "system": system}, table.columns)
        return Layout(pair, taken)
    text = None if data.prompt else find_columns(table, [Role("text", data.text, TEXT, required=False)])[0]
    if text is None:
        raise _missing(table, prompt)
    return Layout(
        lambda row, place, number: Passage(identity_of(row, identity, number), _text(row, text, place), place),
        taken_as({"text": text}, table.columns),
    )


def asked_of(item: Mapping, place: str, number: str) -> Chat:
    """What is asked in an object that names its parts by the usual keys. Raises: DataError."""
    if turns := next((key for key in MESSAGES if key in item), None):
        return _chat(item, turns, None, None, place, number, answered=False)
    prompt = next((key for key in PROMPT if key in item), None)
    if prompt is None:
        keys = ", ".join((*MESSAGES, *PROMPT, *TEXT))
        raise DataError(f"{place}: has the keys {', '.join(map(str, item)) or 'none'}, expected one of {keys}")
    below = "input" if prompt != "input" and "input" in item else None
    return _Pair(prompt, below, None, SYSTEM if SYSTEM in item else None, None)(item, place, number)


class _Pair(NamedTuple):
    """Columns of a record with one prompt, and its answer where it has one."""

    prompt: str
    input: str | None
    answer: str | None
    system: str | None
    identity: str | None

    def __call__(self, row: Mapping, place: str, number: str) -> Chat:
        asked = _text(row, self.prompt, place)
        if self.input and not is_missing(row.get(self.input)):
            asked = f"{asked}\n{_text(row, self.input, place)}"
        messages = [Message(USER, asked)]
        if self.system and not is_missing(row.get(self.system)):
            messages.insert(0, Message(SYSTEM, _text(row, self.system, place)))
        if self.answer:
            messages.append(Message(ASSISTANT, _text(row, self.answer, place)))
        return Chat(identity_of(row, self.identity, number), tuple(messages), messages[0].role == USER, place)


def _chosen_turns(table: Table) -> bool:
    """Whether the chosen side of preferences is a list of turns, the prompt with it."""
    name = next((name for name in CHOSEN if name in table.columns), None)
    if name is None:
        return False
    first = next(iter(Table(table.path, encoding=table.encoding)), (None, {}))[1]
    return isinstance(first.get(name), (list, dict))


def _chat(row, turns: str | None, chosen: str | None, identity, place: str, number: str, answered: bool) -> Chat:
    messages = messages_of(row.get(turns), f"{place}: {turns}") if turns and not is_missing(row.get(turns)) else []
    begun = row.get("prompt") if not turns else None
    if chosen:
        side, at = row.get(chosen), f"{place}: {chosen}"
        if isinstance(side, list):
            dialogue = messages_of(side, at)
            messages = dialogue if dialogue[: len(messages)] == messages else [*messages, *dialogue]
        elif isinstance(side, Mapping):
            messages.append(message_of(side, at))
        else:
            messages.append(Message(ASSISTANT, _text(row, chosen, place)))
        if isinstance(begun, str) and messages[0].role == ASSISTANT:
            messages.insert(0, Message(USER, begun))
        elif isinstance(begun, list) and messages[0].role == ASSISTANT:
            messages = [*messages_of(begun, f"{place}: prompt"), *messages]
    elif isinstance(begun, (str, list)) and not messages:
        messages = messages_of(begun, f"{place}: prompt") if isinstance(begun, list) else [Message(USER, begun)]
    if isinstance(system := row.get(SYSTEM), str) and system.strip() and messages[:1] and messages[0].role != SYSTEM:
        messages.insert(0, Message(SYSTEM, system))  # ShareGPT's column beside the turns
    if not messages:
        raise DataError(f"{place}: there are no turns in {turns or chosen!r}")
    if not answered and len(messages) > 1 and messages[-1].role == ASSISTANT:
        messages.pop()  # a file for training, asked again
    check_order(messages, f"{place}: {turns or chosen}", answered)
    return Chat(identity_of(row, identity, number), tuple(messages), False, place)


def _text(row: Mapping, column: str, place: str) -> str:
    """Raises: DataError for what is no text, or empty."""
    value = as_text(row.get(column))
    if is_missing(value):
        raise DataError(f"{place}: the {column} is empty")
    if not isinstance(value, str) or not encodable(value):
        shown = "half of a surrogate pair" if isinstance(value, str) else shortened(str(value))
        raise DataError(f"{place}: the {column} is {shown}, expected text")
    return value


def _missing(table: Table, prompt: str | None) -> DataError:
    if cause := cause_of(table):
        return DataError(f"{table.head}: {cause}")
    if prompt:
        problems = [f"no column for data.answer beside {prompt!r}, known names: {', '.join(ANSWER)}"]
    else:
        problems = [
            f"no turns ({', '.join(MESSAGES)}), no column for data.prompt ({', '.join(PROMPT)}) and none for "
            f"data.text ({', '.join(TEXT)})"
        ]
    return missing_columns(table, problems, values_of(table), [], [prompt] if prompt else [])


def is_asked(columns) -> bool:
    """Whether records with these columns hold chats, or prompts with answers."""
    lowered = {str(name).lower() for name in columns}
    if lowered & {"messages", "conversations", "conversation"} or {"chosen", "rejected"} <= lowered:
        return True
    return bool(lowered & {"prompt", "instruction"} and lowered.intersection(ANSWER))
