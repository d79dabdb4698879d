"""What a causal model learns from and is asked: a passage that goes on, or messages that get an answer."""

from dataclasses import dataclass
from typing import NamedTuple

from tasklab.config import TRAINING, TRUTH, DataConfig, setting
from tasklab.config.generation_section import stops_in_tokens, two_shapes

SYSTEM, USER, ASSISTANT = "system", "user", "assistant"
BLANK_LINE, LINE, FILE = "blank_line", "line", "file"
ANSWERS, LAST_ANSWER, ALL = "answers", "last_answer", "all"
NEWLINE, END = "newline", "end"


@dataclass
class GenerationDataConfig(DataConfig, path="data"):
    """Where texts, prompts and answers stand, and what of them is learned."""

    columns: list[str] = setting([])  # names for a table without a header line
    text: str | None = None  # column of texts to continue; null looks for a usual name
    prompt: str | None = None  # column of what is answered; null looks for a usual name
    input: str | None = None  # column of what follows the prompt below it, as alpaca's input
    answer: str | None = setting(None, needs=TRUTH)  # column of the answers
    # of plain text: a blank line ends one, every line is one, or the whole file
    documents: str = setting(BLANK_LINE, choices=(BLANK_LINE, LINE, FILE))
    pairs: bool | None = None  # lines of a .txt file are prompt, tab, answer; null: where the first one has one tab
    prefix: str = setting("", rows=True)  # text before every prompt that has no chat template around it
    # between a prompt and its answer where the model has no chat template: a line end, or the id that ends a text
    separator: str = setting(NEWLINE, choices=(NEWLINE, END), rows=True)
    targets: str = setting(ANSWERS, choices=(ANSWERS, LAST_ANSWER, ALL))  # tokens of a chat that are learned
    max_answer_tokens: int | None = setting(None, ge=1, needs=TRAINING)  # a longer answer is a bad row
    packing: bool = True  # several examples in a row, none of which sees another
    mindformers_output: bool = False  # predict: {"text_generation_text": [the text with what follows]}
    generate_lm_output: bool = False  # predict: prompt and tokens, as UER-py's generate_lm writes them
    quotes: bool | None = None  # cells may stand in double quotes; null: in .csv files only

    def problems(self):
        yield from super().problems()
        yield from two_shapes(self, "mindformers_output", "generate_lm_output")

    def problems_beside(self, config):
        yield from super().problems_beside(config)
        if self.generate_lm_output:
            yield from stops_in_tokens(config, "data.generate_lm_output")


class Message(NamedTuple):
    """One turn; role: SYSTEM, USER or ASSISTANT."""

    role: str
    content: str


@dataclass(frozen=True)
class Passage:
    """A text to continue as it stands, with all its blanks."""

    id: str
    text: str
    place: str = ""


@dataclass(frozen=True)
class Chat:
    """Turns in order, of which the last is an answer in training, and a question in prediction.

    plain: a prompt and its answer, which need no chat template.
    """

    id: str
    messages: tuple[Message, ...]
    plain: bool = False
    place: str = ""

    @property
    def text(self) -> str:
        """What nearly equal chats have in common: all that was asked."""
        return "\n".join(m.content for m in self.messages if m.role == USER)

    @property
    def asked(self) -> dict[str, str]:
        """What stands beside an answer in a table: the last question."""
        return {"id": self.id, "prompt": next(m.content for m in reversed(self.messages) if m.role == USER)}


Example = Passage | Chat
