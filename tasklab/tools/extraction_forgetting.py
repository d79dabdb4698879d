"""What a training of information_extraction has cost the types that it did not teach, and lines that keep them."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tasklab.data.extraction.example import PromptExample, answers_of
from tasklab.data.extraction.prompts import line_of
from tasklab.data.extraction.reading import ExtractionDataConfig, read_prompts
from tasklab.errors import DataError
from tasklab.metrics.entities import score_entities
from tasklab.replacing import replace_text
from tasklab.tools import TOOLS
from tasklab.tools.extraction_confusions import extracting
from tasklab.tools.opened import refuse_existing

ALL = "all"
"""What the scores of all kinds together stand under."""


@dataclass(frozen=True)
class Forgotten:
    """kinds: type or predicate -> (spans, F1 before, F1 after), the largest loss first; the last is all together."""

    kinds: dict[str, tuple[int, float, float]]

    def __str__(self):
        rows = [f"{'kind':20} {'spans':>6} {'F1 before':>10} {'after':>7} {'change':>7}"]
        for kind, (spans, before, after) in self.kinds.items():
            rows.append(f"{kind:20} {spans:6} {before:10.4f} {after:7.4f} {after - before:+7.4f}")
        return "\n".join(rows)


@dataclass(frozen=True)
class Replayed:
    path: Path
    own: int
    replayed: int

    def __str__(self):
        return f"{self.path}: {self.own:,} lines to train on, and {self.replayed:,} of what is not to be forgotten"


@TOOLS.register("extraction-forgetting")
def extraction_forgetting(before: str, after: str, data: str) -> Forgotten:
    """Score two models by type and predicate on one file: what the later one lost, and what it gained.

    Give it lines of types that the later training did not have, and extraction-replay where they lost too much.

    Args:
        before: a folder of the model that the training started from.
        after: a folder of the trained model.
        data: a training file, whose prompts are asked.
    """
    scores = [_scores(model, data) for model in (before, after)]
    kinds = {kind: (spans, f1, scores[1][kind][1]) for kind, (spans, f1) in scores[0].items()}
    whole = kinds.pop(ALL)
    return Forgotten(dict(sorted(kinds.items(), key=lambda item: item[1][2] - item[1][1])) | {ALL: whole})


@TOOLS.register("extraction-replay")
def extraction_replay(data: str, general: str, *, to: str, ratio: float = 1.0, seed: int = 1000) -> Replayed:
    """Mix lines of what a model can do already into a training file, so that it does not forget that.

    Args:
        data: the training file.
        general: another one, such as that which the model to start from was trained on.
        to: the file to write.
        ratio: lines of `general` for each line of `data`; all where there are fewer.
        seed: of the draw and of the order.
    """
    refuse_existing(to)
    if ratio <= 0:
        raise DataError(f"--ratio {ratio}: expected a number above 0")
    own, others = _lines(data), _lines(general)
    rng = random.Random(seed)
    drawn = rng.sample(others, min(len(others), round(ratio * len(own))))
    mixed = [*own, *drawn]
    rng.shuffle(mixed)
    replace_text(Path(to), "".join(f"{line_of(example)}\n" for example in mixed))
    return Replayed(Path(to), len(own), len(drawn))


def _lines(path: str, data: ExtractionDataConfig | None = None) -> list[PromptExample]:
    examples, bad = read_prompts(path, data or ExtractionDataConfig())
    bad.raise_if_fatal("leave it out")
    return examples


def _scores(model: str, path: str) -> dict[str, tuple[int, float]]:
    """kind -> (spans there are, F1), and that of all."""
    trainer = extracting(model)
    examples = _lines(path, trainer.config.data)
    answers = trainer.predict(input_data=[{"text": e.text, "prompt": e.prompt, "subject": e.subject} for e in examples])
    spans = [answer[e.prompt.strip()] for answer, e in zip(answers, examples, strict=True)]
    predicted = [[(e.kind, s["start"], s["end"]) for s in several] for several, e in zip(spans, examples, strict=True)]
    references = answers_of(examples)
    kinds = [e.kind for e in examples]
    scores = {kind: _f1(_of(kind, kinds, predicted), _of(kind, kinds, references)) for kind in dict.fromkeys(kinds)}
    return scores | {ALL: _f1(predicted, references)}


def _of(kind: str, kinds: Sequence[str], spans: Sequence) -> list:
    return [several for own, several in zip(kinds, spans, strict=True) if own == kind]


def _f1(predicted: Sequence, references: Sequence) -> tuple[int, float]:
    scores = score_entities(predicted, references)
    return int(scores["total"]), scores["f1"]
