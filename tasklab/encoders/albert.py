"""ALBERT (Lan et al. 2020): embeddings of their own, smaller size, and one layer's weights used at every depth.

Weights fit HuggingFace's AlbertModel and google-research/albert through the name tables in weights/.
"""

from mindspore import nn

from tasklab.encoders import encoder
from tasklab.encoders.components import LAYER, POSITIONS, embedding_size, embeddings, final_norm, transformer_layers
from tasklab.nn.blocks.encoder import Encoder, share_parameters
from tasklab.nn.compat import dense


class AlbertEncoder(Encoder):
    """An Encoder whose layers share the weights of the first.

    Every layer is a cell, because dropouts belong to cells: at each depth they drop other values (blocks/dropout.py).
    Only `layer` holds weights; those of `repeats` are the same Parameter objects.
    """

    def take(self, layers):
        self.layer = layers[0]
        for layer in layers[1:]:
            share_parameters(self.layer, layer)
        self.repeats = nn.CellList(layers[1:])

    def climb(self, x, mask):
        x = self.layer(x, mask)
        for layer in self.repeats:
            x = layer(x, mask)
        return x


@encoder("albert", settings=(*LAYER, *POSITIONS), needs=("num_attention_heads", "intermediate_size"))
def albert(
    model, recompute: bool = False, fused: str = "", pooler: bool = False, packed: bool = False, frozen: bool = False
) -> AlbertEncoder:
    """Builds from the sizes in `model` (HuggingFace's names); the arguments are those of `bert`."""
    size = model.hidden_size
    return AlbertEncoder(
        embeddings(model), transformer_layers(model, fused, recompute, packed, frozen),
        dense(embedding_size(model), size), final_norm(model), pooler=dense(size, size) if pooler else None,
        pooler_act=model.pooler_act, dropout=model.final_dropout_prob,
    )  # fmt: skip
