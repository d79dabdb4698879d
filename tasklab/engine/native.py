"""A Transformer of ours that tells next words as the kernels' decoder: from settings and weights by our names, without
MindSpore."""

from collections.abc import Mapping

import numpy as np

from tasklab.config.model_section import ModelConfig
from tasklab.kernels import build
from tasklab.kernels.activations import ACTIVATIONS
from tasklab.kernels.decoder import NativeDecoder
from tasklab.kernels.decoder_shape import ENCODER, DecoderShape
from tasklab.nn.places import buckets, sinusoids
from tasklab.nn.rotary import RopeScaling, rotary_tables

CAUSAL, SEQ2SEQ, PREFIX = "causal", "seq2seq", "prefix"
"""The heads of such networks."""

_KINDS = {
    CAUSAL: (("gpt", "bert"), "causal Transformer"), SEQ2SEQ: (("bert",), "encoder of a decoder's"),
    PREFIX: (("gpt", "bert"), "Transformer that reads a source"),
}  # fmt: skip


def why_not(model: ModelConfig, head: str = CAUSAL) -> str:
    """Why `native_decoder` cannot take this model on this machine, in one line; empty when it can."""
    if build.library() is None:
        return build.why_not()
    encoders, kind = _KINDS[head]
    sight = CAUSAL if model.causal else PREFIX if model.mask == PREFIX else SEQ2SEQ
    if sight != head or model.encoder not in encoders or model.dual:
        return f"model.encoder {model.encoder} with model.mask {model.mask} is no {kind}"
    for wrong, setting in (
        ("seg" in model.embeddings and head == SEQ2SEQ, f"model.embeddings is {model.embeddings}"),
        ("seg" in model.embeddings and model.type_vocab_size < 2, f"model.type_vocab_size is {model.type_vocab_size}"),
        (model.embedding_size not in (None, model.hidden_size), f"model.embedding_size is {model.embedding_size}"),
        (model.hidden_act not in ACTIVATIONS, f"model.hidden_act is {model.hidden_act}"),
    ):
        if wrong:
            return f"{setting}, which the decoder's kernels lack"
    return ""


def native_decoder(
    model: ModelConfig, tensors: Mapping[str, np.ndarray], precision: str = "fp32", head: str = CAUSAL
) -> NativeDecoder:
    """The decoder with its weights; tensors: by our names, `encoder.`, `decoder.` and `head.`, each read once and let
    go.

    precision: fp32, bf16 or int8, of the weights alone. Holds model.max_tokens tokens per slot.
    Raises: ValueError with `why_not`; KeyError, ValueError and MemoryError as NativeDecoder.
    """
    if why := why_not(model, head):
        raise ValueError(why)
    return NativeDecoder(shape_of(model, head), _Named(model, head, tensors), precision)


def shape_of(model: ModelConfig, head: str = CAUSAL) -> DecoderShape:
    heads, layers, waves = model.num_attention_heads, model.num_hidden_layers, "sinusoidal" in model.embeddings
    two = head == SEQ2SEQ
    return DecoderShape(
        vocab_size=model.decoder_vocab_size or model.vocab_size, hidden_size=model.hidden_size,
        num_hidden_layers=(model.num_decoder_layers or layers) if two else layers, num_attention_heads=heads,
        num_key_value_heads=model.num_key_value_heads or heads, head_size=model.head_size or model.hidden_size // heads,
        intermediate_size=model.intermediate_size, positions=model.max_tokens, hidden_act=model.hidden_act,
        gated=model.feed_forward == "gated", rms=model.norm == "rms", norm_first=model.norm_position == "pre",
        embedding_norm=model.embedding_norm, learned_positions="pos" in model.embeddings or waves, rotary=model.rotary,
        tied=model.tie_word_embeddings, eps=model.layer_norm_eps, score_scale=None if model.scale_attention else 1.0,
        reach=model.relative_attention_max_distance if model.relative_positions else None,
        embedding_scale=model.hidden_size**0.5 if waves or model.scale_embedding else 1.0,
        output_scale=model.hidden_size**-0.5 if model.scale_decoder_outputs else 1.0,
        encoder_layers=layers if two else None,
        source_vocab_size=model.vocab_size if two and model.decoder_vocab_size else None, prefix=head == PREFIX,
        token_types="seg" in model.embeddings,
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

    def __init__(self, model: ModelConfig, head: str, tensors: Mapping[str, np.ndarray]):
        self.model, self.tensors, self.words_apart = model, tensors, bool(model.decoder_vocab_size)
        self.stack = "decoder." if head == SEQ2SEQ else "encoder."

    def __contains__(self, name: str) -> bool:
        return self._ours(name) in self.tensors

    def __getitem__(self, name: str):
        part = name.removeprefix(ENCODER)
        if part in ("cosines", "sines"):
            return rotary_of(self.model)[part == "sines"]
        if part == "distances":
            both_ways = part != name or self.model.mask == PREFIX  # a source sees what stands behind
            return self._distances(name.replace(part, "layers.0.attention.positions.weight"), both_ways)
        if part == "embeddings.position.weight":
            return self._positions(name)
        if part == "embeddings.token_type.weight":
            return self._read(name)[:2]
        return self._read(name)

    def _ours(self, name: str) -> str:
        if name.startswith("vocabulary."):
            return "head.decoder.weight" if name.endswith(".weight") else "head.bias"
        if name.startswith(ENCODER) or name == "embeddings.word.weight" and not self.words_apart:
            return "encoder." + name.removeprefix(ENCODER)
        return self.stack + name

    def _read(self, name: str):
        tensor = self.tensors[self._ours(name)]
        if getattr(tensor, "part", None) is None:  # all of it, once; what has parts is read by them
            tensor = np.asarray(tensor)
        return tensor

    def _positions(self, name: str) -> np.ndarray:
        """Learned vectors from position_offset on, waves, or their sum: [max_tokens, H]."""
        model, vectors = self.model, 0
        if "pos" in model.embeddings:
            vectors = np.asarray(self._read(name)[model.position_offset : model.position_offset + model.max_tokens])
        if "sinusoidal" in model.embeddings:
            vectors = vectors + sinusoids(model.max_tokens, model.hidden_size)
        return vectors

    def _distances(self, name: str, both_ways: bool) -> np.ndarray:
        """[heads, 2 reach + 1], of keys from `reach` before their query to `reach` behind it."""
        count, reach = self.model.relative_attention_num_buckets, self.model.relative_attention_max_distance
        learned = np.asarray(self._read(name), np.float32)  # [buckets, heads]
        return learned[buckets(np.arange(-reach, reach + 1), both_ways, count, reach)].T
