"""Losses that learn a teacher's scores beside the labels."""

import mindspore as ms
from mindspore import nn, ops

from tasklab.nn.losses import cross_entropy


class DistillationLoss(nn.Cell):
    """soft_alpha * distance to the teacher + (1 - soft_alpha) * cross entropy of the labels.

    `mse` is the mean over the classes of the squared difference of the logits: UER-py's, and right where the teacher's
    scale is to be learned too. `kl` is T * T * KL(teacher || student) in nats of softmax(logits / T): what classes look
    like each other, whatever the scale (Hinton et al. 2015); T * T keeps its gradients as large as those of the labels.

    Inputs:  logits [B, C]; labels [B] int; teacher_logits [B, C] float; sample_weight [B].
    Returns: (sum, count) as `cross_entropy`; every row has a label.
    """

    def __init__(self, kind: str, soft_alpha: float, temperature: float):
        super().__init__()
        self.kind, self.soft_alpha, self.temperature = kind, soft_alpha, temperature

    def construct(self, logits, labels, teacher_logits, sample_weight):
        hard, count = cross_entropy(logits, labels, sample_weight)
        apart = self.distance(logits.astype(ms.float32), teacher_logits)
        return self.soft_alpha * (apart * sample_weight).sum() + (1 - self.soft_alpha) * hard, count

    def distance(self, student, teacher):
        """[B]"""
        if self.kind == "mse":
            error = student - teacher
            return (error * error).mean(axis=-1)
        log_p = ops.log_softmax(teacher / self.temperature, axis=-1)
        log_q = ops.log_softmax(student / self.temperature, axis=-1)
        return (ops.exp(log_p) * (log_p - log_q)).sum(axis=-1) * self.temperature**2
