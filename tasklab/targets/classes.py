"""What targets with named classes have in common: their names, and the weights of rare ones."""

import logging
from abc import abstractmethod
from collections import Counter
from collections.abc import Sequence

import numpy as np

from tasklab.data.rows.balance import MOST, calls_for_weights, class_weights
from tasklab.data.texts.label_cells import label_order
from tasklab.data.texts.reading import read_text_rows
from tasklab.targets import Target

logger = logging.getLogger("tasklab")


class Classes(Target):
    """model.labels names the classes in the order of the outputs."""

    loss_settings = ("class_weights", "balanced", "max_weight_ratio", "label_smoothing", "focal_gamma")
    weighs_unasked = False
    """Whether uneven classes are weighted where nobody said whether to."""

    @abstractmethod
    def names(self, label) -> Sequence[str]:
        """The classes that a label holds."""

    @abstractmethod
    def weights(self, counts: list[int], rows: int) -> np.ndarray:
        """[C] weights that let rare classes count as much as frequent ones; `counts` are the rows that hold each."""

    def check(self, names: set[str]):
        """Raises DataError when a training set with just these classes teaches nothing."""

    def settle(self, before):
        model, examples = self.config.model, None
        if not model.labels:
            model.labels = list(dict.fromkeys(self.config.data.label_names.values()))
        if not model.labels:
            examples = self._training_rows()
            names = {name for e in examples for name in self.names(e.label)}
            self.check(names)
            model.labels = before if names <= set(before) else label_order(names)
        self._settle_weights(examples)

    def _training_rows(self) -> list:
        config = self.config
        return read_text_rows(config.data.train, config.data, config.model.problem_type, config.model.labels)[0]

    def _settle_weights(self, examples: list | None):
        """Weights as loss.balanced says, which then lie in `config`: a resume goes by them, a new training on other
        data by its own. examples: of the training, where they are read already."""
        loss, labels = self.config.loss, self.config.model.labels
        explicit = loss.class_weights and (not loss.balanced or self.config.asked("loss.class_weights"))
        data = self.config.data
        unasked = self.weighs_unasked and data.train and not data.soft_targets  # a teacher knows rare classes
        if explicit or not (loss.balanced or loss.balanced is None and unasked):
            return
        examples = examples or self._training_rows()
        tally = Counter(name for e in examples for name in self.names(e.label))
        counts = [tally[label] for label in labels]
        if loss.balanced is None:
            if not calls_for_weights(counts):
                return
            loss.balanced, loss.max_weight_ratio = True, MOST
            rarest, largest = (pick((name for name in labels if tally[name]), key=tally.get) for pick in (min, max))
            logger.info(
                "classes are uneven, %s %d rows and %s %d: rare ones count up to %d times as much (loss.balanced=true, "
                "max_weight_ratio); loss.balanced=false lets all rows count alike",
                rarest, tally[rarest], largest, tally[largest], MOST,
            )  # fmt: skip
        weights = self.weights(counts, len(examples)).tolist()
        loss.class_weights = {name: round(weight, 6) for name, weight in zip(labels, weights, strict=True)}

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
