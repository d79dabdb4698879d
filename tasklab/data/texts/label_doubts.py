"""Labels that may not be what they are taken for: columns that hold no classes, equal texts with unequal labels."""

import math
from collections.abc import Sequence

from tasklab.data.files.columns import LABELS
from tasklab.data.files.problems import listed
from tasklab.data.rows.findings import repeats
from tasklab.data.texts.example import TextExample, texts_of

MANY, SHARE = 50, 0.2
"""Classes, and classes per row, from which it is asked whether a column holds classes."""


def doubtful_labels(examples: Sequence[TextExample], column: str, columns: Sequence[str], data) -> str:
    """A word about classes that are measures, or nearly as many as there are rows."""
    names = {e.label for e in examples if isinstance(e.label, str)}
    numbers = [number for name in names if (number := _number(name)) is not None]
    measured = len(numbers) == len(names) and any(not number.is_integer() for number in numbers)
    if data.label or not (measured or len(names) > max(MANY, SHARE * len(examples))):
        return ""
    others = [name for usual in LABELS for name in columns if name.lower() == usual.lower() and name != column]
    message = f"{column!r} is taken for the label and holds {len(names)} different {'numbers' if numbers else 'values'}"
    shown = f"{message} in {len(examples)} rows ({listed(sorted(names)[:3])}): are these classes?"
    name = f"name another column with data.label={others[0] if others else '...'}, or this one to keep it"
    return f"{shown} {name}{'; model.problem_type=regression learns numbers' if measured else ''}"


def _number(name: str) -> float | None:
    try:
        number = float(name)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def contradictions(examples: Sequence[TextExample], file: str) -> str:
    """One line when equal texts carry different labels; such rows stay, because official sets hold them too."""
    pairs = [(a, b) for a, b in repeats(examples, texts_of) if a.label != b.label]
    if not pairs:
        return ""
    a, b = pairs[0]
    return (
        f"{len(pairs)} rows repeat a text with another label, all are kept; first: {b.place} says {b.label!r}, "
        f"{a.place.removeprefix(file)} {a.label!r}"
    )
