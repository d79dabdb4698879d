"""Files for the server of GLUE: `index<TAB>prediction`, rows counted from 0 (Wang et al. 2018; its FAQ)."""

from collections.abc import Sequence
from pathlib import Path

from tasklab.errors import DataError

BINARY, PAIR = ("0", "1"), ("entailment", "not_entailment")
INFERENCE = ("entailment", "neutral", "contradiction")
OFFICIAL = {
    "CoLA": BINARY, "SST-2": BINARY, "MRPC": BINARY, "QQP": BINARY, "STS-B": (), "MNLI-m": INFERENCE,
    "MNLI-mm": INFERENCE, "QNLI": PAIR, "RTE": PAIR, "WNLI": BINARY, "AX": INFERENCE,
}  # fmt: skip
"""Name of the file -> what may stand in it; () is a number."""


def check_name(path):
    """Raises DataError for a file that the server would not know."""
    if Path(path).stem not in OFFICIAL:
        raise DataError(f"{path}: GLUE knows no such file; name it {', '.join(f'{name}.tsv' for name in OFFICIAL)}")


def submitted(path, predictions: Sequence) -> list[dict]:
    """The rows of the file. Raises: DataError for a prediction that the server would not take."""
    allowed = OFFICIAL[Path(path).stem]
    for index, prediction in enumerate(predictions):
        if not allowed and not isinstance(prediction, float):
            raise DataError(f"{path}: row {index}: {prediction} is no number; it takes a model of regression")
        if allowed and prediction not in allowed:
            remedy = f"name what each is called here: {' '.join(f'data.label_names.{name}=...' for name in allowed)}"
            raise DataError(f"{path}: row {index}: {prediction} is none of: {', '.join(allowed)}; {remedy}")
    return [{"index": index, "prediction": prediction} for index, prediction in enumerate(predictions)]
