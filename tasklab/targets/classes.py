"""What targets with named classes have in common: their names, and the weights of rare ones."""

from abc import abstractmethod
from collections import Counter
from collections.abc import Sequence

import numpy as np

from tasklab.data.rows.balance import class_weights
from tasklab.data.texts.reading import label_order, read_text_rows
from tasklab.targets import Target


class Classes(Target):
    """model.labels names the classes in the order of the outputs."""

    loss_settings = ("class_weights", "balanced", "max_weight_ratio", "label_smoothing", "focal_gamma")

    @abstractmethod
    def names(self, label) -> Sequence[str]:
        """The classes that a label holds."""

    @abstractmethod
    def weights(self, counts: list[int], rows: int) -> np.ndarray:
        """[C] weights that let rare classes count as much as frequent ones; `counts` are the rows that hold each."""

    def check(self, names: set[str]):
        """Raises DataError when a training set with just these classes teaches nothing."""

    def settle(self, before):
        config, model = self.config, self.config.model
        if not model.labels:
            model.labels = list(dict.fromkeys(config.data.label_names.values())) or self._found(before)
        if config.loss.balanced and not config.loss.class_weights:
            examples, _ = read_text_rows(config.data.train, config.data, model.problem_type, model.labels)
            found = Counter(name for e in examples for name in self.names(e.label))
            weights = self.weights([found[label] for label in model.labels], len(examples)).tolist()
            config.loss.class_weights = {n: round(w, 6) for n, w in zip(model.labels, weights, strict=True)}

    def _found(self, before: list[str]) -> list[str]:
        config = self.config
        examples, _ = read_text_rows(config.data.train, config.data, config.model.problem_type)
        names = {name for e in examples for name in self.names(e.label)}
        self.check(names)
        return before if names <= set(before) else label_order(names)

    @property
    def outputs(self):
        return len(self.config.model.labels)

    def loss_arguments(self) -> tuple:
        """What the losses of nn/losses/classes.py with classes take."""
        config = self.config.loss
        return class_weights(config, self.config.model.labels), config.label_smoothing, config.focal_gamma

    def number(self) -> dict[str, int]:
        """Class -> place among the outputs."""
        return {name: i for i, name in enumerate(self.config.model.labels)}
