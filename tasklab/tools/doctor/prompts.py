"""What `doctor data` shows of texts that a pattern asks about: how much room it takes, and which words are none."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace

from tasklab.config import Config
from tasklab.data.files.problems import SKIP
from tasklab.data.files.sample import Sample
from tasklab.data.rows.sizes import RowSizes, row_sizes
from tasklab.data.texts.example import TextExample
from tasklab.data.texts.prompts.rows import prompt_rows
from tasklab.data.texts.prompts.verbalizer import WordTable, word_table
from tasklab.data.texts.prompts.wording import PromptDataConfig, patterns_of, refuse_unfilled, verbalizer_of
from tasklab.data.texts.reading import usable_rows
from tasklab.errors import DataError
from tasklab.tools.doctor import texts
from tasklab.tools.doctor.findings import FIX, LOOK, Examined, Line
from tasklab.tools.doctor.wording import counted, lengths, padded

DATA, MODEL = (PromptDataConfig,), "prompt_minilm_l6"
ENDLESS = 1 << 20
"""Tokens of a row from which nothing is cut."""


def knows(sample: Sample) -> bool:
    """Labelled texts say nothing of a pattern: the task is named, or they are classified."""
    return False


def examine(config: Config, tokenizer) -> Examined:
    """Reads data.train, data.eval, patterns and verbalizer. Raises: DataError when a file as a whole cannot be used or
    a pattern is wrong; ConfigError where there is none."""
    data = config.data
    patterns, words = patterns_of(data), verbalizer_of(data)
    base, sizes = texts.examine(config, None), []  # tokens are those of filled patterns, below
    shown: list[str] = []
    lines: list[Line] = []
    table, wrong = None, ""
    if tokenizer is not None:
        spaced = any(pattern.spaced for pattern in patterns)
        try:
            table = word_table(tokenizer, words, spaced, data.length_normalized)
        except DataError as error:  # all words that are none, a line each
            wrong = str(error)
    lines += [Line(FIX, text) for text in wrong.splitlines()]
    shown.append(f"words  {counted(len(words.words), 'label')}: " + "; ".join(
        f"{label}: {', '.join(own)}" for label, own in words.words.items()
    ))  # fmt: skip
    if table is not None:
        shown += [_pattern(p, tokenizer, table, data) for p in patterns]
    for name, path, training in (("train", data.train, True), ("eval", data.eval_path, False)):
        if path:
            examples = usable_rows(path, data, config.model.problem_type, (), training).examples
            lines += _unworded(name, examples, words.words)
            if table is not None and examples:
                own, findings = _rows(name, examples, patterns, tokenizer, table, config)
                sizes.append(own)
                lines += findings
                if own is not None:
                    shown += [f"{name:6} {counted(own.rows, 'row')} of patterns", *lengths({}, own), padded(own)]
    return replace(base, shown=[*base.shown, *shown], lines=[*base.lines, *lines], sizes=(*sizes, None, None)[:2])


def _pattern(pattern, tokenizer, table: WordTable, data: PromptDataConfig) -> str:
    empty = TextExample("", "", "")
    rows = prompt_rows(tokenizer, [empty], [pattern], table.masks, ENDLESS, 0, data.soft_tokens)
    taken = int(rows.lengths["input"][0])
    masks = f", {counted(table.masks, 'mask')}"
    return f"       {pattern.text}: {taken} tokens beside the texts{masks}, of {data.max_seq_length}"


def _unworded(name: str, examples: Sequence[TextExample], words) -> Iterator[Line]:
    missing = Counter(e.label for e in examples if e.label not in words)
    if missing:
        listed = ", ".join(f"{label!r} {count}" for label, count in sorted(missing.items()))
        text = f"{name}: {counted(missing.total(), 'row')} whose label has no words ({listed})"
        yield Line(FIX, f"{text}; write words for it or {SKIP}")


def _rows(
    name: str, examples: Sequence[TextExample], patterns, tokenizer, table: WordTable, config: Config
) -> tuple[RowSizes | None, list[Line]]:
    """What the rows of a file come to with all patterns, and which of them lose text."""
    data = config.data
    try:
        refuse_unfilled(examples, patterns)
        arguments = (tokenizer, examples, patterns, table.masks)
        rows = prompt_rows(*arguments, data.max_seq_length, config.model.vocab_size, data.soft_tokens)
    except DataError as error:
        return None, [Line(FIX, f"{name}: {error}")]
    cut, lines = rows.info["cut_rows"], []
    if cut > texts.CUT * len(rows):
        whole = prompt_rows(*arguments, ENDLESS, config.model.vocab_size, data.soft_tokens)
        needed = int(sorted(whole.lengths["input"])[int(0.99 * (len(rows) - 1))])
        text = f"{name}: data.max_seq_length={data.max_seq_length} cuts the texts of {cut / len(rows):.0%} of the rows"
        lines.append(Line(LOOK, f"{text}; {min(needed, config.model.max_tokens)} would hold nearly all"))
    ids = rows.ragged["input_ids"]
    return row_sizes(ids, 1, tokenizer.unk_id, data.num_buckets, data.max_seq_length), lines
