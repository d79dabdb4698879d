"""What readers make of training files and of inputs: a text with one prompt, or with a schema."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from tasklab.data.extraction.schema import Node


class Mention(NamedTuple):
    """Characters [start, end) of a text.

    Of a prompt with options they count back from the text: an option that begins at character i of a prompt of n has
    start i - n - 1.
    """

    start: int
    end: int
    text: str


@dataclass(frozen=True)
class PromptExample:
    """A text and what is asked about it. answers is None where they are not known.

    subject, predicate: what a prompt about a relation was made of; None of one about a type.
    subject_type: the type of the subject, where the file tells.
    options: whether the answer is one of the options that end the prompt, as in 情感倾向[正向,负向].
    """

    id: str
    text: str
    prompt: str
    answers: tuple[Mention, ...] | None = None
    subject: str | None = None
    predicate: str | None = None
    subject_type: str | None = None
    place: str = ""
    options: bool = False

    @property
    def kind(self) -> str:
        """What its scores stand under: the predicate, or the type that is asked for."""
        return self.predicate or self.prompt

    @property
    def truth(self) -> list[dict]:
        """The answers as predictions have them, without probabilities."""
        return [mention._asdict() for mention in self.answers or ()]


@dataclass(frozen=True)
class SchemaExample:
    """A text and all that is asked about it.

    subject: of a schema that is the prompt about a relation, whom it is about.
    """

    id: str
    text: str
    schema: tuple[Node, ...]
    place: str = ""
    subject: str | None = None


def entities_of(predictions: Sequence, examples: Sequence[PromptExample]) -> list[list[tuple[str, int, int]]]:
    """(kind, start, end) of the spans that were predicted."""
    return [
        [(e.kind, span["start"], span["end"]) for span in answers[0]]
        for answers, e in zip(predictions, examples, strict=True)
    ]


def answers_of(examples: Sequence[PromptExample]) -> list[list[tuple[str, int, int]]]:
    """(kind, start, end) of the spans that are right."""
    return [[(e.kind, mention.start, mention.end) for mention in e.answers] for e in examples]
