"""One command for distillation: a teacher scores the texts, a student learns its scores (Hinton et al. 2015)."""

import logging
from dataclasses import dataclass
from pathlib import Path

from tasklab.data.files.answers import write_answers
from tasklab.data.texts.reading import read_text_rows
from tasklab.data.texts.settings import TextDataConfig
from tasklab.datahub import at_hand
from tasklab.errors import ConfigError
from tasklab.runs.naming import new_run
from tasklab.targets import target_of
from tasklab.tools import TOOLS
from tasklab.trainer import Trainer

logger = logging.getLogger("tasklab")

SCORED = "scored.jsonl"
TASK = "text_classification"


@dataclass(frozen=True)
class Distilled:
    summary: dict
    rows: int
    unlabelled: int

    def __str__(self):
        best = self.summary["best_checkpoint"] or self.summary["last_checkpoint"]
        return f"{best}: learned the teacher's scores of {self.rows} texts, {self.unlabelled} of them without a label"


@TOOLS.register("distill")
def distill(teacher: str, student: str, *settings: str, unlabelled: str | None = None) -> Distilled:
    """Train a small classifier on what a large one thinks of the texts, beside their labels.

    The teacher's scores lie in scored.jsonl in the run's folder, as a table of label, logits and texts: training on
    that file with data.soft_targets=true is the same once more. The student takes over the teacher's labels, whatever
    their kind (model.problem_type).

    Args:
        teacher: the folder of a trained classifier.
        student: a recipe or a backbone.
        settings: data.train=FILE, and any other KEY=VALUE of the student, such as loss.soft_kind=kl or data.eval=FILE.
        unlabelled: a file with more texts; the teacher's answer is taken for their label.
    Raises: ConfigError, DataError.
    """
    master, pupil = Trainer(model=teacher), Trainer(task=TASK, model=student, overrides=settings)
    if master.config.task != TASK:
        raise ConfigError(f"{teacher}: the teacher is made for {master.config.task}; it has to be one for {TASK}")
    if pupil.config.data.train is None:
        raise ConfigError("say what the student is to learn from: data.train=FILE")
    labels, kind = master.config.model.labels, master.config.model.problem_type
    examples, _ = read_text_rows(at_hand(pupil.config.data.train, training=True), pupil.config.data, kind, labels)
    labelled = len(examples)
    if unlabelled is not None:
        examples += read_text_rows(at_hand(unlabelled, training=True), pupil.config.data, kind, labelled=False)[0]
    run = new_run(pupil.config)
    data = pupil.config.data
    _score(master, examples, data, run.path / SCORED)
    pupil.config.model.labels, pupil.config.model.problem_type = labels, kind
    pupil.config.output_dir = str(run.path)
    data.train, data.soft_targets = str(run.path / SCORED), True
    return Distilled(pupil.train(), len(examples), len(examples) - labelled)


def _score(teacher: Trainer, examples: list, data: TextDataConfig, path: Path):
    """Writes the texts with their labels and the teacher's logits, in the columns that `data` reads."""
    teacher.config.data.output_logits = True
    answer_key = target_of(teacher.config).answer
    inputs = [{"text_a": e.text_a} if e.text_b is None else (e.text_a, e.text_b) for e in examples]
    rows = []
    for example, answer in zip(examples, teacher.predict(input_data=inputs), strict=True):
        label = answer[answer_key] if example.label is None else example.label
        row = {data.label or "label": label, "logits": answer["logits"], data.text_a or "text_a": example.text_a}
        rows.append(row if example.text_b is None else row | {data.text_b or "text_b": example.text_b})
    path.parent.mkdir(parents=True, exist_ok=True)
    write_answers(path, rows)
    logger.info("%s: %d texts scored by the teacher", path, len(rows))
