"""One stack that reads a source and goes on with what answers it: how probable each next word of the answer is."""

import mindspore as ms
from mindspore import nn, ops


class PrefixNetwork(nn.Cell):
    """Every token sees all of the source, and of the answer what stands before it (Dong et al. 2019, section 2.3).

    S tokens of the source, T of the target, L = S + T - 1. Inputs and output are those of `Seq2SeqNetwork`, but for the
    decoder's first token: the words behind it are told by the source's last one, which it stands for.
    """

    inputs = ("input_ids", "attention_mask", "decoder_input_ids", "target_attention_mask", "target_ids")
    axes = ("rows", "tokens")

    def __init__(self, encoder: nn.Cell, head: nn.Cell):
        super().__init__()
        self.encoder, self.head = encoder, head

    def construct(self, input_ids, attention_mask, decoder_input_ids, target_attention_mask, target_ids):
        (B, S), T = input_ids.shape, decoder_input_ids.shape[1]
        L, sizes = S + T - 1, attention_mask.sum(axis=1, keepdims=True).astype(ms.int32)  # [B, 1] of the sources
        places = ops.tile(ops.arange(L).astype(ms.int32)[None], (B, 1))  # [B, L]
        # the answer follows on the last real token of its source, and padding stands behind both
        source, behind = places < sizes, places - ops.tile(sizes, (1, L)) + S  # [B, L]
        at = ops.select(source, places, behind.clip(0, L - 1))
        ids = ops.gather_elements(ops.concat((input_ids, decoder_input_ids[:, 1:]), axis=1), 1, at)
        real = ops.gather_elements(ops.concat((attention_mask, target_attention_mask[:, 1:]), axis=1), 1, at)
        real = real * (behind < L).astype(ms.int32)
        documents = ops.select(source, -real, real)  # one in each row, its source below 0
        hidden = self.encoder(ids, documents, (documents > 0).astype(ms.int32), places)  # [B, L, H]
        first = sizes - 1 + (ops.arange(B).astype(ms.int32) * L).reshape((B, 1))  # [B, 1] among all rows' tokens
        places = (ops.tile(first, (1, T)) + ops.tile(ops.arange(T).astype(ms.int32)[None], (B, 1))).reshape((-1,))
        states = ops.gather(hidden.reshape((B * L, -1)), places.clip(0, B * L - 1), 0)  # [B * T, H]
        return self.head(states.reshape((B, T, -1)), target_ids)
