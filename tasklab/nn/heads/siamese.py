"""Two texts through one encoder or two, each on its own, then compared (UER-py; Reimers & Gurevych 2019)."""

from mindspore import nn, ops

from tasklab.nn.blocks.dual import DualEncoder
from tasklab.nn.blocks.pooling import Pooling
from tasklab.nn.heads.network import INPUTS

PAIR_FEATURES = {
    "siamese": ("first", "second", "distance", "product"),  # as UER-py
    "sbert": ("first", "second", "distance"),  # the paper's best for classification
}
"""model.pair_encoding -> what the head sees of the texts' vectors u and v: u, v, |u - v|, u * v."""


class SiameseNetwork(nn.Cell):
    """head(features of u and v), u and v the pooled hidden states of two texts.

    Args:
        encoder: one for both texts, or a `DualEncoder`, which has no vector of a single text.
        head: takes [B, len(features) * H].
        features: of "first", "second", "distance" and "product", in the order of the head's columns.
    Inputs:  input_ids, attention_mask, token_type_ids, each [B, 2, S] int32; or [B, S] for single texts.
    Returns: a tuple with the head's output; of single texts with their vectors [B, H], for `compare`.
    """

    inputs, axes = INPUTS, ("rows", "texts", "tokens")

    def __init__(self, encoder: nn.Cell, head: nn.Cell, pooling: str, features: tuple[str, ...]):
        super().__init__()
        self.encoder, self.pooling, self.head = encoder, Pooling(pooling), head
        self.features, self.dual = features, isinstance(encoder, DualEncoder)

    def construct(self, input_ids, attention_mask, token_type_ids):
        rows = (-1, input_ids.shape[-1])
        mask = attention_mask.reshape(rows)
        if self.dual:
            hidden = self.encoder.apart(input_ids, attention_mask, token_type_ids)  # [B, 2, S, H]
            hidden = hidden.reshape((*mask.shape, -1))
        else:
            hidden = self.encoder(input_ids.reshape(rows), mask, token_type_ids.reshape(rows))  # [2 B, S, H]
        pooled = self.pooling(hidden, mask)[:, 0]  # [2 B, H]
        if input_ids.ndim == 2:
            return (pooled,)
        pooled = pooled.reshape((input_ids.shape[0], 2, -1))  # [B, 2, H]
        return (self.compare(pooled[:, 0], pooled[:, 1]),)

    def compare(self, u, v):
        """The head's output for vectors u and v [B, H]."""
        seen = {"first": u, "second": v, "distance": ops.abs(u - v), "product": u * v}
        return self.head(ops.cat([seen[name] for name in self.features], axis=-1))
