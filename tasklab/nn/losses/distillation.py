"""A loss that learns a teacher's outputs beside the labels (Hinton et al. 2015; `mse` as UER-py)."""

import mindspore as ms
from mindspore import nn, ops

from tasklab.nn.losses.divergence import sigmoid_kl, softmax_kl


class DistillationLoss(nn.Cell):
    """soft_alpha * distance to the teacher + (1 - soft_alpha) * the loss of the labels.

    `mse` is the mean over the outputs of their squared difference: UER-py's, right where the teacher's scale is to be
    learned too, and the only one for numbers. `kl` is T * T * KL(teacher || student) in nats at temperature T: what
    classes look like each other, whatever the scale; T * T keeps its gradients as large as those of the labels.
    Where `hard` weighs rows by their class, they count as much in the distance.

    Args:
        hard: the loss of the labels: (logits, labels, sample_weight) -> (sum, count).
        distance: of `DISTANCES`.
    Inputs:  logits [B, C]; labels as `hard` takes them; teacher_logits [B, C] float; sample_weight [B].
    Returns: (sum, count) as `hard`; every row has a label.
    """

    labels = ("labels", "teacher_logits")

    def __init__(self, hard: nn.Cell, distance: str, soft_alpha: float, temperature: float = 1.0):
        super().__init__()
        self.hard, self.soft_alpha, self.temperature = hard, soft_alpha, temperature
        self.apart = DISTANCES[distance]
        # a loss with class weights counts rows in other measure; the distance has to follow it
        self.row_weights = getattr(hard, "row_weights", as_they_are)
        if hasattr(hard, "divergence"):
            self.divergence = hard.divergence

    def construct(self, logits, labels, teacher_logits, sample_weight):
        hard, count = self.hard(logits, labels, sample_weight)
        apart = self.apart(teacher_logits, logits.astype(ms.float32), self.temperature)  # [B]
        apart = (apart * self.row_weights(labels, sample_weight)).sum()
        # two sums over the same weights, so that one count makes means of both
        return self.soft_alpha * apart + (1 - self.soft_alpha) * hard, count


def as_they_are(labels, sample_weight):
    return sample_weight


def squared(teacher, student, temperature):
    """[B], whatever the temperature."""
    return ops.square(student - teacher).mean(axis=-1)


def softened_classes(teacher, student, temperature):
    """[B], for classes that exclude each other."""
    return softmax_kl(teacher / temperature, student / temperature) * temperature**2


def softened_sets(teacher, student, temperature):
    """[B], for classes each on its own: the mean over them."""
    return sigmoid_kl(teacher / temperature, student / temperature).mean(axis=-1) * temperature**2


DISTANCES = {"mse": squared, "softmax": softened_classes, "sigmoid": softened_sets}
