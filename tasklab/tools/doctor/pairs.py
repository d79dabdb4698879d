"""What `doctor data` shows of files with a text and its answer, where nothing says which task is meant."""

from tasklab.data.files.sample import Sample
from tasklab.data.text2text.layouts import looks_like_pairs
from tasklab.data.text2text.pairs import BleuDataConfig, Text2TextDataConfig
from tasklab.tools.doctor.examples import examine

__all__ = ["DATA", "MODEL", "examine", "knows"]

DATA, MODEL = (Text2TextDataConfig, BleuDataConfig), "text2text_small"


def knows(sample: Sample) -> bool:
    return looks_like_pairs(sample.columns)
