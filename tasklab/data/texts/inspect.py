"""What is in tables of labelled texts and what is wrong with it: the pure part of `doctor data`."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from tasklab.data.files.problems import BadRows
from tasklab.data.rows.findings import Finding, met_before, quantiles, token_counts
from tasklab.data.rows.pairs import second_texts, sequences_of, text_rows
from tasklab.data.rows.sizes import RowSizes, row_sizes
from tasklab.data.texts.example import TextExample, texts_of
from tasklab.data.texts.label_cells import label_order
from tasklab.data.texts.reading import usable_rows
from tasklab.data.texts.settings import TextDataConfig


@dataclass
class TextReport:
    """One file. Lengths are tokens at the percentiles of findings.QUANTILES; shares run from 0 to 1."""

    file: str
    examples: list[TextExample]
    bad: BadRows
    columns: str
    """Which one is taken for what."""
    doubt: str
    """Why the labels may stand in another one, or ''."""
    classes: Counter[str]
    """Rows of each; empty where labels are numbers."""
    numbers: tuple[float, ...]
    """Percentiles of the labels where these are numbers."""
    duplicates: Finding = field(default_factory=Finding)
    """Rows whose texts were met before, with the same label."""
    contradictions: Finding = field(default_factory=Finding)
    """With another one."""
    lengths: dict[str, tuple[int, ...]] = field(default_factory=dict)
    """Tokens of text_a and text_b; empty without a tokenizer, as all below."""
    tokenless: Finding = field(default_factory=Finding)
    """Texts of which no token is left, such as those of control characters alone."""
    cut: int = 0
    """Rows that data.max_seq_length cuts."""
    sizes: RowSizes | None = None

    @property
    def rows(self) -> int:
        return len(self.examples)


def inspect_texts(
    path, data: TextDataConfig, problem_type: str, pair_encoding: str, labels: Sequence[str], training: bool, tokenizer
) -> TextReport:
    """Reads a file as training (or evaluation) would, and encodes it.

    labels: the names that may occur; () takes any.   tokenizer: None leaves out what is counted in tokens.
    Raises: DataError when the file as a whole cannot be used; bad rows are part of the report.
    """
    examples, bad, columns, doubt = usable_rows(path, data, problem_type, labels, training)
    numeric = problem_type == "regression"
    report = TextReport(
        file=bad.file, examples=examples, bad=bad, columns=columns, doubt=doubt,
        classes=Counter() if numeric else _classes(examples),
        numbers=quantiles([e.label for e in examples]) if numeric and examples else (),
    )  # fmt: skip
    report.duplicates, report.contradictions = met_before(examples, texts_of, bad.file, _difference)
    if tokenizer is not None and examples:
        _count_tokens(report, data, pair_encoding, tokenizer)
    return report


def _difference(example: TextExample, earlier: TextExample) -> str:
    return "" if example.label == earlier.label else f"{example.label!r}, {earlier.label!r}"


def _classes(examples: Iterable[TextExample]) -> Counter[str]:
    counts = Counter(name for e in examples for name in ([e.label] if isinstance(e.label, str) else e.label))
    return Counter({name: counts[name] for name in label_order(counts)})


def _count_tokens(report: TextReport, data: TextDataConfig, pair_encoding: str, tokenizer):
    first, second = [e.text_a for e in report.examples], second_texts(report.examples)
    for name, texts in (("text_a", first), ("text_b", second)):
        if texts:
            counts = token_counts(tokenizer, texts)
            report.lengths[name] = quantiles(counts) if any(counts) else ()
            for example in (e for e, count in zip(report.examples, counts, strict=True) if not count):
                report.tokenless.add(example.place)
    ragged, report.cut = text_rows(tokenizer, first, second, data.max_seq_length, pair_encoding)
    sequences = sequences_of(pair_encoding)
    report.sizes = row_sizes(ragged["input_ids"], sequences, tokenizer.unk_id, data.num_buckets, data.max_seq_length)
