"""BERT (Devlin et al. 2019), and every model with its layers: RoBERTa (Liu et al. 2019), MiniLM, MacBERT, ...

Weights fit HuggingFace's BertModel and RobertaModel through the name tables in weights/.
"""

from mindspore import nn

from tasklab.encoders import ENCODERS
from tasklab.nn.activations import activation
from tasklab.nn.compat import dense
from tasklab.nn.embeddings import BertEmbeddings
from tasklab.nn.transformer import TransformerLayer


class BertEncoder(nn.Cell):
    """Embeddings and a stack of layers.

    Inputs:  input_ids, attention_mask (1 = real token), token_type_ids, each [B, S] int32.
    Returns: hidden [B, S, H]; rows of padded positions are meaningless.
    """

    def __init__(self, embeddings: nn.Cell, layers: list, pooler: nn.Cell | None = None):
        super().__init__()
        self.embeddings = embeddings
        self.layers = nn.CellList(layers)
        if pooler is not None:
            self.pooler, self.tanh = pooler, activation("tanh")

    def construct(self, input_ids, attention_mask, token_type_ids):
        x = self.embeddings(input_ids, token_type_ids)
        for layer in self.layers:
            x = layer(x, attention_mask)
        return x

    def pool(self, hidden):
        """[B, H]: the first token's state through the pooler, for networks built with one."""
        return self.tanh(self.pooler(hidden[:, 0]))


@ENCODERS.register("bert")
def bert(model, recompute: bool = False, fused: str = "", pooler: bool = False) -> BertEncoder:
    """Builds from the sizes in `model` (HuggingFace's names); weights are 0 until loaded or initialized.

    Args:
        recompute: keep only the layers' inputs for the backward pass and compute the rest again.
        fused: run each layer as one kernel with products of this precision, "fp32" or "bf16"; "" does not.
        pooler: add the Dense that `pool` needs.
    """
    embeddings = BertEmbeddings(
        model.vocab_size, model.hidden_size, model.max_position_embeddings, model.type_vocab_size,
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
    return BertEncoder(embeddings, layers, dense(model.hidden_size, model.hidden_size) if pooler else None)
