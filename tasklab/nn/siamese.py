"""Two texts through one encoder, each on its own, then compared (UER-py; Reimers & Gurevych 2019)."""

from mindspore import nn, ops

from tasklab.nn.pooling import Pooling

PAIR_FEATURES = {
    "siamese": ("first", "second", "distance", "product"),  # as UER-py
    "sbert": ("first", "second", "distance"),  # the paper's best for classification
}
"""model.pair_encoding -> what the head sees of the texts' vectors u and v: u, v, |u - v|, u * v."""


class SiameseNetwork(nn.Cell):
    """head(features of u and v), u and v the pooled hidden states of two texts.

    One encoder reads all texts of a batch at once, first ones before second ones.
    Args:
        head: takes [B, len(features) * H].
        features: of "first", "second", "distance" and "product", in the order of the head's columns.
    Inputs:  input_ids, attention_mask, token_type_ids of the first texts, then of the second, each [B, S] int32.
    Returns: a tuple with the head's output.
    """

    def __init__(self, encoder: nn.Cell, head: nn.Cell, pooling: str, features: tuple[str, ...]):
        super().__init__()
        self.encoder, self.pooling, self.head = encoder, Pooling(pooling), head
        self.features = features

    def construct(self, first_ids, first_mask, first_types, second_ids, second_mask, second_types):
        B = first_ids.shape[0]
        mask = ops.cat((first_mask, second_mask))
        hidden = self.encoder(ops.cat((first_ids, second_ids)), mask, ops.cat((first_types, second_types)))
        pooled = self.pooling(hidden, mask)[:, 0]  # [2B, H]
        u, v = pooled[:B], pooled[B:]
        seen = {"first": u, "second": v, "distance": ops.abs(u - v), "product": u * v}
        return (self.head(ops.cat([seen[name] for name in self.features], axis=-1)),)
