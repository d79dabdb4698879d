"""ALBERT (Lan et al. 2020): embeddings of their own, smaller size, and one layer's weights used at every depth.

Weights fit HuggingFace's AlbertModel and google-research/albert through the name tables in weights/.
"""

from mindspore import nn

from tasklab.encoders import encoder
from tasklab.encoders.parts import ATTENTION, SIZES, embedding_size, embeddings, transformer_layers
from tasklab.nn.compat import dense
from tasklab.nn.encoder import Encoder


class AlbertEncoder(Encoder):
    """An Encoder whose layers share the weights of the first.

    Every layer is a cell, because dropouts belong to cells: at each depth they drop other values, see nn/dropout.py.
    Only `layer` holds weights; those of `repeats` are the same Parameter objects.
    """

    def __init__(self, *parts, pooler: nn.Cell | None = None):
        super().__init__(*parts, pooler=pooler)
        self.update_parameters_name()  # `repeats` has just renamed what it shares

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


def share_parameters(source: nn.Cell, target: nn.Cell):
    """Makes `target`, built like `source`, use the parameters of `source` in place of its own."""
    for (_, theirs), (_, own) in zip(source.cells_and_names(), target.cells_and_names(), strict=True):
        for name, parameter in theirs.parameters_and_names(expand=False):
            own.insert_param_to_cell(name, parameter)


@encoder("albert", settings=ATTENTION, needs=SIZES)
def albert(model, recompute: bool = False, fused: str = "", pooler: bool = False) -> AlbertEncoder:
    """Builds from the sizes in `model` (HuggingFace's names); the arguments are those of `bert`."""
    size = model.hidden_size
    return AlbertEncoder(
        embeddings(model), transformer_layers(model, fused, recompute), dense(embedding_size(model), size),
        pooler=dense(size, size) if pooler else None,
    )  # fmt: skip
