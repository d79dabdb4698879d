"""Heads of pre-training: masked words (Devlin et al. 2019, section 3.1), next sentence, sentence order (ALBERT)."""

import mindspore as ms
from mindspore import nn, ops

from tasklab.nn.blocks.activations import activation
from tasklab.nn.blocks.norm import LayerNorm
from tasklab.nn.compat import dense, parameter
from tasklab.nn.heads.network import INPUTS


class MaskedWords(nn.Cell):
    """Scores every piece of the vocabulary with the word embeddings themselves as the last matrix.

    tied: false gives it a matrix of its own, of the same shape.
    Inputs:  hidden [..., H]; to save time, only the rows whose word is asked for.   Returns: logits [..., V].
    """

    def __init__(self, hidden_size: int, words: ms.Parameter, act: str = "gelu", eps: float = 1e-12, tied: bool = True):
        super().__init__()
        vocab_size, size = words.shape  # size is the embeddings' own in ALBERT
        self.transform = dense(hidden_size, size)
        self.act = activation(act)
        self.norm = LayerNorm(size, eps)
        self.bias = parameter((vocab_size,), "bias")
        self.product, self.add_bias = ops.MatMul(transpose_b=True), ops.BiasAdd()
        self.decoder = None if tied else Decoder(vocab_size, size)
        # past Cell.__setattr__, which would rename it: it is a weight of the encoder
        object.__setattr__(self, "words", words if tied else self.decoder.weight)

    def construct(self, hidden):
        x = self.norm(self.act(self.transform(hidden)))  # [..., E], E the size of the word vectors
        logits = self.add_bias(self.product(x.reshape((-1, x.shape[-1])), self.words), self.bias)
        return logits.reshape((*hidden.shape[:-1], -1))


class Decoder(nn.Cell):
    """Holds the matrix [V, E] of words that are not told by their own vectors."""

    def __init__(self, vocab_size: int, size: int):
        super().__init__()
        self.weight = parameter((vocab_size, size), "weight")


class LanguageModelHead(nn.Cell):
    """hidden [B, S, H], mask (not needed) -> logits [B, S, V]."""

    def __init__(self, mlm: MaskedWords):
        super().__init__()
        self.mlm = mlm

    def construct(self, hidden, mask):
        return self.mlm(hidden)


class PretrainingHead(nn.Cell):
    """Masked words, and whether the second text follows the first (BERT) or the two are in order (ALBERT).

    Inputs:  hidden [B, S, H]; pooled [B, H].
    Returns: logits [B, S, V]; [B, 2], the first column is for yes.
    """

    def __init__(self, mlm: MaskedWords, hidden_size: int):
        super().__init__()
        self.mlm, self.nsp = mlm, dense(hidden_size, 2)

    def construct(self, hidden, pooled):
        return self.mlm(hidden), self.nsp(pooled)


class MaskedWordNetwork(nn.Cell):
    """Encoder and head, which looks at the masked places only: a row of the vocabulary's length for every token would
    cost most of the time and of the memory.

    Args:
        head: `LanguageModelHead`, or with `pairs`, for which the encoder is built with its pooler, `PretrainingHead`.
    Inputs:  input_ids, attention_mask, token_type_ids [B, S]; masked_positions [B, M], int32 all of them.
    Returns: a tuple of logits [B, M, V] and, with `pairs`, logits [B, 2], the first column is for yes.
    """

    inputs, axes = (*INPUTS, "masked_positions"), ("rows", "tokens")

    def __init__(self, encoder: nn.Cell, head: nn.Cell, pairs: bool):
        super().__init__()
        self.encoder, self.head, self.pairs = encoder, head, pairs

    def construct(self, input_ids, attention_mask, token_type_ids, masked_positions):
        hidden = self.encoder(input_ids, attention_mask, token_type_ids)  # [B, S, H]
        B, S, H = hidden.shape
        first = ops.arange(0, B * S, S).astype(ms.int32)[:, None]  # [B, 1] where each row begins in [B * S, H]
        masked = ops.gather(hidden.reshape((-1, H)), (masked_positions + first).reshape(-1), 0)
        masked = masked.reshape((*masked_positions.shape, H))  # [B, M, H]
        if self.pairs:
            return self.head(masked, self.encoder.pool(hidden))
        return (self.head(masked, attention_mask),)
