"""Tables of pairs with labels, of anchors with matches and negatives, and files of single texts."""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from tasklab.config.matching_losses import LABELS as OF_LABELS
from tasklab.config.matching_losses import MATCHES, NEGATIVES, TEACHER
from tasklab.data.files.cells import as_text, identity_of, is_missing
from tasklab.data.files.columns import IDENTITY, LABELS, TEXT_A, TEXT_B, Role, find_columns, taken_as, tell_columns
from tasklab.data.files.guesses import NUMBER
from tasklab.data.files.problems import BadRows, listed, shortened
from tasklab.data.files.records import examples_of
from tasklab.data.files.splits import find_split
from tasklab.data.files.table import SUFFIXES, Table
from tasklab.data.files.textfile import encodable, text_lines
from tasklab.data.matching.examples import MatchingExample
from tasklab.data.matching.labels import MatchLabels
from tasklab.data.matching.settings import MatchingDataConfig
from tasklab.data.rows.findings import repeats
from tasklab.errors import DataError

ANCHORS, POSITIVES = ("anchor", *TEXT_A), ("positive", "pos", *TEXT_B)
NEGATIVE = re.compile(r"(hard_)?neg(ative)?s?(_?\d+)?", re.I)
FILES = {split: tuple(split + suffix for suffix in SUFFIXES) for split in ("train", "dev")}
SCORE = "{}_score"
"""Column of a teacher's score of a text in another column; in a list `scores` there is one for each."""
HALF = 0.5
"""From this label on two texts match, where rows have to be one or the other."""


def read_matching(
    path, data: MatchingDataConfig, learns_from: str, training: bool = True, labelled: bool = True
) -> tuple[list[MatchingExample], BadRows]:
    """Examples in file order that have nothing wrong with them, and what is wrong with the others.

    Args:
        learns_from: of config.matching_losses; an evaluation takes scores, and matches with negatives too.
        labelled: False reads pairs without their labels, for prediction.
    Raises: DataError when a file as a whole cannot be used.
    """
    split = "train" if training else "dev"
    names = (data.eval_file,) if data.eval_file and not training else FILES[split]
    file = find_split(path, split, names, SUFFIXES)
    if _is_single(file, data):
        if not (learns_from == MATCHES and training):
            other = "loss.matching=in_batch trains on single texts" if labelled else "name data.candidates=FILE"
            message = "has no tab; expected pairs, a tab between the texts, and one before a label"
            raise DataError(f"{file}:1: {message}; {other}")
        bad = BadRows(str(file))
        return list(_singles(file, data, bad)), bad
    table = Table(file, data.columns or _columns_without_header(file, data), data.text_a or TEXT_A[0], data.quotes,
                  data.encoding)  # fmt: skip
    table.gapless = not labelled
    layout = _Layout(table, data, learns_from, training, labelled)
    if labelled:
        tell_columns(str(file), layout.taken(table.columns))
    return list(examples_of(table, layout.example)), table.bad


