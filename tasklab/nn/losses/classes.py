"""Losses of rows that have a class, several, or a number."""

import mindspore as ms
import numpy as np
from mindspore import Tensor, nn, ops

from tasklab.nn.blocks.attention import MASKED
from tasklab.nn.losses.divergence import sigmoid_divergence, squared_divergence

TINY = 1e-6
"""Keeps the gradient of x ** gamma finite at 0."""


def cross_entropy(logits, labels, sample_weight):
    """(sum, count) of -log softmax(logits)[label] in nats, each row times its weight.

    Args:
        logits: [B, C] float; labels: [B] int, rows outside 0 .. C-1 are ignored; sample_weight: [B] float.
    Returns: two float32 scalars; count is the summed weight of the rows that are not ignored, 0 when all are.
    """
    classes = logits.shape[-1]
    counted = ops.logical_and(labels >= 0, labels < classes)  # [B]
    weight = sample_weight.astype(ms.float32) * counted.astype(ms.float32)
    log_probs = ops.log_softmax(logits.astype(ms.float32), axis=-1)
    # clipped, because a label outside has no place to gather from; its weight is 0
    chosen = ops.gather_elements(log_probs, 1, labels.clip(0, classes - 1)[:, None])[:, 0]  # [B]
    return -(chosen * weight).sum(), weight.sum()


def weighted_cross_entropy(logits, labels, sample_weight, class_weights, label_smoothing: float, focal_gamma: float):
    """`cross_entropy` with a weight per class, smoothed labels and a focus on rows that are still wrong.

    A row of class y counts w_y: the loss is sum_c t_c w_c (1 - p_c)^gamma (-log p_c), t_c = (1 - e) [c = y] + e / C.
    With gamma = 0 that is torch's CrossEntropyLoss(weight, label_smoothing=e), with e = 0 the focal loss of Lin et al.
    2017 with alpha = w. As the weights are in the count too, only their ratios matter to the mean.

    Args:
        class_weights: [C] float32.
    """
    classes = logits.shape[-1]
    counted = ops.logical_and(labels >= 0, labels < classes)
    target = labels.clip(0, classes - 1)
    weight = sample_weight.astype(ms.float32) * counted.astype(ms.float32)
    log_probs = ops.log_softmax(logits.astype(ms.float32), axis=-1)
    losses = -log_probs * class_weights  # [B, C]
    if focal_gamma > 0:
        losses = losses * (1 - ops.exp(log_probs)).clip(TINY, None) ** focal_gamma
    rows = (1 - label_smoothing) * ops.gather_elements(losses, 1, target[:, None])[:, 0]  # [B]
    if label_smoothing > 0:
        rows = rows + label_smoothing * losses.mean(axis=-1)  # e / C of every class, the own one too
    return (rows * weight).sum(), (ops.gather(class_weights, target, 0) * weight).sum()


class ClassificationLoss(nn.Cell):
    """Cross entropy of one class per row. Inputs: logits [B, C]; labels [B] int; sample_weight [B].

    Args:
        class_weights: [C] floats, for classes of unequal size or price; None is 1 for all.
        label_smoothing: share of the label spread over all classes; for noisy labels and overconfident models.
        focal_gamma: the higher, the less rows count that are right already; for many easy rows and few hard ones.
    """

    labels = ("labels",)

    def __init__(self, class_weights=None, label_smoothing: float = 0.0, focal_gamma: float = 0.0):
        super().__init__()
        self.plain = class_weights is None and not label_smoothing and not focal_gamma
        self.class_weights, self.weighted = _weights(class_weights), class_weights is not None
        self.label_smoothing, self.focal_gamma = label_smoothing, focal_gamma

    def construct(self, logits, labels, sample_weight):
        if self.plain:
            return cross_entropy(logits, labels, sample_weight)
        weights = self.class_weights * ops.ones(logits.shape[-1], ms.float32)
        return weighted_cross_entropy(
            logits, labels, sample_weight, weights, self.label_smoothing, self.focal_gamma
        )

    def row_weights(self, labels, sample_weight):
        """[B] what each row counts in the mean; every row has a label."""
        return ops.gather(self.class_weights, labels, 0) * sample_weight if self.weighted else sample_weight


class SlicedClassificationLoss(nn.Cell):
    """Cross entropy among the classes of the row's own data set: for several heads in one.

    Inputs: logits [B, C]; labels, first_class, end_class [B] int, the last one exclusive; sample_weight [B].
    """

    labels = ("labels", "first_class", "end_class")

    def construct(self, logits, labels, first_class, end_class, sample_weight):
        number = ops.arange(logits.shape[-1]).astype(ms.int32)[None, :]  # [1, C]
        own = ops.logical_and(number >= first_class[:, None], number < end_class[:, None])  # [B, C]
        return cross_entropy(logits.astype(ms.float32) + (1 - own.astype(ms.float32)) * MASKED, labels, sample_weight)


class RegressionLoss(nn.Cell):
    """Squared error of one number per row. Inputs: logits [B, 1]; labels [B] float; sample_weight [B]."""

    labels = ("labels",)

    def construct(self, logits, labels, sample_weight):
        error = logits[:, 0].astype(ms.float32) - labels  # [B], in the labels' unit
        return (error * error * sample_weight).sum(), sample_weight.sum()

    def divergence(self, first, second):
        """Squared distance, for R-Drop: [B]."""
        return squared_divergence(first, second)


class MultiLabelLoss(nn.Cell):
    """Binary cross entropy in nats, its mean over the classes: for rows with any number of classes each.

    Inputs: logits [B, C]; labels [B, C] float, 1 for each class of the row and 0 for the others; sample_weight [B].

    Args:
        class_weights: [C] floats, factors on the loss of a class where it is present (torch's pos_weight).
        label_smoothing: 0 and 1 become e / 2 and 1 - e / 2.
        focal_gamma: as in `ClassificationLoss`.
    """

    labels = ("labels",)

    def __init__(self, class_weights=None, label_smoothing: float = 0.0, focal_gamma: float = 0.0):
        super().__init__()
        self.class_weights = _weights(class_weights)
        self.label_smoothing, self.focal_gamma = label_smoothing, focal_gamma

    def construct(self, logits, labels, sample_weight):
        x = logits.astype(ms.float32)
        softplus = ops.log1p(ops.exp(-ops.abs(x)))  # finite for logits of any size
        present, absent = ops.relu(-x) + softplus, ops.relu(x) + softplus  # -log p and -log(1 - p)
        if self.focal_gamma > 0:
            p = ops.sigmoid(x)
            present = present * (1 - p).clip(TINY, None) ** self.focal_gamma
            absent = absent * p.clip(TINY, None) ** self.focal_gamma  # wrong by p where the class is absent
        target = labels * (1 - self.label_smoothing) + self.label_smoothing / 2
        losses = target * present * self.class_weights + (1 - target) * absent  # [B, C]
        return (losses.mean(axis=-1) * sample_weight).sum(), sample_weight.sum()

    def divergence(self, first, second):
        """Of the classes' own probabilities, its mean over the classes, for R-Drop: [B]."""
        return sigmoid_divergence(first, second).mean(axis=-1)


def _weights(values) -> Tensor:
    """Factors that broadcast over classes."""
    return Tensor(np.ones(1) if values is None else np.asarray(values), ms.float32)
