"""Several data sets in one: a folder with a folder for each, and how often each one's rows come (UER's multi-task)."""

import dataclasses
import math
from collections.abc import Mapping, Sequence

from tasklab.content import from_home
from tasklab.data.files.textfile import neighbours
from tasklab.data.rows.subsets import share_of
from tasklab.data.texts.example import TextExample
from tasklab.data.texts.reading import read_text_rows
from tasklab.data.texts.settings import TextDataConfig
from tasklab.errors import DataError

BETWEEN = "/"
"""Between the data set and the label in the name of a class: `book_review/positive`."""


def read_mixture(
    path, data: TextDataConfig, labels: Sequence[str] = (), training: bool = True
) -> tuple[dict[str, list[TextExample]], str]:
    """Data set -> its examples, whose `group` is the data set and whose label is `<data set>/<label>`.

    Every folder in `path` is a data set, and its name is the folder's. Notes and errors as `read_text_rows`.
    Raises: DataError when there is no such folder, or one that the model does not know.
    """
    folder = from_home(path)
    folders = sorted(p for p in folder.iterdir() if p.is_dir() and p.name[0] not in "._") if folder.is_dir() else []
    if not folders:
        raise DataError(f"{folder}: expected a folder with one folder per data set; {neighbours(folder)}")
    names = {name.partition(BETWEEN)[0] for name in labels}
    sets, notes = {}, []
    for place in folders:
        name = place.name
        if names and name not in names:
            raise DataError(f"{place}: the model knows the data sets {', '.join(sorted(names))}, not {name!r}")
        own = [label.partition(BETWEEN)[2] for label in labels if label.startswith(name + BETWEEN)]
        examples, note = read_text_rows(place, data, "single_label_classification", own, training)
        sets[name] = [dataclasses.replace(e, group=name, label=f"{name}{BETWEEN}{e.label}") for e in examples]
        notes += [note] if note else []
    return sets, "; ".join(notes)


def mixed(sets: Mapping[str, list], temperature: float) -> list:
    """All rows of one epoch: of the largest set every row once, of the others each about equally often.

    A set of n rows takes part in proportion to n ** (1 / temperature): 1 leaves the sets as they are (proportional), a
    temperature of infinity makes all equally large (uniform), numbers between favour small sets. What is left of a
    share after whole rounds is drawn from all of the set. The sets interleave, so that the first rows hold of each.
    """
    largest = max(map(len, sets.values()))
    placed = []
    for examples in sets.values():
        share = (len(examples) / largest) ** (0.0 if math.isinf(temperature) else 1 / temperature)
        count = max(len(examples), round(largest * share))
        rows = examples * (count // len(examples)) + _some(examples, count % len(examples))
        placed += [((i + 0.5) / count, row) for i, row in enumerate(rows)]
    return [row for _, row in sorted(placed, key=lambda pair: pair[0])]


def _some(examples: list, count: int) -> list:
    """`count` of the examples, none twice, the same ones every time, drawn from all of the file."""
    return [examples[i] for i in share_of(len(examples), count / len(examples), 0)] if count else []
