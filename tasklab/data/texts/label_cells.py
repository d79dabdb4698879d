"""What the label cell of a row says: a class, several of them, or a number; what is wrong is told with its place."""

import difflib
import math
from collections.abc import Iterable, Mapping, Sequence

from tasklab.data.files.cells import broken, is_missing
from tasklab.data.files.problems import LONGEST, BadRows, listed, shortened
from tasklab.data.files.table import FIX


class LabelCells:
    """The label column of one table.

    Args:
        bad: what is wrong with a cell goes here.
        problem_type: a class (str), several of them (tuple of str, from a list or with commas between), or a number.
        labels: the names that may occur; () takes any.
        names: what a label of the file is called; empty takes it as it is.
    """

    def __init__(
        self, bad: BadRows, column: str, problem_type: str, labels: Sequence[str] = (), names: Mapping[str, str] = (),
    ):  # fmt: skip
        self.bad, self.column, self.labels, self.names = bad, column, list(labels), dict(names)
        self.outputs = 1 if problem_type == "regression" else len(self.labels)
        self._read = {
            "single_label_classification": self._name,
            "multi_label_classification": self._names,
            "regression": self._number,
        }[problem_type]

    def read(self, place: str, row: dict):
        """The label of a row."""
        return self._read(place, row.get(self.column))

    def scores(self, place: str, value) -> tuple[float, ...]:
        """The outputs of a teacher."""
        try:
            numbers = value.split() if isinstance(value, str) else value if isinstance(value, list) else [value]
            logits = tuple(map(float, numbers))
        except (TypeError, ValueError):
            logits = ()
        count = self.outputs or len(logits) or 1
        if len(logits) != count or not all(map(math.isfinite, logits)):
            message = f"{place}: 'logits' is {shortened(str(value))}, expected "
            message += f"{count} numbers with blanks between them" if count > 1 else "a number"
            self.bad.add("bad logits", message, FIX)
        return logits

    def _names(self, place: str, value) -> tuple[str, ...]:
        values = value if isinstance(value, list) else str(value).split(",") if value is not None else []
        return tuple(dict.fromkeys(self._name(place, v) for v in values if not isinstance(v, str) or v.strip()))

    def _name(self, place: str, value) -> str:
        if isinstance(value, list) and len(value) == 1:  # doccano writes every class so
            value = value[0]
        if is_missing(value) or isinstance(value, (dict, list)):
            self.bad.add("no label", f"{place}: {self.column!r} is {shortened(str(value))}, expected a label", FIX)
            return ""
        if wrong := broken(value):
            self.bad.add("broken label", f"{place}: {self.column!r} {wrong}: {shortened(str(value))}", FIX)
            return ""
        name = str(value).strip()
        if self.names and name not in self.names.values():
            if name not in self.names:
                names = listed(list(self.names))
                self.bad.add(
                    "unknown label", f"{place}: the label {shortened(name)} is not in data.label_names ({names})", FIX
                )
                return ""
            name = self.names[name]
        if self.labels and name not in self.labels:
            near = difflib.get_close_matches(name[:LONGEST], self.labels, n=1)
            hint = f"did you mean {near[0]!r}? " if near else ""
            names = listed(self.labels)
            called = f"say what it is called by data.label_names={{{shortened(name)[1:-1]}: ...}}"
            anew = "take a new head with a backbone's name and this model as --from"
            others = "" if near or self.names else f", {called}, {anew}"
            message = f"{place}: the label {shortened(name)} is none of the model's: {names}"
            self.bad.add("unknown label", message, f"{hint}{FIX}{others}")
        return name

    def _number(self, place: str, value) -> float:
        try:
            number = float(value)
        except (TypeError, ValueError):
            number = math.nan
        if not math.isfinite(number):
            self.bad.add("no number", f"{place}: {self.column!r} is {shortened(str(value))}, expected a number", FIX)
        return number


def label_order(names: Iterable[str]) -> list[str]:
    """Class names in the order of the outputs: by value when all are whole numbers, else by the alphabet."""
    names = sorted(set(names))
    try:
        return sorted(names, key=int)
    except ValueError:
        return names
