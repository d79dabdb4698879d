"""Labelled texts for a verbalizer: every label has to have words there."""

import difflib
from collections.abc import Sequence

from tasklab.data.files.problems import BadRows, listed, shortened
from tasklab.data.texts.example import TextExample
from tasklab.data.texts.prompts.wording import PromptDataConfig
from tasklab.data.texts.reading import read_text_rows
from tasklab.errors import DataError


def read_prompt_rows(
    path, data: PromptDataConfig, labels: Sequence[str], training: bool
) -> tuple[list[TextExample], str]:
    """Examples in file order, and one line on rows left out, or ''.

    labels: those that have words; () takes any.
    Raises: DataError that names every row whose label has none, unless data.on_bad_row is skip.
    """
    examples, note = read_text_rows(path, data, "single_label_classification", (), training)
    bad = BadRows(str(path))
    for example in examples if labels else ():
        if example.label not in labels:
            near = difflib.get_close_matches(example.label, labels, n=1)
            hint = f"did you mean {near[0]!r}? " if near else ""
            bad.add(
                "label without words",
                f"{example.place}: the label {shortened(example.label)} has no words; those that do: {listed(labels)}",
                f"{hint}correct it, name its words",
            )
    if data.on_bad_row == "error":
        bad.raise_if_fatal()
    usable = [example for example in examples if not labels or example.label in labels]
    if not usable:
        raise DataError(f"{path}: holds no usable row; {bad.summary()}")
    return usable, "; ".join(filter(None, (note, bad.summary())))
