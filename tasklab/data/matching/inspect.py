"""What is in files of texts that match or do not, and what is wrong with it: the pure part of `doctor data`."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from tasklab.data.files.problems import BadRows
from tasklab.data.matching.examples import MatchingExample, comparisons
from tasklab.data.matching.reading import read_matching
from tasklab.data.matching.rows import group_rows, pair_rows
from tasklab.data.matching.settings import MatchingDataConfig
from tasklab.data.rows.findings import Finding, met_before, plain, quantiles, token_counts
from tasklab.data.rows.protocol import INPUT
from tasklab.data.rows.sizes import RowSizes, row_sizes


@dataclass
class MatchReport:
    """One file; lengths are tokens at the percentiles of findings.QUANTILES."""

    file: str
    examples: list[MatchingExample]
    bad: BadRows
    labels: Counter[str]
    """Rows of each label, for at most ten of them; empty where none is read."""
    duplicates: Finding
    """Rows whose texts were met before in either order, with the same label."""
    contradictions: Finding
    """With another one."""
    alike: Finding = field(default_factory=Finding)
    """Rows that match a text with itself."""
    firsts: int = 0
    """Rows whose first text is another row's first text too."""
    seconds: int = 0
    crossed: int = 0
    """Rows whose second text is another row's first one."""
    sharing: int = 0
    """Rows of which any of these three is true."""
    lengths: dict[str, tuple[int, ...]] = field(default_factory=dict)
    sizes: RowSizes | None = None
    """None without a tokenizer."""

    @property
    def rows(self) -> int:
        return len(self.examples)


def inspect_matching(
    path, data: MatchingDataConfig, learns_from: str, pair_encoding: str, training: bool, tokenizer
) -> MatchReport:
    """Reads a file as training (or evaluation) would, and encodes it.

    tokenizer: None leaves out what is counted in tokens.
    Raises: DataError when the file as a whole cannot be used; bad rows are part of the report.
    """
    examples, bad = read_matching(path, data, learns_from, training)
    labels = Counter(f"{e.label:g}" for e in examples if e.label is not None)
    same, other = met_before(examples, pair_of, bad.file, _difference)
    report = MatchReport(bad.file, examples, bad, labels if len(labels) <= 10 else Counter(), same, other)
    _count_shared(report)
    if tokenizer is not None and examples:
        _count_tokens(report, data, pair_encoding, tokenizer)
    return report


def pair_of(example: MatchingExample) -> tuple[str, ...]:
    """The texts whatever their case, blanks and order."""
    return tuple(sorted(map(plain, example.texts)))


def shared_texts(train: Sequence[MatchingExample], dev: Sequence[MatchingExample]) -> tuple[int, int]:
    """How many examples of `dev` have a first text, and how many a second one, that stands anywhere in `train`."""
    there = {plain(text) for example in train for text in example.texts}
    sides = [[plain(text) in there for text in example.texts[:2]] for example in dev]
    return sum(own[0] for own in sides), sum(own[-1] for own in sides if len(own) > 1)


def _difference(example: MatchingExample, earlier: MatchingExample) -> str:
    return "" if example.label == earlier.label else f"{example.label:g}, {earlier.label:g}"


def _count_shared(report: MatchReport):
    texts = [tuple(map(plain, example.texts[:2])) for example in report.examples]
    firsts = Counter(own[0] for own in texts)
    seconds = Counter(own[1] for own in texts if len(own) > 1)
    for example, (one, *more) in zip(report.examples, texts, strict=True):
        first, second, crossed = firsts[one] > 1, False, False
        for other in more:
            alike = one == other
            if alike:
                report.alike.add(example.place)
            second, crossed = seconds[other] > 1, firsts[other] > alike
        report.firsts += first
        report.seconds += second
        report.crossed += crossed
        report.sharing += first or second or crossed


def _count_tokens(report: MatchReport, data: MatchingDataConfig, pair_encoding: str, tokenizer):
    for name, texts in _sides(report.examples):
        counts = token_counts(tokenizer, texts)
        report.lengths[name] = quantiles(counts) if any(counts) else ()
    if pair_encoding == "cosine":
        table = group_rows(tokenizer, report.examples, data.max_seq_length, False)
    else:
        table = pair_rows(tokenizer, comparisons(report.examples), data.max_seq_length, pair_encoding, {})
    ids = table.along(INPUT)
    report.sizes = row_sizes(ids, table.sequences, tokenizer.unk_id, data.num_buckets, data.max_seq_length)


def _sides(examples: Sequence[MatchingExample]) -> Iterator[tuple[str, list[str]]]:
    for name, texts in (
        ("first", [e.texts[0] for e in examples]),
        ("second", [e.texts[1] for e in examples if len(e.texts) > 1]),
        ("others", [text for e in examples for text in e.texts[2:]]),
    ):
        if texts:
            yield name, texts
