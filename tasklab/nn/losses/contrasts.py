"""Rows of one class with vectors that are alike, rows of two with others: any loss of pairs, by the column `alike`."""

from mindspore import nn


class ContrastLoss(nn.Cell):
    """Args: pairs: a loss of nn.losses.matching that learns from vectors [B, 2, D] and labels [B] alone."""

    labels = ("alike",)

    def __init__(self, pairs: nn.Cell):
        super().__init__()
        self.pairs = pairs

    def construct(self, vectors, alike, sample_weight):
        return self.pairs(vectors, alike, sample_weight)
