"""A network of MindSpore's as a decoder of texts, where the kernels' decoder cannot have it."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import mindspore as ms
import numpy as np
from mindspore import Tensor, nn, ops

from tasklab.engine.step import CompileLog
from tasklab.nn.blocks.cached import CachedLayers, SourceKeys
from tasklab.nn.heads.prefix import PrefixNetwork

BLOCK = 32
"""Tokens whose keys and values lie together. A call computes all of one block, those that are not there yet too: so a
token meets the same shapes however the text came, and its numbers are the same bits."""
SHORTEST = 64
"""Places before the block in the first graph; each further one has twice as many. So too the tokens of a source."""


@dataclass
class _Text:
    """blocks: keys and values [L, 2, G, BLOCK, D] of all whole blocks. source: of what it answers, and its tokens.
    prefix: how many of its first tokens see each other."""

    tokens: list[int] = field(default_factory=list)
    blocks: list[Tensor] = field(default_factory=list)
    source: tuple[Tensor, Tensor] | None = None
    prefix: int = 0

    def cut(self, length: int) -> "_Text":
        return _Text(self.tokens[:length], self.blocks[: length // BLOCK], self.source, self.prefix)


class GraphDecoder:
    """As `generation.protocol.Decoder`.

    Texts are worked on one by one, in shapes that follow from the places of their tokens alone: so few graphs are
    compiled, and no text can depend on another one.

    Args: network: of the head `causal`, `seq2seq` or `prefix`.   max_length: tokens of a text, at most the positions.
    """

    def __init__(self, network: nn.Cell, max_length: int, compiles: CompileLog):
        self.step, self.compiles = NextWord(network, max_length).set_train(False), compiles
        self.prefix = isinstance(network, PrefixNetwork)
        self.reader = ReadSource(network).set_train(False) if self.step.answers else None
        self.vocab_size, self.max_length = network.head.words.shape[0], max_length
        self._texts: dict[int, _Text] = {}
        self._nothing = Tensor(np.zeros(self.step.block, np.float32))

    def read(self, slots: Sequence[int], sources: Sequence[Sequence[int]]):
        for slot, source in zip(slots, sources, strict=True):
            ids = np.zeros((1, min(_ladder(len(source)), self.max_length)), np.int32)
            ids[0, : len(source)] = source
            mask = (np.arange(ids.shape[1]) < len(source)).astype(np.int32)[None]
            keys = self._timed("source", self.reader, Tensor(ids), Tensor(mask))
            self._texts[slot] = _Text(source=(keys, Tensor(np.array([len(source)], np.int32))))

    def extend(self, slots: Sequence[int], tokens: Sequence[Sequence[int]]) -> np.ndarray:
        texts = [self._texts.setdefault(slot, _Text()) for slot in slots]
        return np.stack([self._extended(text, row) for text, row in zip(texts, tokens, strict=True)])

    def copy(self, sources: Sequence[int], targets: Sequence[int], lengths: Sequence[int]):
        texts = [self._texts.get(source, _Text()).cut(n) for source, n in zip(sources, lengths, strict=True)]
        self._texts |= dict(zip(targets, texts, strict=True))

    def cut(self, slots: Sequence[int], lengths: Sequence[int]):
        for slot, length in zip(slots, lengths, strict=True):
            self._texts[slot] = self._texts.get(slot, _Text()).cut(length) if length else _Text()

    def _extended(self, text: _Text, tokens) -> np.ndarray:
        """The logits [V] behind the last of these tokens."""
        if self.prefix and not text.tokens:
            self._begin(text, tokens)
        text.tokens += map(int, tokens)
        while True:
            start = len(text.blocks) * BLOCK
            ids = text.tokens[start : start + BLOCK]
            row = np.zeros((1, BLOCK), np.int32)
            row[0, : len(ids)] = ids
            past = text.blocks + [self._nothing] * (_ladder(start) // BLOCK - len(text.blocks))
            places = (Tensor(np.array([n], np.int32)) for n in (start, len(ids) - 1, text.prefix))
            logits, block = self._timed("decode", self.step, Tensor(row), *places, *(text.source or ()), *past)
            if len(ids) == BLOCK:
                text.blocks.append(block)
            if start + len(ids) == len(text.tokens):
                return logits.asnumpy()

    def _begin(self, text: _Text, tokens):
        """Reads what all tokens see as one block, and keeps the whole blocks before the one with its last token."""
        text.prefix, whole = len(tokens), (len(tokens) - 1) // BLOCK
        if not whole:
            return  # one block is all
        ids = np.zeros((1, min(_ladder(len(tokens)), self.max_length)), np.int32)
        ids[0, : len(tokens)] = tokens
        places = (Tensor(np.array([n], np.int32)) for n in (0, 0, len(tokens)))
        _, read = self._timed("source", self.step, Tensor(ids), *places, self._nothing)
        text.blocks += [read[:, :, :, n * BLOCK : (n + 1) * BLOCK] for n in range(whole)]

    def _timed(self, kind: str, cell: nn.Cell, *inputs: Tensor):
        return self.compiles.timed(kind, tuple(tensor.shape for tensor in inputs), lambda: cell(*inputs))


def _ladder(count: int) -> int:
    size = SHORTEST
    while size < count:
        size *= 2
    return size


class NextWord(nn.Cell):
    """ids [1, n], start [1], the place of its first token, last [1], of the last one that counts, prefix [1], how many
    of the text's first tokens all others see, all int32; of a decoder that answers what `ReadSource` gave and its
    tokens [1]; the blocks before -> (logits [V] behind `last`, keys and values of these tokens)."""

    def __init__(self, network: nn.Cell, max_length: int):
        super().__init__(auto_prefix=False)
        stack = getattr(network, "decoder", network.encoder)
        self.answers, self.head = stack is not network.encoder, network.head
        self.embeddings, self.norm, self.layers = stack.embeddings, stack.norm, CachedLayers(stack.layers)
        self.product, self.last_place = ops.MatMul(transpose_b=True), max_length - 1
        part = stack.layers[0].attention
        self.block = (len(stack.layers), 2, part.key_value_heads, BLOCK, part.head_size)

    def construct(self, ids, start, last, prefix, *given):
        source, source_length = (given[0], given[1]) if self.answers else (None, None)
        past = ops.concat(given[2 if self.answers else 0 :], axis=3)  # [L, 2, G, P, D]
        places = ops.arange(ids.shape[1]).astype(ms.int32) + start
        types = ops.logical_and(places >= prefix, prefix > 0).astype(ms.int32)[None]  # [1, n] 1 behind a source
        x = self.embeddings(ids, types, places.clip(0, self.last_place)[None])  # [1, n, H]
        x, own = self.layers(x, places, start, prefix, past, source, source_length)
        state = ops.gather(x[0], last, 0)  # [1, H]
        if self.norm is not None:
            state = self.norm(state)
        words = self.head.words
        logits = self.product((state * self.head.scale).astype(words.dtype), words).reshape((-1,))  # [V]
        return logits if self.head.bias is None else logits + self.head.bias, own


class ReadSource(nn.Cell):
    """input_ids, attention_mask [1, S] int32 -> what the decoder's layers see of a source [L, 2, G, S, D]."""

    def __init__(self, network: nn.Cell):
        super().__init__(auto_prefix=False)
        self.encoder, self.keys = network.encoder, SourceKeys(network.decoder.layers)

    def construct(self, input_ids, attention_mask):
        return self.keys(self.encoder(input_ids, attention_mask, ops.zeros_like(input_ids)))
