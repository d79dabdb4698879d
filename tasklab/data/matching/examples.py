"""What text matching learns from and answers: a text, and those that it is compared with."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from tasklab.config import TRAINING, TRUTH, DataConfig, setting
from tasklab.data.rows.repetition import SIDES


@dataclass
class MatchingDataConfig(DataConfig, path="data"):
    """Which columns hold the texts and the label, what labels mean, and what single texts are compared with."""

    columns: list[str] = setting([])  # names for a file without a header line
    text_a: str | None = None  # column; null looks for a usual name, such as anchor
    text_b: str | None = None  # column of the text that it is compared with; null looks for a usual name
    label: str | None = setting(None, needs=TRUTH)  # column
    id: str | None = None  # column that names the rows, in predictions; null looks for a usual name
    # the file to evaluate on where data.eval is a folder that holds several
    eval_file: str | None = setting(None, needs=TRUTH)
    label_names: dict[str, str] = setting({}, needs=TRUTH)  # label of the file -> its number: {entailment: 1, ...}
    quotes: bool | None = None  # cells may stand in double quotes; null: in .csv files only
    output_logits: bool = False  # predictions carry the scores of no match and of a match
    output_prob: bool = False  # predictions carry the probabilities of both
    output_plain: bool = False  # predict prints bare numbers: cosines or outputs, of candidates [name, number]
    negatives: list[str] = setting([])  # columns of texts that do not match text_a; empty: negative, negative_1, ...
    # what labels run from and to, such as [0, 5]; null: 0, does not match, and 1, matches
    score_range: tuple[float, float] | None = setting(None, needs=TRUTH, rows=True)
    candidates: str | None = setting(None, file=True)  # of predictions: id, name, description; tabs between them
    candidates_first: bool = True  # in one row with the text: a candidate stands where text_a stood in training
    threshold: float | None = None  # a match from this score on; null: the best of the evaluation in training
    # single texts: which of its two readings says some words twice, others in every epoch
    word_repetition: str = setting("none", choices=SIDES, needs=TRAINING)
    repetition_rate: float = setting(0.32, gt=0, le=1, needs=TRAINING)  # most of the tokens that are repeated

    def idle(self):
        yield from super().idle()
        if self.repetition_rate != self.default("repetition_rate") and self.word_repetition == "none":
            yield "data.repetition_rate", "data.word_repetition", "set that to one_side or both"

    def problems(self):
        yield from super().problems()
        if self.score_range and not self.score_range[0] < self.score_range[1]:
            low, high = self.score_range
            yield ("data.score_range",), f"data.score_range is from {low} to {high}; expected two numbers that rise"


class Candidate(NamedTuple):
    """text: what is compared; `name: description` of a file."""

    text: str
    id: str = ""
    name: str = ""


@dataclass(frozen=True)
class MatchingExample:
    """A text, and what it is compared with.

    texts: itself first; with no label the second one matches and the others do not.   label: from 0 to 1, of the
    second one; of pairs in a file without labels 1.   scores: a teacher's, of each text behind the first.
    candidates: those texts, where they are some.
    """

    id: str
    texts: tuple[str, ...]
    label: float | None = None
    scores: tuple[float, ...] = ()
    candidates: tuple[Candidate, ...] = ()
    place: str = ""

    @property
    def text(self) -> str:
        """What nearly equal rows have in common."""
        return " ".join(self.texts)

    @property
    def stratum(self) -> str | None:
        """What folds and subsets hold in equal shares."""
        return str(int(self.label)) if self.label in (0, 1) else None

    @property
    def asked(self) -> dict:
        """For tables of answers."""
        if self.candidates or len(self.texts) == 1:
            return {"id": self.id, "text": self.texts[0]}
        return {"id": self.id, "text_a": self.texts[0], "text_b": self.texts[1]}


class Comparison(NamedTuple):
    """Two texts of an example (its number, and the place of the second among its texts), and how they match."""

    example: int
    place: int
    first: str
    second: str
    label: float | None


def comparisons(examples: Sequence[MatchingExample]) -> list[Comparison]:
    """The first text of each with all its others, example by example.

    Where no label tells, the second text matches and the rest do not. Where every pair matches, each first text is
    compared with the next pair's second one too: matches alone tell nothing apart.
    """
    found = [one for number, example in enumerate(examples) for one in _own(number, example)]
    if any(c.label != 1.0 or c.place > 1 for c in found) or len(found) < 2:
        return found
    turned = [*found[1:], found[0]]
    return [
        one for own, other in zip(found, turned, strict=True)
        for one in (own, own._replace(place=2, second=other.second, label=float(own.second == other.second)))
    ]  # fmt: skip


def _own(number: int, example: MatchingExample) -> Iterator[Comparison]:
    first, others = example.texts[0], example.texts[1:]
    for place, text in enumerate(others, start=1):
        told = float(place == 1) if len(others) > 1 and not example.candidates else None
        yield Comparison(number, place, first, text, told if example.label is None else example.label)


def candidates_first(compared: Sequence[Comparison], examples: Sequence[MatchingExample]) -> list[Comparison]:
    """The same, but that candidates stand before the text that they are compared with."""
    turned = (c._replace(first=c.second, second=c.first) for c in compared)
    return [t if examples[c.example].candidates else c for c, t in zip(compared, turned, strict=True)]
