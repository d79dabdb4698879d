"""More annotated texts out of those there are, and the same ones as another program has them."""

import random
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tasklab.data.extraction.respelled import refilled, swapped
from tasklab.errors import DataError
from tasklab.tools import TOOLS
from tasklab.tools.annotation_writers import WRITERS
from tasklab.tools.annotations import read_annotated
from tasklab.tools.opened import refuse_existing

Program = Literal["doccano", "label-studio", "brat"]


@dataclass(frozen=True)
class Written:
    path: Path
    texts: int
    failed: int = 0

    def __str__(self):
        failed = f"; {self.failed} more could not be made" if self.failed else ""
        return f"{self.path}: {self.texts} texts{failed}"


@TOOLS.register("augment-annotations")
def augment_annotations(
    annotations: str, *, to: str, method: Literal["swap", "fill"] = "swap", model: str | None = None, copies: int = 1,
    program: Program = "doccano", seed: int = 1000,
) -> Written:  # fmt: skip
    """Make new annotated texts out of annotated texts; give it those of the training alone.

    `swap` takes a text and puts subject and object of another relation of the same predicate into it. `fill` writes one
    stretch without an entity anew, by a model of text_infilling. The new texts alone are written, with all that is
    marked in them.

    Args:
        annotations: a file of doccano or Label Studio, or a folder of brat.
        to: a new file, for brat a new folder.
        method: swap or fill.
        model: of fill, a folder or a name.
        copies: of fill, new texts from each text.
        program: whose files are written.
        seed: of all that is drawn.
    """
    if (method == "fill") != (model is not None):
        raise DataError("--model MODEL is what fills the blanks of --method fill, and of nothing else")
    if copies < 1 or (copies > 1 and method == "swap"):
        raise DataError(f"--copies {copies}: expected 1, or more with --method fill")
    texts, rng = _read(annotations, to), random.Random(seed)
    made, failed = swapped(texts, rng) if method == "swap" else refilled(texts, _filler(model), copies, rng)
    WRITERS[program](made, to)
    return Written(Path(to), len(made), failed)


@TOOLS.register("convert-annotations")
def convert_annotations(annotations: str, *, to: str, program: Program) -> Written:
    """Write annotated texts as another program imports them, entities and relations.

    Args:
        annotations: a file of doccano or Label Studio, or a folder of brat.
        to: a new file, for brat a new folder.
        program: whose files are written.
    """
    texts = _read(annotations, to)
    WRITERS[program](texts, to)
    return Written(Path(to), len(texts))


def _read(annotations, to):
    refuse_existing(to)
    texts, bad, _ = read_annotated(annotations)
    bad.raise_if_fatal("leave it out")
    if not texts:
        raise DataError(f"{annotations}: holds no usable text")
    return texts


def _filler(model: str):
    from tasklab.trainer import Trainer

    trainer = Trainer(task="text_infilling", model=model)

    def fill(asked: list[str]) -> list[str]:
        return [answer["generated_text"] for answer in trainer.predict(input_data=asked)] if asked else []

    return fill
