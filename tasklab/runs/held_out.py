"""Which rows of data.train a run holds out: a file in its folder, by which it goes on and is evaluated."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tasklab.content import read_json
from tasklab.errors import DataError
from tasklab.replacing import replace_text

HELD_OUT = "held_out.json"


@dataclass(frozen=True)
class HeldOut:
    """Numbers [n] of the examples that are held out, ascending, of how many, and the SHA-256 of the files they are in.

    how: what was asked for, such as {"share": 0.2, "seed": 42}.
    """

    rows: np.ndarray
    examples: int
    digests: list[str]
    how: dict

    def write(self, folder: Path):
        record = {"how": self.how, "examples": self.examples, "digests": self.digests, "rows": self.rows.tolist()}
        replace_text(folder / HELD_OUT, json.dumps(record) + "\n")

    def of(self, count: int, digests: list[str], file) -> np.ndarray:
        """The rows. Raises DataError where the `count` examples of `file` are others than those that were cut."""
        if digests == self.digests and count == self.examples:
            return self.rows
        change = f"{count} examples, not {self.examples}" if digests == self.digests else "another content"
        raise DataError(
            f"{file}: has {change} since the run held out a part of it; name the data as it was, with the settings of "
            "the run, or another file with data.eval=FILE"
        )


def is_held_out(path) -> bool:
    """Whether a setting names such a file."""
    return path is not None and Path(path).name == HELD_OUT


def read_held_out(path) -> HeldOut:
    """What `write` wrote. Raises DataError for anything else."""
    record = read_json(path, DataError)
    try:
        rows, count = np.array(record["rows"], np.int64), int(record["examples"])
        if rows.ndim != 1 or not len(rows) or (np.diff(rows) <= 0).any() or rows[0] < 0 or rows[-1] >= count:
            raise ValueError(rows)
        return HeldOut(rows, count, [str(digest) for digest in record["digests"]], dict(record["how"]))
    except (KeyError, TypeError, ValueError, OverflowError):
        raise DataError(f"{path}: not what a run wrote of the rows that it holds out; copy it again") from None
