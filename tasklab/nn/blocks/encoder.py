"""From token ids to hidden states: embeddings under a stack of layers of any kind."""

from mindspore import nn

from tasklab.nn.blocks.activations import activation
from tasklab.nn.blocks.dropout import Dropout


class Encoder(nn.Cell):
    """Embeddings, a projection where their size is another one, layers, and a norm where these end without one.

    layers: cells (x [B, S, H], mask [B, S]) -> [B, S, H]. dropout: of the states that come out.
    Inputs:  input_ids, attention_mask (1 = real token, before the padding), token_type_ids, each [B, S] int32. Where
        the layers know documents, their numbers from 1 may stand for the mask, and position_ids count in each of them.
    Returns: hidden [B, S, H]; rows of padded positions are meaningless.
    """

    def __init__(
        self, embeddings: nn.Cell, layers: list, projection: nn.Cell | None = None, norm: nn.Cell | None = None,
        pooler: nn.Cell | None = None, pooler_act: str = "tanh", dropout: float = 0.0,
    ):  # fmt: skip
        super().__init__()
        self.embeddings, self.projection = embeddings, projection
        self.take(layers)
        self.norm, self.dropout = norm, Dropout(dropout) if dropout else None
        self.pooler, self.pooler_act = pooler, activation(pooler_act)
        self.update_parameters_name()  # cells that share parameters have renamed them

    def take(self, layers: list):
        self.layers = nn.CellList(layers)

    def construct(self, input_ids, attention_mask, token_type_ids, position_ids=None):
        x = self.embeddings(input_ids, token_type_ids, position_ids)  # [B, S, E], E the embeddings' own size
        if self.projection is not None:
            x = self.projection(x)  # [B, S, H]
        x = self.climb(x, attention_mask)
        x = x if self.norm is None else self.norm(x)
        return x if self.dropout is None else self.dropout(x)

    def climb(self, x, mask):
        for layer in self.layers:
            x = layer(x, mask)
        return x

    def pool(self, hidden):
        """[B, H]: the first token's state, through the pooler where there is one."""
        first = hidden[:, 0]
        return first if self.pooler is None else self.pooler_act(self.pooler(first))


def share_parameters(source: nn.Cell, target: nn.Cell):
    """Makes `target`, built like `source`, use the parameters of `source` in place of its own."""
    for (_, theirs), (_, own) in zip(source.cells_and_names(), target.cells_and_names(), strict=True):
        for name, parameter in theirs.parameters_and_names(expand=False):
            own.insert_param_to_cell(name, parameter)
