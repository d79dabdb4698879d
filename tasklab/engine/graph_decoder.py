"""A causal network of MindSpore's as a decoder of texts, where the kernels' decoder cannot have it."""

from collections.abc import Sequence

import numpy as np
from mindspore import nn, ops

from tasklab.engine.step import CompileLog, forward

SHORTEST = 64
"""Padded length of the first graph; each further one is for twice as many tokens."""


class GraphDecoder:
    """As `generation.protocol.Decoder`. Texts are kept as tokens, and read anew from their beginning for each token.

    They are read one by one, padded to a length that follows from their own: so few graphs are compiled, and the
    logits of a text cannot depend on another one.

    Args: network: of the head `causal`.   max_length: tokens of a text, at most the positions of the network.
    """

    def __init__(self, network: nn.Cell, vocab_size: int, max_length: int, compiles: CompileLog):
        self.next_word, self.compiles = NextWord(network), compiles
        self.vocab_size, self.max_length = vocab_size, max_length
        self._texts: dict[int, list[int]] = {}

    def extend(self, slots: Sequence[int], tokens: Sequence[Sequence[int]]) -> np.ndarray:
        for slot, row in zip(slots, tokens, strict=True):
            self._texts[slot] = [*self._texts.get(slot, []), *map(int, row)]
        return np.stack([self._logits(self._texts[slot]) for slot in slots])

    def copy(self, sources: Sequence[int], targets: Sequence[int], lengths: Sequence[int]):
        taken = [self._texts[source][:length] for source, length in zip(sources, lengths, strict=True)]
        self._texts |= dict(zip(targets, taken, strict=True))

    def cut(self, slots: Sequence[int], lengths: Sequence[int]):
        for slot, length in zip(slots, lengths, strict=True):
            self._texts[slot] = self._texts.get(slot, [])[:length]

    def _logits(self, text: list[int]) -> np.ndarray:
        size, count = SHORTEST, len(text)
        while size < count:
            size *= 2
        ids = np.zeros((1, min(size, self.max_length)), np.int32)
        ids[0, :count] = text
        places = np.arange(ids.shape[1], dtype=np.int32)[None]
        own = (places < count).astype(np.int32)  # documents: the text is 1, padding 0
        batch = {"input_ids": ids, "documents": own, "position_ids": places * own,
                 "last": np.array([count - 1], np.int32)}  # fmt: skip
        return forward(self.next_word, batch, self.compiles)[0]


class NextWord(nn.Cell):
    """input_ids, documents, position_ids [1, S] int32, last [1] int32 -> (logits [V] behind the token at `last`,)."""

    inputs = ("input_ids", "documents", "position_ids", "last")

    def __init__(self, network: nn.Cell):
        super().__init__(auto_prefix=False)
        self.encoder, self.head = network.encoder, network.head
        self.product = ops.MatMul(transpose_b=True)

    def construct(self, input_ids, documents, position_ids, last):
        hidden = self.encoder(input_ids, documents, ops.zeros_like(input_ids), position_ids)  # [1, S, H]
        state = ops.gather(hidden[0], last, 0)  # [1, H]
        return (self.product(state.astype(self.head.words.dtype), self.head.words).reshape((-1,)),)
