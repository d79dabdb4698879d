"""PaddleNLP's UIE as converted to PyTorch: ERNIE below `encoder.` or `ernie.`, and a Linear for each pointer."""

import re

import numpy as np

from tasklab.weights.tables import FORMATS, Format, Transform
from tasklab.weights.tables.huggingface import ERNIE_ENCODER, below

_POINTERS = Transform(lambda start, end: np.concatenate([start, end]), lambda both: np.split(both, 2))
"""Our head scores starts and ends by one matrix."""


def _spell(name: str) -> str:
    return re.sub(r"^(module\.|model\.)*(ernie\.)?", lambda match: "encoder." if match[2] else "", name)


FORMATS.register("uie")(
    Format(
        "uie",
        (
            *below("encoder", ERNIE_ENCODER),
            *(
                (f"head.output.{leaf}", (f"linear_start.{leaf}", f"linear_end.{leaf}"), _POINTERS)
                for leaf in ("weight", "bias")
            ),
        ),
        _spell,
        "uie",
        ("bert", "ernie"),
        needs=("linear_start.weight", "linear_end.weight"),
        head="spans",
    )
)
