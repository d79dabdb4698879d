"""An encoder and a decoder as one network: how probable each next word of the target is, given the source."""

from mindspore import nn, ops


class Seq2SeqNetwork(nn.Cell):
    """Parameters are named encoder.*, decoder.* and head.*.

    S tokens of the source, T of the target.
    Inputs: input_ids, attention_mask [B, S]; decoder_input_ids, target_attention_mask, target_ids, the next word, -1
        where none is asked for, [B, T]; int32 all of them.
    Returns: as `CausalHead`, each [B, T].
    """

    inputs = ("input_ids", "attention_mask", "decoder_input_ids", "target_attention_mask", "target_ids")
    axes = ("rows", "tokens")

    def __init__(self, encoder: nn.Cell, decoder: nn.Cell, head: nn.Cell):
        super().__init__()
        self.encoder, self.decoder, self.head = encoder, decoder, head

    def construct(self, input_ids, attention_mask, decoder_input_ids, target_attention_mask, target_ids):
        states = self.encoder(input_ids, attention_mask, ops.zeros_like(input_ids))  # [B, S, H]
        hidden = self.decoder(decoder_input_ids, target_attention_mask, states, attention_mask)  # [B, T, H]
        return self.head(hidden, target_ids)
