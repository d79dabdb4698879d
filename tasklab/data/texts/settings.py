"""Settings of labelled texts and pairs of texts."""

from dataclasses import dataclass
from typing import ClassVar

from tasklab.config import TRAINING, TRUTH, DataConfig, setting


@dataclass
class TextDataConfig(DataConfig, path="data"):
    """Which columns hold the texts and the label, and what the labels are called."""

    passed_over = ("group",)
    paired: ClassVar[bool] = False
    """Every row has two texts."""
    columns: list[str] = setting([])  # names for a file without a header line
    text_a: str | None = None  # column; null looks for a usual name
    text_b: str | None = None  # column of the second text; null with text_a set: there is none
    label: str | None = setting(None, needs=TRUTH)  # column
    id: str | None = None  # column that names the rows, in predictions; null looks for a usual name
    group: str | None = None  # column that tells which rows belong together, such as those of one question
    # the file to evaluate on where data.eval is a folder that holds several
    eval_file: str | None = setting(None, needs=TRUTH)
    label_names: dict[str, str] = setting({})  # what a label of the file is called: {0: negative, 1: positive}
    quotes: bool | None = None  # cells may stand in double quotes; null: in .csv files only
    soft_targets: bool = setting(False, needs=TRAINING)  # learn the scores of a teacher too, from the column logits
    output_logits: bool = False  # predictions carry the scores of all classes
    output_prob: bool = False  # predictions carry the probabilities of all classes
    output_submission: bool = False  # predict writes the file of GLUE's server: index and prediction

    def idle_beside(self, config):
        for key in ("soft_alpha", "soft_kind", "temperature"):
            if config.loss.changed(key) and not self.soft_targets:
                yield f"loss.{key}", "data.soft_targets", "set that to true"
