"""Runs weights in tasklab's own network on a fixed input, so that two sets of weights can be compared by logits."""

from __future__ import annotations

import gc

import mindspore as ms
import numpy as np
from mindspore import Tensor, nn, ops

from tasklab import kernels
from tasklab.config import Config, ModelConfig
from tasklab.encoders import ENCODERS, build_encoder
from tasklab.encoders.decoder import decoder_of
from tasklab.errors import ConfigError
from tasklab.nn.compat import dense
from tasklab.nn.heads.causal import CausalHead, WordScores
from tasklab.nn.heads.classes import ClassificationHead
from tasklab.nn.heads.crf import CRF
from tasklab.nn.heads.pretraining import MaskedWords
from tasklab.nn.heads.siamese import PAIR_FEATURES, SiameseNetwork
from tasklab.nn.heads.spans import TwoLayers
from tasklab.weights.ledger import STRICT, plan, settle

ROWS, TOKENS = 2, 12


class Heads(nn.Cell):
    """Every head that the weights have: hidden [B, S, H] and pooled [B, H] or None -> name -> logits."""

    def __init__(self, model: ModelConfig, shapes: dict, words: ms.Parameter):
        super().__init__()
        self.heads = [name for name in ("output", "classifier", "nsp") if f"head.{name}.weight" in shapes]
        for name in self.heads:
            made = TwoLayers if f"head.{name}.transform.weight" in shapes else dense
            setattr(self, name, made(model.hidden_size, shapes[f"head.{name}.weight"][0]))
        if "head.mlm.bias" in shapes:
            tied = "head.mlm.decoder.weight" not in shapes
            self.mlm = MaskedWords(model.hidden_size, words, model.hidden_act, model.layer_norm_eps, tied)
        if "head.decoder.weight" in shapes:
            self.decoder = dense(model.hidden_size, shapes["head.decoder.weight"][0], False)
        if "head.crf.transitions" in shapes:
            self.crf = CRF(shapes["head.crf.transitions"][0])

    def construct(self, hidden, pooled):
        outputs = {"hidden states": hidden}
        if pooled is not None:
            outputs["pooled state"] = pooled
        for name in self.heads:
            outputs[name] = getattr(self, name)(hidden if pooled is None or name == "output" else pooled)
        if hasattr(self, "mlm"):
            outputs["masked words"] = self.mlm(hidden)
        if hasattr(self, "decoder"):
            outputs["next words"] = self.decoder(hidden)
        if hasattr(self, "crf"):
            outputs["pairs of tags"] = self.crf(1)[0]
        return outputs


class Probe(nn.Cell):
    """Encoder and heads as the names of the weights ask for them."""

    def __init__(self, model: ModelConfig, shapes: dict):
        super().__init__()
        self.pooled = "encoder.pooler.weight" in shapes
        fused = "fp32" if kernels.available() else ""
        self.encoder = ENCODERS.get(model.encoder)(model, pooler=self.pooled, fused=fused)
        self.head = Heads(model, shapes, self.encoder.embeddings.word.weight)

    def construct(self, input_ids, attention_mask, token_type_ids):
        hidden = self.encoder(input_ids, attention_mask, token_type_ids)
        return self.head(hidden, self.encoder.pool(hidden) if self.pooled else None)


class TwoTexts(SiameseNetwork):
    """Two encoders and what compares their vectors; the second text of each row is the first one of another row."""

    def __init__(self, model: ModelConfig, shapes: dict):
        compared = PAIR_FEATURES[model.pair_encoding]
        head = ClassificationHead(len(compared) * model.hidden_size, shapes["head.classifier.weight"][0], 0.0)
        super().__init__(build_encoder(Config.create(model=model)), head, model.pooled, compared)

    def construct(self, input_ids, attention_mask, token_type_ids):
        pairs = [ops.stack((one, one.flip((0,))), axis=1) for one in (input_ids, attention_mask, 0 * token_type_ids)]
        return {"classifier": super().construct(*pairs)[0]}


