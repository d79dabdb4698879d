"""Training of information_extraction in rounds: what a model confuses is taught to the next one."""

import random
from dataclasses import dataclass
from pathlib import Path

from tasklab.data.extraction.prompts import line_of
from tasklab.data.extraction.reading import read_prompts
from tasklab.errors import ConfigError, DataError
from tasklab.replacing import replace_text
from tasklab.tools import TOOLS
from tasklab.tools.extraction_confusions import extraction_confusions
from tasklab.tools.opened import refuse_existing
from tasklab.trainer import Trainer

TASK = "information_extraction"


@dataclass(frozen=True)
class Round:
    """run: the folder of its model.   confused: wrong answers of it; None of the last round, which is not asked."""

    run: Path
    lines: int
    f1: float | None
    confused: int | None


@dataclass(frozen=True)
class Rounds:
    rounds: tuple[Round, ...]

    def __str__(self):
        rows = [f"{'round':>5} {'lines':>7} {'best F1':>8} {'confused':>8}  model"]
        for number, one in enumerate(self.rounds, start=1):
            f1 = "-" if one.f1 is None else f"{one.f1:.4f}"
            confused = "-" if one.confused is None else one.confused
            rows.append(f"{number:5} {one.lines:7} {f1:>8} {confused:>8}  {one.run}")
        return "\n".join(rows)


@TOOLS.register("extraction-rounds")
def extraction_rounds(
    model: str, *settings: str, to: str, rounds: int = 2, share: float = 0.5, positives: str | None = None,
    start: str | None = None,
) -> Rounds:  # fmt: skip
    """Train, find what the model confuses, and train anew from the same start with lines against it.

    Each round but the last is followed by extraction-confusions on the training file; a share of its negatives, and of
    the lines of --positives, goes behind that file for the next round. Every round has a folder: train.txt, the run,
    and the report of what was confused.

    Args:
        model: a recipe or a backbone.
        settings: data.train=FILE, and any other KEY=VALUE of the training, such as data.eval=FILE or train.epochs=10.
        to: a new folder.
        rounds: how often it is trained.
        share: of the new lines that a round takes, drawn by the seed of the training.
        positives: a file of further lines, such as extraction-data makes of what augment-annotations wrote.
        start: a folder whose weights every round starts from.
    Raises: ConfigError, DataError.
    """
    refuse_existing(to)
    if rounds < 1 or not 0 < share <= 1:
        raise ConfigError(f"--rounds {rounds} --share {share}: expected 1 or more, and a share above 0 and up to 1")
    config = Trainer(task=TASK, model=model, overrides=settings).config
    if config.data.train is None:
        raise ConfigError("say what to train on: data.train=FILE")
    rng, own = random.Random(config.seed), _lines(config.data.train, config.data)
    further = _lines(positives, config.data) if positives else []
    first = Path(to) / "round_1" / "train.txt"
    done, more = [], []
    for number in range(1, rounds + 1):
        folder = Path(to) / f"round_{number}"
        _write(folder / "train.txt", [*own, *more])
        trainer = Trainer(
            task=TASK, model=model, train_dataset=folder / "train.txt", output_dir=folder / "run", overrides=settings
        )
        summary = trainer.finetune(start) if start else trainer.train()
        lines, confused = len(own) + len(more), None
        if number < rounds:
            report = extraction_confusions(str(folder / "run"), str(first), to=str(folder / "confusions"))
            confused = sum(errors["total_error"] for errors in report.details.values())
            negatives = _lines(str(folder / "confusions" / "negatives.txt"), config.data) if report.lines else []
            more = [*_drawn(further, share, rng), *_drawn(negatives, share, rng)]
        done.append(Round(folder / "run", lines, summary.get("best_metric"), confused))
    return Rounds(tuple(done))


def _lines(path: str, data) -> list[str]:
    examples, bad = read_prompts(path, data)
    if data.on_bad_row == "error":
        bad.raise_if_fatal()
    if not examples:
        raise DataError(f"{path}: holds no usable line")
    return [line_of(example) for example in examples]


def _write(path: Path, lines: list[str]):
    path.parent.mkdir(parents=True, exist_ok=True)
    replace_text(path, "".join(f"{line}\n" for line in lines))


def _drawn(lines: list[str], share: float, rng: random.Random) -> list[str]:
    return rng.sample(lines, round(share * len(lines)))
