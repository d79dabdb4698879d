"""BERT (Devlin et al. 2019), and every model with its layers: RoBERTa (Liu et al. 2019), MiniLM, MacBERT, ...

Weights fit HuggingFace's BertModel and RobertaModel through the name tables in weights/. With other blocks the layers
become those of GPT (tokens see what is before them), GPT-2 (norms first) or T5 (relative positions, gated, RMS norms).
"""

from tasklab.encoders import encoder
from tasklab.encoders.components import LAYER, POSITIONS, encoder_of, final_norm, transformer_layers
from tasklab.nn.blocks.encoder import Encoder


@encoder("bert", "gpt", settings=(*LAYER, *POSITIONS), needs=("num_attention_heads", "intermediate_size"))
def bert(
    model, recompute: bool = False, fused: str = "", pooler: bool = False, packed: bool = False, frozen: bool = False
) -> Encoder:
    """Builds from the sizes in `model` (HuggingFace's names); weights are 0 until loaded or initialized.

    Args:
        recompute: keep only the layers' inputs for the backward pass and compute the rest again.
        fused: run each layer as one kernel with products of this precision, "fp32" or "bf16"; "" does not.
        pooler: add the Dense that `pool` needs.
        packed: rows may hold several documents, see `transformer_layers`.
        frozen: some of the weights will stand still: kernels are those that leave out gradients of weights.
    """
    layers = transformer_layers(model, fused, recompute, packed, frozen)
    return encoder_of(model, layers, pooler, project=True, norm=final_norm(model))
