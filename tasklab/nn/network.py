"""An encoder and a head as one network; its parameters are named encoder.* and head.*."""

from mindspore import nn


class TaskNetwork(nn.Cell):
    """head(encoder(input_ids, attention_mask, token_type_ids), attention_mask), each input [B, S] int32."""

    def __init__(self, encoder: nn.Cell, head: nn.Cell):
        super().__init__()
        self.encoder, self.head = encoder, head

    def construct(self, input_ids, attention_mask, token_type_ids):
        return self.head(self.encoder(input_ids, attention_mask, token_type_ids), attention_mask)
