"""ALBERT (Lan et al. 2020): embeddings of their own, smaller size, and one layer's weights used at every depth.

Weights fit HuggingFace's AlbertModel and google-research/albert through the name tables in weights/.
"""

from mindspore import nn

from tasklab.encoders import ENCODERS
from tasklab.nn.activations import activation
from tasklab.nn.compat import dense
from tasklab.nn.embeddings import BertEmbeddings
from tasklab.nn.transformer import TransformerLayer


class AlbertEncoder(nn.Cell):
    """Embeddings of size E, a projection to H, and layers that share the weights of the first.

    Every layer is a cell, because dropouts belong to cells: at each depth they drop other values, see nn/dropout.py.
    Only `layer` holds weights; those of `repeats` are the same Parameter objects.

    Inputs:  input_ids, attention_mask (1 = real token), token_type_ids, each [B, S] int32.
    Returns: hidden [B, S, H]; rows of padded positions are meaningless.
    """

    def __init__(self, embeddings: nn.Cell, projection: nn.Cell, layers: list, pooler: nn.Cell | None = None):
        super().__init__()
        self.embeddings, self.projection = embeddings, projection
        self.layer = layers[0]
        for layer in layers[1:]:
            share_parameters(self.layer, layer)
        self.repeats = nn.CellList(layers[1:])
        if pooler is not None:
            self.pooler, self.tanh = pooler, activation("tanh")
        self.update_parameters_name()  # `repeats` has just renamed what it shares

    def construct(self, input_ids, attention_mask, token_type_ids):
        x = self.projection(self.embeddings(input_ids, token_type_ids))
        x = self.layer(x, attention_mask)
        for layer in self.repeats:
            x = layer(x, attention_mask)
        return x

    def pool(self, hidden):
        """[B, H]: the first token's state through the pooler, for networks built with one."""
        return self.tanh(self.pooler(hidden[:, 0]))


def share_parameters(source: nn.Cell, target: nn.Cell):
    """Makes `target`, built like `source`, use the parameters of `source` in place of its own."""
    for (_, theirs), (_, own) in zip(source.cells_and_names(), target.cells_and_names(), strict=True):
        for name, parameter in theirs.parameters_and_names(expand=False):
            own.insert_param_to_cell(name, parameter)


@ENCODERS.register("albert")
def albert(model, recompute: bool = False, fused: str = "", pooler: bool = False) -> AlbertEncoder:
    """Builds from the sizes in `model` (HuggingFace's names); the arguments are those of `bert`."""
    size = model.embedding_size or model.hidden_size
    embeddings = BertEmbeddings(
        model.vocab_size, size, model.max_position_embeddings, model.type_vocab_size,
        model.hidden_dropout_prob, model.layer_norm_eps, model.position_offset,
    )  # fmt: skip
    layers = [
        TransformerLayer(
            model.hidden_size, model.num_attention_heads, model.intermediate_size, model.hidden_act,
            model.hidden_dropout_prob, model.attention_probs_dropout_prob, model.layer_norm_eps,
            fused, recompute,
        )
        for _ in range(model.num_hidden_layers)
    ]  # fmt: skip
    pooler = dense(model.hidden_size, model.hidden_size) if pooler else None
    return AlbertEncoder(embeddings, dense(size, model.hidden_size), layers, pooler)
