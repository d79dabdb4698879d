"""One question about one context: what readers make and windows, metrics and tasks take."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Answer:
    """A reference answer. `start`: its first character in the context, -1 when the text is not there."""

    text: str
    start: int


@dataclass(frozen=True)
class QAExample:
    """A question with its context and reference answers (none when impossible, or when only predicting)."""

    id: str
    question: str
    context: str
    answers: tuple[Answer, ...] = ()
    is_impossible: bool = False
    place: str = ""
    """Where it comes from: "dev.json: data[3].paragraphs[0].qas[1]", or "input[4]"."""
