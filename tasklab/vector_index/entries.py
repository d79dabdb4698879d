"""What goes into an index, checked: ids that are each there once, texts that are not empty, vectors that are finite."""

import re
from collections.abc import Sequence
from os import PathLike
from pathlib import Path

import numpy as np

from tasklab.data.files.textfile import encodable
from tasklab.data.texts.input import INPUTS
from tasklab.data.texts.settings import TextDataConfig
from tasklab.data.texts.stream import TextFile
from tasklab.errors import DataError, brief


def read_entries(path, data: TextDataConfig) -> tuple[list[str], list[str] | None, list[str]]:
    """(texts, ids or None where the file has no column of them, place of each) of a file as `predict` takes it,
    `-` for the standard input.

    Raises: DataError that names bad rows, or for rows of two texts.
    """
    file = TextFile(INPUTS.file(Path(path)), data)
    examples = list(file)
    if examples[0].text_b is not None:
        hint = "name the column to take with data.text_a=..."
        raise DataError(f"{examples[0].place}: is a pair; an index holds single texts: {hint}")
    ids = [example.id for example in examples] if file.id else None
    return [example.text_a for example in examples], ids, [example.place for example in examples]


def checked_texts(texts, name: str = "texts") -> list[str]:
    """Raises: DataError with the place of the first that is none."""
    if isinstance(texts, str) or not isinstance(texts, Sequence):
        raise DataError(f"{name} are {brief(texts)}; expected a list of texts")
    for number, text in enumerate(texts):
        if not isinstance(text, str) or not text.strip() or not encodable(text):
            what = "empty" if isinstance(text, str) and not text.strip() else brief(text)
            raise DataError(f"{name}[{number}]: is {what}; expected a text")
    return list(texts)


def checked_ids(ids, count: int, before: Sequence[str] = (), places: Sequence[str] | None = None) -> list[str]:
    """The ids of `count` texts, numbers that go on behind the `before` where `ids` is None.

    Raises: DataError for one that is there twice, with both places, or one that is no text.
    """
    taken = dict.fromkeys(before, "the index")
    if ids is None:
        numbers = (int(name) for name in before if re.fullmatch("[0-9]{1,18}", name))
        first = max(numbers, default=-1) + 1
        return [str(number) for number in range(first, first + count)]
    ids = [str(name) if isinstance(name, int) else name for name in ids]
    if len(ids) != count:
        raise DataError(f"there are {len(ids)} ids for {count} texts; give each text one")
    for number, name in enumerate(ids):
        place = places[number] if places else f"ids[{number}]"
        if not isinstance(name, str) or not name or not encodable(name):
            raise DataError(f"{place}: the id is {brief(name)}; expected a text that names the row")
        if name in taken:
            raise DataError(f"{place}: the id {name!r} is taken, by {taken[name]}; give each text an id of its own")
        taken[name] = place
    return ids


def checked_vectors(vectors, size: int | None = None, count: int | None = None, name: str = "vectors") -> np.ndarray:
    """[N, D] float32 in one piece. Raises: DataError for other shapes, and naming the row that is not finite.

    size: D, where that is settled. count: N, where there are as many texts.
    """
    if isinstance(vectors, (str, PathLike)):
        raise DataError(f"{name} are {brief(vectors)}; expected an array, such as np.load gives")
    try:
        vectors = np.ascontiguousarray(vectors, np.float32)
    except (TypeError, ValueError):
        raise DataError(f"{name} are no array of numbers; expected [N, {size or 'D'}]") from None
    if vectors.ndim != 2 or not vectors.shape[1] or size not in (None, vectors.shape[1]):
        raise DataError(f"{name} have the shape {vectors.shape}; expected [N, {size or 'D'}]")
    if count not in (None, len(vectors)):
        raise DataError(f"there are {len(vectors)} {name} for {count} texts; give each text one")
    for number in range(0, len(vectors), 1 << 16):
        bad = ~np.isfinite(vectors[number : number + (1 << 16)]).all(axis=1)
        if bad.any():
            raise DataError(f"{name}[{number + int(bad.argmax())}]: holds NaN or an infinite number; compute it anew")
    return vectors
