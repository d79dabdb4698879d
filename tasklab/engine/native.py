"""A causal Transformer of ours as the kernels' decoder: from settings and weights by our names, without MindSpore."""

from collections.abc import Mapping

import numpy as np

from tasklab.config.model_section import ModelConfig
from tasklab.kernels import build
from tasklab.kernels.decoder import ACTIVATIONS, DecoderShape, NativeDecoder
from tasklab.nn.rotary import RopeScaling, rotary_tables

HEAD = "head.decoder."
"""Where a model that does not tie its words to their vectors keeps the matrix of the last product."""


def why_not(model: ModelConfig) -> str:
    """Why `native_decoder` cannot take this model on this machine, in one line; empty when it can."""
    if build.library() is None:
        return build.why_not()
    if (model.mask or model.encoder) not in ("gpt", "causal") or model.encoder not in ("gpt", "bert") or model.dual:
        return f"model.encoder {model.encoder} with model.mask {model.mask} is no causal Transformer"
    for wrong, told in (
        (not set(model.embeddings) <= {"word", "pos"}, f"model.embeddings is {model.embeddings}"),
        (model.embedding_size not in (None, model.hidden_size), f"model.embedding_size is {model.embedding_size}"),
        (model.relative_positions, "model.relative_positions is true"),
        (model.hidden_act not in ACTIVATIONS, f"model.hidden_act is {model.hidden_act}"),
    ):
        if wrong:
            return f"{told}, which the decoder's kernels lack"
    return ""


def native_decoder(model: ModelConfig, tensors: Mapping[str, np.ndarray], precision: str = "fp32") -> NativeDecoder:
    """The decoder with its weights; tensors: by our names, `encoder.` and `head.`, each read once and let go.

    precision: fp32, bf16 or int8, of the weights alone. Holds model.max_tokens tokens per slot.
    Raises: ValueError with `why_not`; KeyError, ValueError and MemoryError as NativeDecoder.
    """
    if why := why_not(model):
        raise ValueError(why)
    return NativeDecoder(shape_of(model), _Named(model, tensors), precision)


def shape_of(model: ModelConfig) -> DecoderShape:
    heads = model.num_attention_heads
    return DecoderShape(
        vocab_size=model.vocab_size, hidden_size=model.hidden_size, num_hidden_layers=model.num_hidden_layers,
        num_attention_heads=heads, num_key_value_heads=model.num_key_value_heads or heads,
        head_size=model.head_size or model.hidden_size // heads, intermediate_size=model.intermediate_size,
        positions=model.max_tokens, hidden_act=model.hidden_act, gated=model.feed_forward == "gated",
        rms=model.norm == "rms", norm_first=model.norm_position == "pre", embedding_norm=model.embedding_norm,
        learned_positions="pos" in model.embeddings, rotary=model.rotary, tied=model.tie_word_embeddings,
        eps=model.layer_norm_eps, score_scale=None if model.scale_attention else 1.0,
    )  # fmt: skip


def rotary_of(model: ModelConfig) -> tuple[np.ndarray, np.ndarray]:
    """Cosines and sines, each [max_tokens, head_size / 2]."""
    scaling = model.rope_scaling_factor and RopeScaling(
        model.rope_scaling_factor, model.rope_low_freq_factor, model.rope_high_freq_factor,
        model.rope_original_max_position_embeddings,
    )  # fmt: skip
    return rotary_tables(model.max_tokens, shape_of(model).head_size, model.rope_theta, scaling or None)


class _Named:
    """Our tensors by the names of the kernels' decoder."""

    def __init__(self, model: ModelConfig, tensors: Mapping[str, np.ndarray]):
        self.model, self.tensors = model, tensors

    def __contains__(self, name: str) -> bool:
        return self._ours(name) in self.tensors

    def __getitem__(self, name: str):
        if name in ("cosines", "sines"):
            return rotary_of(self.model)[name == "sines"]
        found = self.tensors[self._ours(name)]
        if getattr(found, "part", None) is None:  # all of it, once; what has parts is read by them
            found = np.asarray(found)
        if name != "embeddings.position.weight":
            return found
        return found[self.model.position_offset : self.model.position_offset + self.model.max_tokens]

    def _ours(self, name: str) -> str:
        return HEAD + name.removeprefix("vocabulary.") if name.startswith("vocabulary.") else "encoder." + name
