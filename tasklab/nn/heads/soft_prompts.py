"""Learned vectors in place of words: p-tuning (Liu et al. 2021), with the encoders of its section 3."""

import mindspore as ms
import numpy as np
from mindspore import Tensor, nn, ops

from tasklab.nn.blocks.recurrent import BothWays, RecurrentLayer
from tasklab.nn.compat import dense, parameter
from tasklab.nn.heads.pretraining import LanguageModelHead, MaskedWordNetwork


class PromptEncoder(nn.Cell):
    """Vectors [T, E], learned as they are, or behind what lets them depend on one another.

    Args:
        kind: embedding; mlp, two Dense with a ReLU between; lstm, two layers that read both ways, and then the same.
    """

    def __init__(self, kind: str, count: int, size: int):
        super().__init__()
        self.weight = parameter((count, size), "weight")
        self.deep, self.count = kind != "embedding", count
        self.recurrent = nn.CellList([_both_ways(size) for _ in range(2)] if kind == "lstm" else [])
        if self.deep:
            self.inner, self.outer = dense(size, size), dense(size, size)
        self.there = Tensor(np.ones((1, count), np.int32))

    def construct(self):
        x = self.weight
        if len(self.recurrent):
            x = x[None]  # [1, T, E]
            for layer in self.recurrent:
                x = layer(x, self.there)
            x = x[0]
        return self.outer(ops.relu(self.inner(x))) if self.deep else x


def _both_ways(size: int) -> BothWays:
    ahead = RecurrentLayer("lstm", size, size // 2)
    return BothWays(ahead, RecurrentLayer("lstm", size, size - size // 2))


class SoftEmbedding(nn.Cell):
    """ids of any shape -> rows of `weight` [V, E], and from V on the vectors of a prompt that another cell owns."""

    def __init__(self, weight: ms.Parameter, prompt: PromptEncoder):
        super().__init__()
        self.weight = weight
        object.__setattr__(self, "prompt", prompt)  # past Cell.__setattr__: its weights are of the head

    def construct(self, ids):
        size = self.weight.shape[0]
        soft = (ids >= size).astype(ms.float32).expand_dims(-1)  # [..., 1]
        words = ops.gather(self.weight, ids.clip(0, size - 1), 0)  # [..., E]
        learned = ops.gather(self.prompt(), (ids - size).clip(0, None), 0)
        return words * (1 - soft) + learned * soft


class SoftPromptNetwork(MaskedWordNetwork):
    """A network of masked words whose rows may hold ids V, V + 1, ... of `prompt`. Its weights are head.prompt.*."""

    def __init__(self, encoder: nn.Cell, head: LanguageModelHead, prompt: PromptEncoder):
        super().__init__(encoder, head, pairs=False)
        head.prompt = prompt
        encoder.embeddings.word = SoftEmbedding(encoder.embeddings.word.weight, prompt)
