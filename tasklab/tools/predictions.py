"""Files of predictions with probabilities, as `tasklab evaluate` and `cross-validate` write them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tasklab.content import read_json
from tasklab.errors import ConfigError, DataError

MAX_FILE = 2 << 30  # bytes


@dataclass(frozen=True)
class Predictions:
    """What one model said of N examples with C classes."""

    path: str
    ids: list[str]
    labels: list[str] | None  # what is right, where the file says it
    answers: list[str]  # the label with the highest probability
    probabilities: np.ndarray  # [N, C] float64

    @classmethod
    def read(cls, path: str) -> "Predictions":
        """Raises DataError for a file of another kind, or without probabilities."""
        try:
            rows = read_json(path, ConfigError, MAX_FILE)
            first = [row["answers"][0] for row in rows]
            if any("prob" not in answer for answer in first):
                raise DataError(f"{path}: holds no probabilities; predict again with data.output_prob=true")
            probabilities = np.array([answer["prob"] for answer in first], np.float64)
            labels = [row["label"] for row in rows] if all("label" in row for row in rows) else None
            loaded = cls(str(path), [row["id"] for row in rows], labels, [a["label"] for a in first], probabilities)
        except (ConfigError, ValueError, OverflowError, KeyError, TypeError, IndexError) as error:
            raise DataError(
                f"{path}: is no file of predictions ({error!r:.300}); `tasklab evaluate --predictions` writes one"
            ) from None
        if probabilities.ndim != 2 or not len(rows) or not np.isfinite(probabilities).all():
            raise DataError(f"{path}: expected as many probabilities for each example as there are classes")
        return loaded

    def classes(self, models: Sequence["Predictions"]) -> list[str]:
        """The names of the classes in the order of the probabilities, from the answers of all the models.

        Raises: DataError when more than one class is never answered, so that their order is not known.
        """
        named: dict[int, str] = {}
        for model in models:
            named |= dict(zip(model.probabilities.argmax(axis=1).tolist(), model.answers, strict=True))
        count = self.probabilities.shape[1]
        open_places = [i for i in range(count) if i not in named]
        unnamed = sorted(set(self.labels or ()) - set(named.values()))
        if len(unnamed) > 1:
            raise DataError(f"{self.path}: no model ever answers {', '.join(unnamed)}; leave these classes out")
        names = iter([*unnamed, *(f"class {i}" for i in open_places)])
        return [named[i] if i in named else next(names) for i in range(count)]


def agreeing(models: list[Predictions]) -> list[Predictions]:
    """Themselves. Raises DataError when they are not about the same examples and classes."""
    first = models[0]
    for model in models[1:]:
        if model.ids != first.ids or model.labels != first.labels:
            raise DataError(f"{model.path} and {first.path} are about different examples")
        if model.probabilities.shape != first.probabilities.shape:
            shapes = f"{model.probabilities.shape[1]} and {first.probabilities.shape[1]}"
            raise DataError(f"{model.path} and {first.path} know {shapes} classes")
    return models


def averaged(models: list[Predictions]) -> Predictions:
    """One prediction from those of several models for the same examples: the mean of their probabilities."""
    first = agreeing(models)[0]
    return Predictions(
        ",".join(model.path for model in models), first.ids, first.labels, first.answers,
        np.mean([model.probabilities for model in models], axis=0),
    )  # fmt: skip
