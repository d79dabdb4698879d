"""What is in question answering data and what is wrong with it, before any training: the pure part of `doctor data`."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from operator import attrgetter

import numpy as np

from tasklab.data.files.problems import BadRows
from tasklab.data.questions.example import QAExample
from tasklab.data.questions.flat import USUAL, Names
from tasklab.data.questions.reading import find_squad_file, read_squad
from tasklab.data.questions.windows import qa_windows
from tasklab.data.rows.findings import Finding, leaks, once, plain, quantiles, repeats, token_quantiles
from tasklab.data.rows.sizes import RowSizes, row_sizes

_IDEOGRAPHS = re.compile("[\u4e00-\u9fff]")


@dataclass
class SplitReport:
    """One file. Lengths are tokens at the percentiles of findings.QUANTILES; shares run from 0 to 1.

    Without a tokenizer everything from question_tokens on is empty, None or 0.
    """

    file: str
    questions: int
    contexts: int
    answers: int
    impossible: int
    bad: BadRows
    """Left out; those that are not fatal are answers beside a usable one."""
    unaligned_references: int
    """Answers to score with whose text is not where answer_start says; only in evaluation."""
    duplicates: Finding
    """Rows whose question and context were met before, blanks and case aside."""
    contradictions: Finding
    """Those of the duplicates that share no answer with the first one."""
    chinese: float
    """Share of the characters of the contexts that are CJK ideographs."""
    question_tokens: tuple[int, ...] = ()
    context_tokens: tuple[int, ...] = ()
    answer_tokens: tuple[int, ...] = ()
    """Over the rows that hold a whole answer; only in training."""
    sizes: RowSizes | None = None
    """Of the windows, each a row for the network."""
    long_questions: float = 0.0
    """Share of the questions whose context needs more than one window."""
    lost_answers: float = 0.0
    """Share of the questions whose answer no window holds whole; only in training."""
    truncated_questions: int = 0

    @property
    def rows(self) -> int:
        return self.questions


@dataclass
class SquadReport:
    """Both files and what they share."""

    train: SplitReport | None
    dev: SplitReport | None
    leaked_questions: Finding
    """Dev rows whose question and context are in train."""
    leaked_contexts: Finding
    """Dev contexts that are in train."""

    @property
    def sound(self) -> bool:
        """Nothing was left out, nothing contradicts, nothing leaks."""
        splits = [split for split in (self.train, self.dev) if split is not None]
        trouble = sum(len(split.bad) + split.contradictions.count for split in splits)
        return not (trouble or self.leaked_questions.count or self.leaked_contexts.count)


def inspect_squad(
    train, dev, tokenizer, max_seq_length: int = 384, doc_stride: int = 128, max_query_length: int = 64,
    num_buckets: int = 4, encoding: str | None = None, names: Names = USUAL,
) -> SquadReport:  # fmt: skip
    """Reads both files (None: not there; a folder: its file of the split) and encodes them as training would.

    tokenizer: None leaves out what is counted in tokens.
    Raises: DataError when a file as a whole cannot be used; bad rows are part of the report.
    """
    arguments = (tokenizer, max_seq_length, doc_stride, max_query_length, num_buckets, encoding, names)
    train_report, train_examples = _inspect(train, "train", *arguments) if train is not None else (None, [])
    dev_report, dev_examples = _inspect(dev, "dev", *arguments) if dev is not None else (None, [])
    one_each = once(dev_examples, attrgetter("context"))
    leaked_contexts = leaks(train_examples, one_each, lambda example: plain(example.context))
    leaked_questions = leaks(train_examples, dev_examples, _question_key)
    return SquadReport(train_report, dev_report, leaked_questions, leaked_contexts)


def _inspect(
    path, split: str, tokenizer, max_seq_length: int, doc_stride: int, max_query_length: int, num_buckets: int,
    encoding: str | None, names: Names,
) -> tuple[SplitReport, list[QAExample]]:
    training = split == "train"
    examples, bad = read_squad(path, on_bad_row="skip", training=training, split=split, encoding=encoding, names=names)
    contexts = list(dict.fromkeys(example.context for example in examples))
    duplicates, contradictions = _repeats(examples)
    report = SplitReport(
        file=str(find_squad_file(path, split)),
        questions=len(examples),
        contexts=len(contexts),
        answers=sum(len(example.answers) for example in examples),
        impossible=sum(example.is_impossible for example in examples),
        bad=bad,
        unaligned_references=sum(answer.start < 0 for example in examples for answer in example.answers),
        duplicates=duplicates,
        contradictions=contradictions,
        chinese=_chinese(contexts),
    )
    if tokenizer is not None:
        table = qa_windows(tokenizer, examples, max_seq_length, doc_stride, max_query_length, training)
        windows = np.bincount(table["example"], minlength=len(examples))
        report.question_tokens = token_quantiles(tokenizer, dict.fromkeys(example.question for example in examples))
        report.context_tokens = token_quantiles(tokenizer, contexts)
        if training and (held := table["end_positions"] > 0).any():
            report.answer_tokens = quantiles((table["end_positions"] - table["start_positions"] + 1)[held])
        report.sizes = row_sizes(table["input_ids"], table.sequences, tokenizer.unk_id, num_buckets, max_seq_length)
        report.long_questions = float((windows > 1).mean())
        report.lost_answers = table.info["lost_answers"] / len(examples)
        report.truncated_questions = table.info["cut_questions"]
    return report, examples


def _repeats(examples: Sequence[QAExample]) -> tuple[Finding, Finding]:
    duplicates, contradictions = Finding(), Finding()
    for earlier, example in repeats(examples, _question_key):
        place = f"{example.place} as {earlier.place.rpartition(': ')[2]}"
        duplicates.add(place)
        answers, before = _answers(example), _answers(earlier)
        if answers != before and not answers & before:
            contradictions.add(place)
    return duplicates, contradictions


def _answers(example: QAExample) -> set[str]:
    return {plain(answer.text) for answer in example.answers}


def _question_key(example: QAExample) -> tuple[str, str]:
    return plain(example.question), plain(example.context)


def _chinese(texts: Sequence[str]) -> float:
    characters = sum(map(len, texts))
    return sum(len(_IDEOGRAPHS.findall(text)) for text in texts) / max(1, characters)
