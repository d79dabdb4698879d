"""Few rows of each class to learn from, drawn by seed, and the others to test on."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from tasklab.data.files.problems import listed
from tasklab.data.rows.subsets import share_of
from tasklab.data.texts.example import TextExample, texts_of
from tasklab.data.texts.label_cells import label_order
from tasklab.errors import ConfigError, DataError
from tasklab.replacing import replace_text


def classes_of(examples: Sequence[TextExample], shots: int, more: int, path) -> list[str]:
    """The classes, in the order of outputs.

    more: different texts that each class needs beside those to learn from.
    Raises: DataError for one class alone, and for classes with too few different texts, all of them named.
    """
    counts: dict[str, set] = {}
    for example in examples:
        counts.setdefault(example.label, set()).add(texts_of(example))
    if len(counts) < 2:
        raise DataError(f"{path}: every label is {next(iter(counts))!r}; expected at least two classes")
    few = {name: len(texts) for name, texts in counts.items() if len(texts) < shots + more}
    if few:
        listed = ", ".join(f"{name!r} {count}" for name, count in sorted(few.items()))
        beside = ", and one to test on" if more else ""
        most = min(few.values()) - more
        remedy = f"take --shots {most}, " if most > 0 else ""
        raise DataError(
            f"{path}: too few different texts of {len(few)} of {len(counts)} classes ({listed}); --shots {shots} needs "
            f"{shots} of each{beside}; {remedy}add rows, or take out those of these classes"
        )
    return label_order(counts)


def refuse_unlearned(examples: Sequence[TextExample], classes: Sequence[str]):
    """Raises: DataError for rows to test on whose label no row to learn from has."""
    unlearned = [example for example in examples if example.label not in classes]
    if unlearned:
        raise DataError(
            f"{unlearned[0].place}: the label {unlearned[0].label!r} is none of those to learn from: "
            f"{listed(classes)} (rows with such labels: {len(unlearned)}); name labels alike with data.label_names, or "
            "take these rows out"
        )


def drawn(examples: Sequence[TextExample], classes: Sequence[str], shots: int, seed: int) -> list[TextExample]:
    """`shots` examples of each class with different texts, the classes in turn."""
    order = np.random.default_rng(seed).permutation(len(examples)).tolist()
    groups: dict[str, dict] = {name: {} for name in classes}
    for i in order:
        own = groups[examples[i].label]
        if len(own) < shots:
            own.setdefault(texts_of(examples[i]), examples[i])
    return [example for several in zip(*(own.values() for own in groups.values()), strict=True) for example in several]


def left_over(examples: Sequence[TextExample], train: Sequence[TextExample], most: int | None) -> list[TextExample]:
    """Those whose texts none of `train` has; of more than `most` so many, each class in its share.

    Raises: ConfigError when none is left.
    """
    texts = {texts_of(example) for example in train}
    left = [example for example in examples if texts_of(example) not in texts]
    if not left:
        raise ConfigError("no row is left to test on; name others with data.eval=FILE")
    if most is None or len(left) <= most:
        return left
    return [left[i] for i in share_of(len(left), most / len(left), 0, [e.label for e in left])]


def write_rows(path: Path, examples: Sequence[TextExample]) -> str:
    """Writes JSON lines that every task for texts reads. Raises: ConfigError where others stand there already."""
    lines = []
    for e in examples:
        second = {} if e.text_b is None else {"text_b": e.text_b}
        lines.append(json.dumps({"text_a": e.text_a, **second, "label": e.label}, ensure_ascii=False))
    text = "\n".join(lines) + "\n"
    if path.is_file() and path.read_text(encoding="utf-8") != text:
        message = "holds a comparison of other rows; choose another folder (output_dir, on the command line --output)"
        raise ConfigError(f"{path.parent.parent} {message}")
    path.parent.mkdir(parents=True, exist_ok=True)
    replace_text(path, text)
    return str(path)
