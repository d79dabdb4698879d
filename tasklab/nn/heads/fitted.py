"""A linear classifier that is fitted to the vectors of labelled rows, and not trained with the encoder below."""

import numpy as np
from mindspore import Tensor, nn

from tasklab.nn.compat import dense
from tasklab.nn.losses.matching.cosines import unit

INVERSE_STRENGTH = 10.0
"""C of scikit-learn's LogisticRegression on vectors of length 1, as the linear model of words has it."""


class FittedClassifier(nn.Cell):
    """Scores of classes, of vectors made as long as one another; in training the vectors themselves.

    Inputs:  pooled [R, H].
    Returns: [R, H] in training, logits [R, C] else.
    """

    def __init__(self, hidden_size: int, num_labels: int):
        super().__init__()
        self.classifier = dense(hidden_size, num_labels)
        for parameter in self.classifier.get_parameters():
            parameter.requires_grad = False

    def construct(self, pooled):
        return pooled if self.training else self.classifier(unit(pooled))

    def fit(self, vectors: np.ndarray, labels: np.ndarray, weights: np.ndarray):
        """Logistic regression with an L2 penalty. vectors [N, H]; labels [N] from 0; weights [N] of the rows."""
        from sklearn.linear_model import LogisticRegression

        vectors = vectors.astype(np.float64)
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        model = LogisticRegression(C=INVERSE_STRENGTH, max_iter=1000)
        model.fit(vectors / np.maximum(lengths, 1e-6), labels, weights)
        weight, bias = model.coef_, model.intercept_  # [C, H], [C]; of two classes the second one's alone
        if len(model.classes_) == 2:
            weight, bias = np.stack([np.zeros_like(weight[0]), weight[0]]), np.array([0.0, bias[0]])
        self.classifier.weight.set_data(Tensor(_placed(weight, model.classes_, self.classifier.weight.shape[0], 0.0)))
        self.classifier.bias.set_data(Tensor(_placed(bias, model.classes_, self.classifier.bias.shape[0], ABSENT)))


ABSENT = -1e4
"""Bias of a class that no row has."""


def _placed(rows: np.ndarray, classes: np.ndarray, count: int, absent: float) -> np.ndarray:
    """[count, ...] float32 with `rows` at the places of their classes."""
    placed = np.full((count, *rows.shape[1:]), absent, np.float32)
    placed[classes] = rows
    return placed
