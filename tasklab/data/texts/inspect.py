"""What is in tables of labelled texts and what is wrong with it: the pure part of `doctor data`."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from tasklab.data.rows.buckets import padding_share, plan_lengths
from tasklab.data.rows.findings import Finding, quantiles
from tasklab.data.rows.pairs import parts_of, second_texts, text_rows
from tasklab.data.texts.reading import TextDataConfig, TextExample, label_order, repeats, usable_rows


@dataclass
class TextReport:
    """One file. Lengths are tokens at the percentiles of findings.QUANTILES; shares run from 0 to 1."""

    file: str
    examples: list[TextExample]
    bad_rows: dict[str, int]
    bad_first: list[str]
    fatal: int
    """How many of the bad rows stop a run unless they may be skipped."""
    classes: Counter[str]
    """Rows of each; empty where labels are numbers."""
    numbers: tuple[float, ...]
    """Percentiles of the labels where these are numbers."""
    duplicates: Finding = field(default_factory=Finding)
    """Rows whose texts were met before, with the same label."""
    contradictions: Finding = field(default_factory=Finding)
    """With another one."""
    lengths: dict[str, tuple[int, ...]] = field(default_factory=dict)
    """Tokens of text_a, text_b and row; empty without a tokenizer, as all below."""
    cut: int = 0
    """Rows that data.max_seq_length cuts."""
    unknown: float = 0.0
    """Share of the tokens that are [UNK]."""
    rows: int = 0
    tokens: int = 0
    planned_lengths: tuple[int, ...] = ()
    padding: float = 0.0


def inspect_texts(
    path, data: TextDataConfig, problem_type: str, pair_encoding: str, labels: Sequence[str], training: bool, tokenizer
) -> TextReport:
    """Reads a file as training (or evaluation) would, and encodes it.

    labels: the names that may occur; () takes any.   tokenizer: None leaves out what is counted in tokens.
    Raises: DataError when the file as a whole cannot be used; bad rows are part of the report.
    """
    examples, bad = usable_rows(path, data, problem_type, labels, training)
    numeric = problem_type == "regression"
    report = TextReport(
        file=bad.file, examples=examples, bad_rows=dict(bad.counts), bad_first=bad.first, fatal=bad.fatal,
        classes=Counter() if numeric else _classes(examples),
        numbers=quantiles([e.label for e in examples]) if numeric and examples else (),
    )  # fmt: skip
    for earlier, example in repeats(examples):
        place = f"{example.place} as {earlier.place.removeprefix(bad.file)}"
        if earlier.label == example.label:
            report.duplicates.add(place)
        else:
            report.contradictions.add(f"{place}: {example.label!r}, {earlier.label!r}")
    if tokenizer is not None and examples:
        _count_tokens(report, data, pair_encoding, tokenizer)
    return report


def leaks(train: TextReport, dev: TextReport) -> Finding:
    """Rows of `dev` whose texts are in `train`."""
    known, found = {(e.text_a, e.text_b) for e in train.examples}, Finding()
    for example in dev.examples:
        if (example.text_a, example.text_b) in known:
            found.add(example.place)
    return found


def _classes(examples: Iterable[TextExample]) -> Counter[str]:
    counts = Counter(name for e in examples for name in ([e.label] if isinstance(e.label, str) else e.label))
    return Counter({name: counts[name] for name in label_order(counts)})


def _count_tokens(report: TextReport, data: TextDataConfig, pair_encoding: str, tokenizer):
    first, second = [e.text_a for e in report.examples], second_texts(report.examples)
    for name, texts in (("text_a", first), ("text_b", second)):
        if texts:
            report.lengths[name] = quantiles([len(ids) for ids, _ in tokenizer.encode_batch(texts)])
    ragged, report.cut = text_rows(tokenizer, first, second, data.max_seq_length, pair_encoding)
    ids = ragged["input_ids"]
    lengths = ids.lengths.reshape(-1, parts_of(pair_encoding)).max(axis=1)
    report.lengths["row"] = quantiles(lengths)
    report.unknown = float((ids.values == tokenizer.unk_id).mean())
    report.rows, report.tokens = len(lengths), int(np.sum(ids.lengths))
    report.planned_lengths = plan_lengths(lengths, data.num_buckets, data.max_seq_length)
    report.padding = padding_share(lengths, report.planned_lengths)
