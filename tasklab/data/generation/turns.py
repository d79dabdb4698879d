"""The turns of a chat: whose they are, in whatever words a file names them, and whether their order can be."""

from collections.abc import Mapping, Sequence

from tasklab.data.files.problems import shortened
from tasklab.data.files.textfile import encodable
from tasklab.data.generation.examples import ASSISTANT, SYSTEM, USER, Message
from tasklab.errors import DataError

ROLES = {
    "system": SYSTEM, "user": USER, "human": USER, "prompter": USER, "instruction": USER,
    "assistant": ASSISTANT, "gpt": ASSISTANT, "model": ASSISTANT, "bot": ASSISTANT, "chatgpt": ASSISTANT,
}  # fmt: skip
"""In OpenAI's words, and in ShareGPT's, OpenAssistant's and others'."""
FORM = '{"role": "user", "content": "..."}'


def message_of(turn, place: str) -> Message:
    """A turn as OpenAI (role, content) or ShareGPT (from, value) writes it. Raises: DataError."""
    if not isinstance(turn, Mapping):
        raise DataError(f"{place}: is {shortened(str(turn))}, expected {FORM}")
    role_key = next((key for key in ("role", "from") if key in turn), None)
    content_key = next((key for key in ("content", "value") if key in turn), None)
    if role_key is None or content_key is None:
        raise DataError(f"{place}: has the keys {', '.join(map(str, turn)) or 'none'}, expected {FORM}")
    role = ROLES.get(turn[role_key].lower()) if isinstance(turn[role_key], str) else None
    if role is None:
        roles = ", ".join(ROLES)
        raise DataError(f"{place}: the {role_key} is {shortened(str(turn[role_key]))}, expected one of {roles}")
    content = turn[content_key]
    if not isinstance(content, str) or not encodable(content):
        shown = "half of a surrogate pair" if isinstance(content, str) else shortened(str(content))
        raise DataError(f"{place}: the {content_key} is {shown}, expected text")
    return Message(role, content)


def messages_of(turns, place: str) -> list[Message]:
    """All turns of a list. Raises: DataError naming the turn."""
    if not isinstance(turns, Sequence) or isinstance(turns, str) or not turns:
        raise DataError(f"{place}: is {shortened(str(turns))}, expected a list of turns such as [{FORM}]")
    return [message_of(turn, f"{place}[{number}]") for number, turn in enumerate(turns)]


def check_order(messages: Sequence[Message], place: str, answered: bool):
    """answered: the last turn has to be an answer; else it has to be a user's.

    Raises: DataError for roles out of order, an empty turn of a user or an assistant, or no answer.
    """
    begin = int(messages[0].role == SYSTEM)
    for number, message in enumerate(messages[begin:]):
        expected = ASSISTANT if number % 2 else USER
        at = f"{place}[{begin + number}]"
        if message.role != expected:
            problem = f"the role is {message.role}, where {expected} is expected"
            raise DataError(f"{at}: {problem}: a system turn or none, then user and assistant in turn")
        if not message.content.strip():
            raise DataError(f"{at}: the {message.role}'s turn is empty")
    last = messages[-1].role
    if answered and last != ASSISTANT:
        raise DataError(f"{place}: there is no answer: the last turn is the {last}'s")
    if not answered and last != USER:
        raise DataError(f"{place}: the last turn is the {last}'s, expected the user's, which is to be answered")
