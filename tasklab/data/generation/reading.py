"""Examples out of every file the task reads: plain text, lines with prompt and answer, and records."""

from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path

from tasklab.content import from_home
from tasklab.data.files.columns import refuse_columns, tell_columns
from tasklab.data.files.problems import BadRows, shortened
from tasklab.data.files.records import FIX, examples_of
from tasklab.data.files.splits import find_split
from tasklab.data.files.table import SUFFIXES, Table
from tasklab.data.files.textfile import read_text, text_lines
from tasklab.data.generation.examples import (
    ASSISTANT,
    BLANK_LINE,
    FILE,
    USER,
    Chat,
    Example,
    GenerationDataConfig,
    Message,
    Passage,
)
from tasklab.data.generation.layouts import layout_of
from tasklab.data.rows.findings import token_counts
from tasklab.errors import DataError

FILES = {split: tuple(split + suffix for suffix in (".jsonl", ".json", ".txt")) for split in ("train", "dev")}


def read_generation(
    path, data: GenerationDataConfig, training: bool = True, answered: bool = True, tokenizer=None
) -> tuple[list[Example], str]:
    """Examples in file order, and one line on what was left out, or ''.

    Args:
        answered: False reads prompts without their answers, for prediction.
        tokenizer: counts the tokens of answers, where data.max_answer_tokens bounds them.
    Raises: DataError that names every bad row, unless data.on_bad_row is skip; or when nothing is left.
    """
    examples, bad = read_file(split_file(path, training), data, answered, tokenizer)
    if data.on_bad_row == "error":
        bad.raise_if_fatal()
    if not examples:
        raise DataError(f"{path}: holds no usable example{f'; {bad.summary()}' if bad else ''}")
    return examples, bad.summary()


def split_file(path, training: bool) -> Path:
    """The file itself, or that of the split in a folder."""
    return find_split(path, "train" if training else "dev", FILES["train" if training else "dev"], SUFFIXES)


def read_file(
    file: Path, data: GenerationDataConfig, answered: bool = True, tokenizer=None
) -> tuple[list[Example], BadRows]:
    """The examples that have nothing wrong with them, and what is wrong with the others.

    Args as those of `read_generation`. Raises: DataError when a file as a whole cannot be used.
    """
    examples, bad = _read(from_home(file), data, answered)
    if answered and tokenizer is not None and data.max_answer_tokens:
        examples = _short_enough(examples, data.max_answer_tokens, tokenizer, bad)
    return examples, bad


def _short_enough(examples: list[Example], most: int, tokenizer, bad: BadRows) -> list[Example]:
    """Those without an answer of more than `most` tokens."""
    chats = [example for example in examples if isinstance(example, Chat)]
    answers = [(e, m.content) for e in chats for m in e.messages if m.role == ASSISTANT]
    counts = token_counts(tokenizer, [content for _, content in answers])
    long = {}
    for (example, _), count in zip(answers, counts, strict=True):
        if count > most and id(example) not in long:
            long[id(example)] = example
            message = f"an answer has {count} tokens, more than data.max_answer_tokens={most}"
            bad.add("answer longer than allowed", f"{example.place}: {message}", FIX)
    return [example for example in examples if id(example) not in long]


def _read(file: Path, data: GenerationDataConfig, answered: bool) -> tuple[list[Example], BadRows]:
    bad = BadRows(str(file))
    if file.suffix == ".txt" and not data.columns:
        if answered:
            refuse_columns(file, {key: data[key] for key in ("text", "prompt", "input", "answer")})
        return list(_of_text(file, data, bad, answered)), bad
    table = Table(file, data.columns, data.prompt or data.text or "prompt", data.quotes, data.encoding, bad)
    table.gapless = not answered
    layout = layout_of(table, data, answered)
    tell_columns(str(file), layout.taken)
    return list(examples_of(table, layout.made)), bad


def _of_text(file: Path, data: GenerationDataConfig, bad: BadRows, answered: bool) -> Iterator[Example]:
    lines = text_lines(file, data.encoding)
    first = next(lines, "")
    pairs = first.count("\t") == 1 if data.pairs is None else data.pairs
    if pairs and answered:
        return _pairs(chain([first], lines), file, bad)
    if data.documents == FILE:
        text = read_text(file, data.encoding)
        return iter([Passage("0", text, str(file))] if text.strip() else [])
    return _passages(chain([first], lines), file, data.documents == BLANK_LINE)


def _pairs(lines: Iterable[str], file: Path, bad: BadRows) -> Iterator[Chat]:
    """UER-py's prefixlm: what is read, a tab, what follows."""
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        cells = [cell.strip() for cell in line.rstrip("\r\n").split("\t")]
        if len(cells) != 2 or not all(cells):
            actual = f"{shortened(line.strip())} has {len(cells)} cells" if len(cells) != 2 else "a cell is empty"
            expected = "expected a prompt, a tab and an answer; data.pairs=false reads plain text"
            bad.add("no pair", f"{file}:{number}: {actual}, {expected}", FIX)
            continue
        yield Chat(str(number), (Message(USER, cells[0]), Message(ASSISTANT, cells[1])), True, f"{file}:{number}")


def _passages(lines: Iterable[str], file: Path, by_blank_line: bool) -> Iterator[Passage]:
    """Documents with their inner line ends; blank lines and the line end behind a document belong to none."""
    kept, begun, count = [], 0, 0
    for number, line in enumerate(chain(lines, [""]), start=1):
        text = line.removesuffix("\n").removesuffix("\r")
        blank = not text.strip()
        if kept and (blank or not by_blank_line):
            yield Passage(str(count), "\n".join(kept), f"{file}:{begun}")
            kept, count = [], count + 1
        if not blank:
            begun = begun if kept else number
            kept.append(text)
    if kept:
        yield Passage(str(count), "\n".join(kept), f"{file}:{begun}")