class _Layout:
    """Turns rows into examples."""

    def __init__(self, table: Table, data: MatchingDataConfig, learns_from: str, training: bool, labelled: bool):
        self.labelled = labelled
        self.single = learns_from == MATCHES and training
        self.needs_negatives = training and learns_from in (NEGATIVES, TEACHER)
        self.needs_scores = training and learns_from == TEACHER
        self.negatives = self._negatives(table.columns, data) if labelled else []
        told_apart = bool(self.negatives) or self.single
        roles = [
            Role("text_a", data.text_a, ANCHORS),
            Role("text_b", data.text_b, POSITIVES, required=not self.single),
            Role("id", data.id, IDENTITY, required=False),
        ]
        reads_label = labelled and not self.needs_negatives
        if reads_label:
            roles.append(Role("label", data.label, LABELS, required=not told_apart, holds=NUMBER))
        if self.needs_negatives and not self.negatives:
            raise DataError(
                f"{table.head}: no column of texts that do not match (negative, negative_1, ... or a list `negatives` "
                f"in JSON); the columns are {listed(table.columns)}; name them with data.negatives=[...]"
            )
        self.text_a, self.text_b, self.id, *label = find_columns(table, roles)
        self.label = label[0] if label else None
        graded = not training or learns_from != OF_LABELS
        self.labels = MatchLabels(self.label, data, graded) if self.label else None

    def _negatives(self, columns: Sequence[str], data: MatchingDataConfig) -> list[str]:
        if missing := [name for name in data.negatives if name not in columns]:
            raise DataError(f"no column {missing[0]!r} (data.negatives); the columns are {listed(columns)}")
        return data.negatives or [name for name in columns if NEGATIVE.fullmatch(name)]

    def taken(self, columns: Sequence[str]) -> str:
        """One line on which column is taken for what."""
        roles = {"text_a": self.text_a, "text_b": self.text_b, "negatives": self.negatives, "label": self.label}
        return taken_as({**roles, "id": self.id}, columns)

    def example(self, row: Mapping, place: str, number: str) -> MatchingExample:
        """Raises: DataError."""
        texts = [_text(row, self.text_a, place)]
        if self.text_b and not (self.single and is_missing(row.get(self.text_b))):
            texts.append(_text(row, self.text_b, place))
        texts += [text for name in self.negatives for text in self._texts(row, name, place)]
        if self.needs_negatives and len(texts) < 3:
            raise DataError(f"{place}: has no text in {listed(self.negatives)}, which this loss learns from")
        label = self.labels.read(row[self.label], place) if self.labels else None
        if label is None and self.labelled and len(texts) == 2:
            label = 1.0
        scores = self._scores(row, place, len(texts) - 1) if self.needs_scores else ()
        return MatchingExample(identity_of(row, self.id, number), tuple(texts), label, scores, place=place)

    @staticmethod
    def _texts(row: Mapping, column: str, place: str) -> list[str]:
        """Of one column: a text, a list of them, or none."""
        value = row.get(column)
        if is_missing(value):
            return []
        if isinstance(value, (list, tuple)):
            return [_checked(text, f"{column}[{i}]", place) for i, text in enumerate(value)]
        return [_text(row, column, place)]

    def _scores(self, row: Mapping, place: str, count: int) -> tuple[float, ...]:
        listed_scores = row.get("scores")
        if listed_scores is None:
            columns = (self.text_b, *(name for name in self.negatives if not is_missing(row.get(name))))
            listed_scores = [row.get(SCORE.format(name)) for name in columns]
        try:
            scores = tuple(float(score) for score in listed_scores)
        except (TypeError, ValueError):
            scores = ()
        if len(scores) != count:
            forms = f"a list `scores` of {count} numbers, or columns {SCORE.format(self.text_b)}, "
            expected = f"{forms}{SCORE.format(self.negatives[0])}"
            raise DataError(f"{place}: no teacher's score of each of its {count} texts; expected {expected}")
        return scores


def matches_of(examples: Sequence[MatchingExample]) -> list[MatchingExample]:
    """Those that match. Raises: DataError where none does."""
    kept = [e for e in examples if e.label is None or e.label >= HALF]
    if not kept:
        message = f"no row matches (a label from {HALF:g} on), and this loss learns from those that do"
        raise DataError(f"{examples[0].place}: {message}; take loss.matching=cosent, which learns from labels")
    return kept


def contradictions(examples: Sequence[MatchingExample], file: str) -> str:
    """One line where equal texts carry different labels; such rows stay, because official sets hold them too."""
    pairs = [(a, b) for a, b in repeats(examples, lambda e: e.texts) if a.label != b.label]
    if not pairs:
        return ""
    a, b = pairs[0]
    first = f"{b.place} says {b.label:g}, {a.place.removeprefix(file)} {a.label:g}"
    return f"{len(pairs)} rows repeat their texts with another label, all are kept; first: {first}"


def _text(row: Mapping, column: str, place: str) -> str:
    if column not in row:
        raise DataError(f"{place}: has no {column!r}, only {listed(list(row))}")
    return _checked(row[column], column, place)


def _checked(value, column: str, place: str) -> str:
    value = as_text(value)
    if not isinstance(value, str):
        raise DataError(f"{place}: {column!r} is {shortened(str(value))}, expected text")
    if not value.strip():
        raise DataError(f"{place}: {column!r} is empty")
    if not encodable(value):
        raise DataError(f"{place}: {column!r} holds half of a surrogate pair")
    return value


def _is_single(file: Path, data: MatchingDataConfig) -> bool:
    """Whether it is plain text with a text per line."""
    return file.suffix == ".txt" and not data.columns and "\t" not in next(text_lines(file, data.encoding), "")


def _singles(file: Path, data: MatchingDataConfig, bad: BadRows) -> Iterator[MatchingExample]:
    for number, line in enumerate(text_lines(file, data.encoding), start=1):
        if line.strip():
            yield MatchingExample(str(number - 1), (line.strip(),), place=f"{file}:{number}")
        else:
            bad.add("blank line", f"{file}:{number}: is blank", fatal=False)


def _columns_without_header(file: Path, data: MatchingDataConfig) -> list[str]:
    """Names for a file of tabs whose first line is two texts and a number: no header says so."""
    if file.suffix not in (".tsv", ".txt") or not file.is_file():
        return []
    cells = next((line for line in text_lines(file, data.encoding) if line.strip()), "").rstrip("\r\n").split("\t")
    try:
        float(cells[-1])
    except ValueError:
        return []
    return ["text_a", "text_b", data.label or "label"] if len(cells) == 3 else []