class TwoStacks(nn.Cell):
    """Encoder, decoder and head as the names of the weights ask for them; the source is the target too."""

    def __init__(self, model: ModelConfig, shapes: dict):
        super().__init__()
        self.encoder = ENCODERS.get(model.encoder)(model, fused="fp32" if kernels.available() else "")
        own = "decoder.embeddings.word.weight" in shapes
        self.decoder = decoder_of(model, None if own else self.encoder.embeddings.word.weight)
        scale = model.hidden_size**-0.5 if model.scale_decoder_outputs else 1.0
        self.head = CausalHead(
            self.decoder.embeddings.word.weight, "head.decoder.weight" not in shapes, WordScores(),
            bias="head.bias" in shapes, scale=scale,
        )  # fmt: skip

    def construct(self, input_ids, attention_mask, token_type_ids):
        states = self.encoder(input_ids, attention_mask, token_type_ids)
        hidden = self.decoder(input_ids, attention_mask, states, attention_mask)
        return {"hidden states": hidden, "next words": self.head(hidden, input_ids)[0] * attention_mask}


def _network(model: ModelConfig, shapes: dict) -> nn.Cell:
    if any(name.startswith("encoder.first.") for name in shapes):
        return TwoTexts(model, shapes)
    return (TwoStacks if any(name.startswith("decoder.") for name in shapes) else Probe)(model, shapes)


def logits(model: ModelConfig, tensors: dict) -> dict[str, np.ndarray]:
    """What the weights (tasklab's names -> tensors) compute for the probe, a fixed input; padding left out.

    Raises: CheckpointError when the network has not exactly these weights.
    """
    length = min(TOKENS, model.max_tokens)
    rng = np.random.default_rng(0)
    mask = (np.arange(length) < [[length], [max(1, length - 4)]]).astype(np.int32)
    words = min(model.vocab_size, model.decoder_vocab_size or model.vocab_size)
    ids = rng.integers(0, words, (ROWS, length)).astype(np.int32)
    types = (np.arange(length) >= length // 2) * mask if model.type_vocab_size > 1 else np.zeros_like(mask)
    mode = ms.get_context("mode")
    ms.set_context(mode=ms.PYNATIVE_MODE)  # a graph would take seconds to compile, for one step
    try:
        network = _network(model, {name: tuple(tensor.shape) for name, tensor in tensors.items()}).set_train(False)
        _load(network, tensors)
        outputs = network(Tensor(ids), Tensor(mask), Tensor(types.astype(np.int32)))
        arrays = {name: output.asnumpy().copy() for name, output in outputs.items()}
        del network, outputs
        gc.collect()  # cells refer to each other: without it the next network would stand beside this one
    finally:
        ms.set_context(mode=mode)
    return {name: array[mask == 1] if array.ndim == 3 else array for name, array in arrays.items()}


def check(model: ModelConfig, tensors: dict, source: str) -> None:
    """Raises: CheckpointError, ConfigError when the network cannot be built, or has not exactly these weights."""
    if problems := [message for _, message in model.problems()]:
        raise ConfigError(f"{source}: {problems[0]}")
    network = _network(model, {name: tuple(tensor.shape) for name, tensor in tensors.items()})
    shapes = {name: parameter.shape for name, parameter in network.parameters_and_names()}
    settle(plan(shapes, _probed(tensors, shapes)), STRICT, source)
    del network
    gc.collect()


def _load(network: nn.Cell, tensors: dict) -> None:
    """As `load_into`, but the arrays that are read become the parameters' memory: a large model is held once."""
    parameters = dict(network.parameters_and_names())
    shapes = {name: parameter.shape for name, parameter in parameters.items()}
    settle(plan(shapes, _probed(tensors, shapes)), STRICT, "to compare")
    for name, parameter in parameters.items():
        array = np.ascontiguousarray(tensors[name], np.float32)
        parameter.set_data(Tensor.from_numpy(array if array.flags.writeable else array.copy()))


def _probed(tensors: dict, shapes: dict) -> dict:
    """Without the weights of heads that the probe does not have, a plug-in's: their own network reads them strictly."""
    return {name: tensor for name, tensor in tensors.items() if name in shapes or not name.startswith("head.")}
