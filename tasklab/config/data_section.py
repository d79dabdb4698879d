"""What a run reads: files, how much of them, and what is held out."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from tasklab.config.section import Section
from tasklab.config.values import TRAINING, TRUTH, setting

NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?", re.I | re.ASCII)
PERCENT = re.compile(NUMBER.pattern + r"\s*%", re.I | re.ASCII)


@dataclass
class DataConfig(Section, path="data"):
    """What every task reads; a task adds its own fields in a subclass."""

    passed_over: ClassVar[tuple[str, ...]] = ()
    """Fields of a base class that mean nothing to this kind of data."""

    # file or folder, or datasets:NAME[:CONFIG[:SPLIT]] of the HuggingFace hub
    train: str | None = setting(None, needs=TRAINING)
    # the same, or a share of data.train to hold out, such as 0.2; no: none; null: a tenth where that is enough to score
    eval: str | None = setting(None, needs=TRUTH)
    max_seq_length: int = setting(128, ge=4, rows=True)  # tokens, special ones included
    on_bad_row: str = setting("error", choices=("error", "skip"))  # skip: left out and counted
    num_buckets: int = setting(2, ge=1)  # planned sequence lengths; each costs one compilation, kernels skip padding
    group_by_length: bool = setting(False, needs=TRAINING)  # batches of similar length: less padding, less random
    encoding: str | None = None  # of text files, such as cp1252 or gb18030; null is UTF-8
    cache: bool = True  # keep encoded features between runs
    output_inputs: bool | None = None  # predictions carry id and texts of their inputs; null: in a .csv alone
    limit: int | None = setting(None, ge=1, needs=TRUTH)  # examples read from each file; null reads all
    # share of the training examples, drawn by seed; null takes all
    subset: float | None = setting(None, gt=0, le=1, needs=TRAINING)
    # cut data.train into so many parts and evaluate on one of them
    folds: int | None = setting(None, ge=2, needs=TRAINING)
    fold: int = setting(0, ge=0, needs=TRAINING)  # the part that is held out, from 0

    @property
    def eval_share(self) -> float | None:
        """The share of data.train that data.eval asks to hold out."""
        return float(self.eval) if self.eval is not None and NUMBER.fullmatch(self.eval) else None

    @property
    def eval_path(self) -> str | None:
        """The file or folder that data.eval names."""
        return None if self.eval_off or self.eval_share is not None else self.eval

    @property
    def eval_off(self) -> bool:
        """Whether nothing is to be evaluated on: `no`, which a YAML reader takes for false."""
        return self.eval is not None and self.eval.lower() in ("no", "off", "false")

    def max_length(self, axis: str) -> int:
        """Tokens of the longest row along an axis: max_seq_length for `input`, max_target_length for `target`, ..."""
        return self.max_seq_length if axis == "input" else self[f"max_{axis}_length"]

    def idle(self):
        yield from super().idle()
        for key in self.passed_over:
            if self.changed(key):
                yield f"data.{key}", "task", "take another task"
        if self.changed("fold") and not self.folds:
            yield "data.fold", "data.folds", "set that to the number of parts"

    def idle_beside(self, config: Section) -> Iterator[tuple[str, str, str]]:
        """As `idle`, of what a task's settings decide in the other sections of the whole config."""
        yield from ()

    def problems_beside(self, config: Section) -> Iterator[tuple[tuple[str, ...], str]]:
        """As `problems`, of what a task's settings and those of the other sections have to fit in."""
        yield from ()

    def problems(self):
        yield from super().problems()
        if self.encoding is not None and not is_encoding(self.encoding):
            yield (("data.encoding",), f"data.encoding {self.encoding!r} is none; try utf-8, cp1252, gb18030")
        share = self.eval_share
        if share is not None and not 0 < share < 1 or self.eval is not None and PERCENT.fullmatch(self.eval):
            text = f"data.eval is {self.eval}; expected a share of data.train between 0 and 1 to hold out, such as 0.2"
            yield ("data.eval",), f"{text}, no, or a file (of this name: ./{self.eval})"
        if self.folds and self.fold >= self.folds:
            yield (
                ("data.fold", "data.folds"),
                f"data.fold {self.fold} does not exist among {self.folds}; they count from 0",
            )


def is_encoding(name: str) -> bool:
    """Whether Python decodes bytes to text by that name."""
    try:
        return isinstance(b"".decode(name), str)
    except (LookupError, ValueError, TypeError):
        return False
