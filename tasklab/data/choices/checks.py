"""What is wrong with a question and its choices: every one checked before training, whatever file it comes from."""

import difflib
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from tasklab.data.files.cells import as_text, broken, is_missing
from tasklab.data.files.problems import LONGEST, BadRows, shortened
from tasklab.data.files.textfile import encodable

NUMBER = re.compile(r"\d{1,3}", re.ASCII)
SUSPICIOUS = 2
"""Answers that are numbers, none of them 0, from which it is worth a word."""
FIX = "correct the row"


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
    def text(self) -> str:
        """What nearly equal questions have in common."""
        return self.context or self.question

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

    labelled: False leaves the answers alone. form: what is expected, where there is no file to correct.
    """

    def __init__(self, bad: BadRows, labelled: bool, form: str = ""):
        self.bad, self.labelled, self.form = bad, labelled, form
        self.repeated: list[str] = []
        """Where a question lists a choice twice."""
        self._numbered: Counter[str] = Counter()

    def examples(self, questions: Iterable[Raw]) -> Iterator[ChoiceExample]:
        for number, raw in enumerate(questions):
            before = self.bad.fatal
            context = self._text(raw, "context", "\n".join(raw.context) if _lines(raw.context) else raw.context)
            question = self._text(raw, "question", raw.question)
            choices = self._choices(raw)
            label = self._label(raw, choices) if self.labelled and choices else None
            if wrong := broken(raw.id):
                self._note("broken id", raw, f"the id {wrong}")
            if self.bad.fatal == before:
                identity = str(number) if is_missing(raw.id) else str(raw.id)
                yield ChoiceExample(identity, context, question, choices, label, raw.place)

    @property
    def counted_from_one(self) -> str:
        """What to say when every answer that is a number would be one of a count from 1, else ''."""
        counts = self._numbered
        if counts["zero"] or counts["beyond"] or counts["some"] < SUSPICIOUS:
            return ""
        reason = f"all {counts['some']} answers that are numbers lie between 1 and the number of choices, and none is 0"
        return f"{reason}, yet 0 is the first choice; if they count from 1, write letters, texts, or one less"

    def _count_place(self, answer, choices: tuple[str, ...]):
        """Notes which places are meant by numbers; an answer that is the text of a choice means none."""
        text = as_text(int(answer) if isinstance(answer, float) and answer.is_integer() else answer)
        if isinstance(text, str) and NUMBER.fullmatch(text.strip()) and text.strip() not in map(str.strip, choices):
            number = int(text)
            where = "zero" if number == 0 else "some" if 1 <= number <= len(choices) else "beyond"
            self._numbered[where] += 1

    def _text(self, raw: Raw, name: str, value) -> str:
        if value is None:
            return ""
        value = as_text(value)
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
            actual = "is one choice" if raw.choices else "is no choice"
            self._note("too few choices", raw, f"there {actual}, but at least two are needed")
            return ()
        before = self.bad.fatal
        choices = tuple(self._text(raw, f"choice {i}", "" if c is None else c) for i, c in enumerate(raw.choices))
        if self.bad.fatal > before:
            return ()
        if len(set(choices)) < len(choices):
            twice = next(choice for choice, count in Counter(choices).items() if count > 1)
            self.repeated.append(f"{raw.place}: {shortened(twice)}")
        return choices

    def _label(self, raw: Raw, choices: tuple[str, ...]) -> int | None:
        label = number_of(raw.answer, choices)
        self._count_place(raw.answer, choices)
        if is_missing(raw.answer):
            self._note("no answer", raw, f"there is no answer; expected {_expected(choices)}")
        elif label is None:
            near = difflib.get_close_matches(str(raw.answer)[:LONGEST], choices, n=1)
            hint = f" (did you mean {shortened(near[0])}?)" if near else ""
            hint = " (numbers count from 0)" if str(raw.answer).strip() == str(len(choices)) else hint
            message = f"the answer {shortened(str(raw.answer))} is none of the choices{hint}; expected"
            self._note("answer not among the choices", raw, f"{message} {_expected(choices)}")
        return label

    def _note(self, kind: str, raw: Raw, message: str):
        if self.form:
            self.bad.add(kind, f"{raw.place}: {message}; expected {self.form}")
        else:
            self.bad.add(kind, f"{raw.place}: {message}", FIX)


def number_of(answer, choices: tuple[str, ...]) -> int | None:
    """Which choice an answer means: its text, else its letter, else its number from 0; None when it is none."""
    answer = as_text(int(answer) if isinstance(answer, float) and answer.is_integer() else answer)
    if not isinstance(answer, str):
        return None
    for texts, text in ((choices, answer), ([choice.strip() for choice in choices], answer.strip())):
        if text in texts:
            return texts.index(text)
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
