"""What is wrong with a question and its choices: every one checked before training, whatever file it comes from."""

import difflib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from tasklab.data.files.problems import BadRows, shortened
from tasklab.data.files.textfile import encodable

FIX = "correct the row or set data.on_bad_row: skip"


@dataclass(frozen=True)
class ChoiceExample:
    """A question about a context, its choices, and the number of the right one; None where that is not known."""

    id: str
    context: str
    question: str
    choices: tuple[str, ...]
    label: int | None = None
    place: str = ""

    @property
    def stratum(self) -> int | None:
        """What folds and subsets hold in equal shares: where the right choice stands."""
        return self.label


class Raw(NamedTuple):
    """A question as it stands in a file; context and question are None where the file has no such thing."""

    place: str
    id: object
    context: object
    question: object
    choices: object
    answer: object


class ChoiceChecks:
    """Turns what stands in one file into examples; what is wrong goes to `bad`.

    labelled: False leaves the answers alone. remedy: how a message ends.
    """

    def __init__(self, bad: BadRows, labelled: bool, remedy: str = FIX):
        self.bad, self.labelled, self.remedy = bad, labelled, remedy
        self.repeated: list[str] = []
        """Where a question lists a choice twice."""

    def examples(self, questions: Iterable[Raw]) -> Iterator[ChoiceExample]:
        for number, raw in enumerate(questions):
            before = self.bad.fatal
            context = self._text(raw, "context", "\n".join(raw.context) if _lines(raw.context) else raw.context)
            question = self._text(raw, "question", raw.question)
            choices = self._choices(raw)
            label = self._label(raw, choices) if self.labelled and choices else None
            if self.bad.fatal == before:
                identity = str(number) if raw.id is None else str(raw.id)
                yield ChoiceExample(identity, context, question, choices, label, raw.place)

    def _text(self, raw: Raw, name: str, value) -> str:
        if value is None:
            return ""
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            value = str(value)  # JSON: a text that is a number
        if not isinstance(value, str):
            self._note("no text", raw, f"the {name} is {shortened(str(value))}, expected text")
        elif not value.strip():
            self._note(f"empty {name}", raw, f"the {name} is empty")
        elif not encodable(value):
            self._note("broken text", raw, f"the {name} holds half of a surrogate pair")
        return value

    def _choices(self, raw: Raw) -> tuple[str, ...]:
        """() when something is wrong with them."""
        if not isinstance(raw.choices, (list, tuple)):
            self._note("no choices", raw, f"the choices are {shortened(str(raw.choices))}, expected a list of texts")
            return ()
        if len(raw.choices) < 2:
            told = "is one choice" if raw.choices else "is no choice"
            self._note("too few choices", raw, f"there {told}, but at least two are needed")
            return ()
        before = self.bad.fatal
        choices = tuple(self._text(raw, f"choice {i}", "" if c is None else c) for i, c in enumerate(raw.choices))
        if self.bad.fatal > before:
            return ()
        if len(set(choices)) < len(choices):
            twice = next(choice for i, choice in enumerate(choices) if choice in choices[:i])
            self.repeated.append(f"{raw.place}: {shortened(twice)}")
        return choices

    def _label(self, raw: Raw, choices: tuple[str, ...]) -> int | None:
        label = number_of(raw.answer, choices)
        if raw.answer is None or raw.answer == "":
            self._note("no answer", raw, f"there is no answer; expected {_expected(choices)}")
        elif label is None:
            near = difflib.get_close_matches(str(raw.answer), choices, n=1)
            hint = f" (did you mean {shortened(near[0])}?)" if near else ""
            told = f"the answer {shortened(str(raw.answer))} is none of the choices{hint}; expected"
            self._note("answer not among the choices", raw, f"{told} {_expected(choices)}")
        return label

    def _note(self, kind: str, raw: Raw, message: str):
        self.bad.add(kind, f"{raw.place}: {message}; {self.remedy}")


def number_of(answer, choices: tuple[str, ...]) -> int | None:
    """Which choice an answer means: its text, else its letter, else its number from 0; None when it is none."""
    if isinstance(answer, bool):
        return None
    if isinstance(answer, int):
        return answer if 0 <= answer < len(choices) else None
    if not isinstance(answer, str):
        return None
    for texts, wanted in ((choices, answer), ([choice.strip() for choice in choices], answer.strip())):
        if wanted in texts:
            return texts.index(wanted)
    answer = answer.strip()
    if len(answer) == 1 and "A" <= answer.upper() <= "Z":
        number = ord(answer.upper()) - ord("A")
    else:
        number = int(answer) if answer.isascii() and answer.isdecimal() and len(answer) < 4 else -1
    return number if 0 <= number < len(choices) else None


def _lines(context) -> bool:
    return isinstance(context, list) and all(isinstance(line, str) for line in context)


def _expected(choices: tuple[str, ...]) -> str:
    last = len(choices) - 1
    letters = f", a letter A to {chr(ord('A') + last)}" if last < 26 else ""
    return f"the text of one of them{letters}, or a number 0 to {last}"
