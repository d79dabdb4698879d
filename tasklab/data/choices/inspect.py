"""What is in questions with choices and what is wrong with it: the pure part of `doctor data`."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from operator import attrgetter
from typing import NamedTuple

import numpy as np

from tasklab.data.choices.checks import ChoiceExample
from tasklab.data.choices.reading import ChoiceDataConfig, ChoiceFile, usable_questions
from tasklab.data.choices.rows import choice_rows
from tasklab.data.rows.findings import Finding, met_before, once, plain, token_quantiles
from tasklab.data.rows.sizes import RowSizes, row_sizes
from tasklab.errors import DataError

EXCESS, DEVIATIONS = 0.05, 3
"""A place is favoured when it is right more often than chance would have it: by this share of all questions, and by
this many standard deviations."""


class Favoured(NamedTuple):
    """A place, from 0, and the shares of the questions in which it is right, and would be by chance."""

    place: int
    share: float
    chance: float


@dataclass
class ChoiceReport:
    """The questions of a split, from its file or C3's two. Lengths are tokens at findings.QUANTILES."""

    files: list[ChoiceFile]
    examples: list[ChoiceExample]
    contexts: int
    choices: Counter[int]
    """How many questions have so many choices."""
    places: Counter[int]
    """How often the choice at a place, from 0, is right."""
    favoured: Favoured | None
    duplicates: Finding = field(default_factory=Finding)
    """Questions that were met before, with the same answer."""
    contradictions: Finding = field(default_factory=Finding)
    """With another one."""
    lengths: dict[str, tuple[int, ...]] = field(default_factory=dict)
    """Tokens of a context, question and choice; empty without a tokenizer, as all below."""
    cut_contexts: int = 0
    """Questions whose context data.max_seq_length cuts."""
    no_room: str = ""
    """Why the questions make no rows, if they make none."""
    sizes: RowSizes | None = None

    @property
    def rows(self) -> int:
        return len(self.examples)

    @property
    def file(self) -> str:
        """What the places begin with; '' where they begin with several."""
        return self.files[0].bad.file if len(self.files) == 1 else ""


def inspect_choices(path, data: ChoiceDataConfig, training: bool, tokenizer) -> ChoiceReport:
    """Reads the file or files of a split as training (or evaluation) would, and encodes them.

    tokenizer: None leaves out what is counted in tokens.
    Raises: DataError when a file as a whole cannot be used; bad rows are part of the report.
    """
    files = list(usable_questions(path, data, training))
    examples = [example for file in files for example in file.examples]
    report = ChoiceReport(
        files, examples,
        contexts=len({example.context for example in examples} - {""}),
        choices=Counter(len(example.choices) for example in examples),
        places=Counter(example.label for example in examples),
        favoured=_favoured(examples),
    )  # fmt: skip
    report.duplicates, report.contradictions = met_before(examples, question_of, report.file, _difference)
    if tokenizer is not None and examples:
        _count_tokens(report, data, tokenizer)
    return report


def question_of(example: ChoiceExample) -> tuple:
    """What two examples have in common when one repeats the other: the order of the choices is no difference."""
    return plain(example.context), plain(example.question), tuple(sorted(map(plain, example.choices)))


def _difference(example: ChoiceExample, earlier: ChoiceExample) -> str:
    answers = [e.choices[e.label] for e in (example, earlier)]
    return "" if plain(answers[0]) == plain(answers[1]) else f"{answers[0]!r}, {answers[1]!r}"


def context_of(example: ChoiceExample) -> str:
    return plain(example.context)


def one_of_each_context(report: ChoiceReport) -> list[ChoiceExample]:
    return [example for example in once(report.examples, attrgetter("context")) if example.context]


def _favoured(examples: Sequence[ChoiceExample]) -> Favoured | None:
    """The place that is right most above chance, when that is more than luck."""
    count, label = (np.array([f(e) for e in examples]) for f in (lambda e: len(e.choices), lambda e: e.label))
    best = None
    for place in range(int(count.max(initial=0))):
        chance = 1 / count[count > place]
        excess = (label == place).sum() - chance.sum()
        if excess > max(EXCESS * len(examples), DEVIATIONS * np.sqrt((chance * (1 - chance)).sum())):
            favoured = Favoured(place, float((label == place).mean()), float(chance.sum() / len(examples)))
            if best is None or favoured.share - favoured.chance > best.share - best.chance:
                best = favoured
    return best


def _count_tokens(report: ChoiceReport, data: ChoiceDataConfig, tokenizer):
    contexts = dict.fromkeys(example.context for example in report.examples)
    report.lengths = {
        "context": token_quantiles(tokenizer, contexts),
        "question": token_quantiles(tokenizer, [example.question for example in report.examples]),
        "choice": token_quantiles(tokenizer, [choice for example in report.examples for choice in example.choices]),
    }
    try:
        table = choice_rows(tokenizer, report.examples, data.max_seq_length)
    except DataError as error:
        report.no_room = str(error)
        return
    report.cut_contexts = table.info["cut_contexts"]
    ids, unknown = table["input_ids"], tokenizer.unk_id
    report.sizes = row_sizes(ids, table.sequences, unknown, data.num_buckets, data.max_seq_length)
