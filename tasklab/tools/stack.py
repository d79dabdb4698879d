"""Stacking (Wolpert 1992): LightGBM learns from what several models predicted, as UER-py's run_lgb."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tasklab.data.rows.subsets import fold_of
from tasklab.errors import ConfigError
from tasklab.metrics.classification import score_classes
from tasklab.tools import TOOLS
from tasklab.tools.boosting import fitted, fitting, out_of_fold, searched
from tasklab.tools.predictions import Predictions, agreeing, averaged


@dataclass(frozen=True)
class Stacked:
    folder: Path
    settings: dict
    scores: dict[str, dict[str, float]]  # who answered the training examples -> accuracy, macro_f1

    def __str__(self):
        lines = [f"{who}: accuracy {s['accuracy']:.4f}, macro_f1 {s['macro_f1']:.4f}" for who, s in self.scores.items()]
        return "\n".join([*lines, f"written to {self.folder}"])


@TOOLS.register("stack")
def stack(
    *train: str, to: str, test: list[str] | None = None, trials: int = 0, folds: int = 5, seed: int = 42
) -> Stacked:
    """Let LightGBM decide from the predictions of several models.

    The predictions to learn from must come from models that have not seen the example: the predictions.json of
    `tasklab cross-validate`. The models, the mean of their probabilities, and the stack are scored side by side.

    Args:
        train: one file of predictions per model, all for the same labelled examples.
        to: the folder to write: model.txt, stack.json, and predictions.json for `test`.
        test: one file per model in the same order, for the examples to answer; several joined by commas are averaged.
        trials: settings of LightGBM to try by Bayesian search; without it those of UER-py.
        folds: parts of the cross-validation that scores and searches.
        seed: of the parts, of the search and of LightGBM.
    Raises: DataError for files that do not belong together; MissingDependency without LightGBM.
    """
    if len(train) < 2:
        raise ConfigError("stacking needs the predictions of at least two models")
    models = agreeing([Predictions.read(path) for path in train])
    labels, references = models[0].classes(models), models[0].labels
    if references is None:
        raise ConfigError(f"{train[0]}: the examples have no labels, so nothing can be learned from them")
    target = np.array([labels.index(label) for label in references])
    features = np.concatenate([model.probabilities for model in models], axis=1)
    fold = fold_of(len(target), folds, seed, references)
    settings = searched(features, target, fold, trials, seed) if trials else fitting(len(target))
    answers = {str(path): model.probabilities for path, model in zip(train, models, strict=True)}
    answers["mean of their probabilities"] = np.mean([model.probabilities for model in models], axis=0)
    answers[f"stack, cross-validated in {folds} parts"] = out_of_fold(features, target, fold, settings, seed)
    scores = {who: _scores(probabilities, references, labels) for who, probabilities in answers.items()}
    booster = fitted(features, target, len(labels), settings, seed)
    folder = Path(to)
    folder.mkdir(parents=True, exist_ok=True)
    booster.save_model(folder / "model.txt")
    about = {"labels": labels, "models": list(train), "settings": settings, "scores": scores}
    (folder / "stack.json").write_text(json.dumps(about, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    if test is not None:
        _answer(booster, test, len(models), labels, folder / "predictions.json")
    return Stacked(folder, settings, scores)


def _answer(booster, paths: list[str], count: int, labels: list[str], target: Path):
    """Writes what the stack says of further examples, in the format of `tasklab evaluate --predictions`."""
    if len(paths) != count:
        raise ConfigError(f"--test names {len(paths)} files for {count} models; give one for each, in the same order")
    models = agreeing([averaged([Predictions.read(part) for part in path.split(",")]) for path in paths])
    predicted = booster.predict(np.concatenate([model.probabilities for model in models], axis=1))
    rows = []
    for i, (key, probabilities) in enumerate(zip(models[0].ids, predicted, strict=True)):
        best = int(probabilities.argmax())
        answer = {"label": labels[best], "score": round(float(probabilities[best]), 4), "prob": probabilities.tolist()}
        label = {} if models[0].labels is None else {"label": models[0].labels[i]}
        rows.append({"id": key, **label, "answers": [answer]})
    target.write_text(json.dumps(rows, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def _scores(probabilities: np.ndarray, references: list[str], labels: list[str]) -> dict[str, float]:
    scores = score_classes([labels[i] for i in probabilities.argmax(axis=1)], references, labels)
    return {name: scores[name] for name in ("accuracy", "macro_f1")}
