"""Blocks put together: T5's and GPT-2's layers against transformers (tests/fixtures/make_blocks_reference.py)."""

import re
from pathlib import Path

import mindspore as ms
import numpy as np
import pytest
from mindspore import Tensor
from small_encoders import batch, built

from tasklab import kernels
from tasklab.config import Config, ModelConfig
from tasklab.encoders import build_encoder
from tasklab.errors import ConfigError
from tasklab.kernels.decoder_layer import FusedDecoderLayer
from tasklab.kernels.ops import FusedEncoderLayer

SIZES = {
    "vocab_size": 30, "hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 24,
    "max_position_embeddings": 40, "hidden_dropout_prob": 0.0, "embedding_norm": False, "norm_position": "pre",
    "hidden_act": "gelu_new",
}  # fmt: skip
T5 = {
    **SIZES, "embeddings": ["word"], "norm": "rms", "layer_norm_eps": 1e-6, "feed_forward": "gated",
    "relative_positions": True, "relative_attention_num_buckets": 8, "relative_attention_max_distance": 12,
    "scale_attention": False, "use_bias": False,
}  # fmt: skip
GPT2 = {**SIZES, "encoder": "gpt", "embeddings": ["word", "pos"], "layer_norm_eps": 1e-5}
# transformers -> ours; {} is the layer
T5_NAMES = {
    "layer.0.SelfAttention.q": "attention.query", "layer.0.SelfAttention.k": "attention.key",
    "layer.0.SelfAttention.v": "attention.value", "layer.0.SelfAttention.o": "attention.output",
    "layer.0.SelfAttention.relative_attention_bias": "attention.positions", "layer.0.layer_norm": "attention_norm",
    "layer.1.DenseReluDense.wi_0": "feed_forward.gate", "layer.1.DenseReluDense.wi_1": "feed_forward.intermediate",
    "layer.1.DenseReluDense.wo": "feed_forward.output", "layer.1.layer_norm": "feed_forward_norm",
}  # fmt: skip
GPT2_NAMES = {
    "ln_1": "attention_norm", "ln_2": "feed_forward_norm", "attn.c_proj": "attention.output",
    "mlp.c_fc": "feed_forward.intermediate", "mlp.c_proj": "feed_forward.output",
}  # fmt: skip
GRAPH = pytest.param(ms.GRAPH_MODE, marks=pytest.mark.slow)
BOTH_MODES = pytest.mark.parametrize("mode", [GRAPH, ms.PYNATIVE_MODE], ids=["graph", "pynative"])


@pytest.fixture(scope="module")
def reference():
    with np.load(Path(__file__).parents[1] / "fixtures" / "blocks_reference.npz") as file:
        return dict(file)


def t5_weights(stored):
    for key, value in stored.items():
        name, part = re.sub(r"^encoder\.", "", key).rsplit(".", 1)
        if block := re.match(r"block\.(\d)\.(.*)", name):
            yield f"layers.{block[1]}.{T5_NAMES[block[2]]}.{part}", value
        else:
            yield {"shared": "embeddings.word", "final_layer_norm": "norm"}[name] + f".{part}", value


def gpt2_weights(stored):
    for key, value in stored.items():
        name, part = key.rsplit(".", 1)
        if not (block := re.match(r"h\.(\d)\.(.*)", name)):
            yield {"wte": "embeddings.word", "wpe": "embeddings.position", "ln_f": "norm"}[name] + f".{part}", value
        elif block[2] == "attn.c_attn":
            for ours, third in zip(("query", "key", "value"), np.split(value, 3, axis=-1), strict=True):
                yield f"layers.{block[1]}.attention.{ours}.{part}", third.T
        else:
            yield f"layers.{block[1]}.{GPT2_NAMES[block[2]]}.{part}", value.T


@BOTH_MODES
@pytest.mark.parametrize("name, model, weights", [("t5", T5, t5_weights), ("gpt2", GPT2, gpt2_weights)])
def test_blocks_put_together_equal_transformers(reference, run, name, model, weights, mode):
    ms.set_context(mode=mode)
    network = build_encoder(Config(model=ModelConfig(**model))).set_train(False)
    parameters = dict(network.parameters_and_names())
    stored = {k.removeprefix(f"{name}:"): v for k, v in reference.items() if k.startswith(f"{name}:")}
    expected = stored.pop("hidden")
    for key, value in weights(stored):
        parameter = parameters.pop(key)
        assert parameter.shape == value.shape and parameter.name == key
        parameter.set_data(Tensor(np.ascontiguousarray(value)))
    assert not parameters  # T5's layers share the table of the first
    ids, mask = reference["input_ids"], reference["attention_mask"]
    real = mask == 1
    hidden = run(network, ids, mask, np.zeros_like(ids))
    np.testing.assert_allclose(hidden[real], expected[real], atol=2e-5)


LOOKING_BACK = {
    **{name: {} for name in ("rnn", "lstm", "gru", "cnn", "gatedcnn", "rcnn", "crnn", "gpt")},
    "bert": {"mask": "causal"}, "albert": {"mask": "causal", "relative_positions": True}, "attn": {"mask": "causal"},
}  # fmt: skip


@pytest.mark.parametrize("name", LOOKING_BACK)
def test_what_follows_changes_nothing_for_an_encoder_that_looks_back(rng, run, name):
    network, inputs = built(name, **LOOKING_BACK[name]), batch(rng)
    before = run(network, *inputs)
    inputs[0][0, 3] = inputs[0][0, 3] % 10 + 1  # another word at the fourth token
    changed = np.abs(run(network, *inputs) - before)[0].max(axis=1) > 1e-6
    assert changed.tolist()[:4] == [False, False, False, True]


@pytest.mark.parametrize(
    "changes, kernel",
    [
        ({}, FusedEncoderLayer), ({"mask": "causal"}, FusedEncoderLayer),
        ({"mask": "full", "relative_attention_num_buckets": 16}, FusedEncoderLayer),
        *(
            (changes, FusedDecoderLayer)
            for changes in (
                {"norm": "rms"}, {"norm_position": "pre"}, {"feed_forward": "gated"}, {"use_bias": False},
                {"scale_attention": False}, {"rotary": True}, {"num_key_value_heads": 1}, {"head_size": 4},
                {"qkv_bias": False}, {"relative_positions": True},
            )
        ),
        ({"hidden_act": "tanh"}, None),
    ],
)  # fmt: skip
@pytest.mark.skipif(not kernels.available(), reason="fused kernels do not run here")
def test_layers_run_as_one_kernel_where_there_is_one(changes, kernel):
    model = ModelConfig(**{**SIZES, "norm_position": "post", **changes})
    network = build_encoder(Config(model=model))
    kinds = (FusedEncoderLayer, FusedDecoderLayer)
    found = [type(cell) for _, cell in network.cells_and_names() if isinstance(cell, kinds)]
    assert found == [kernel] * 2 if kernel else found == []


@pytest.mark.skipif(not kernels.available(), reason="fused kernels do not run here")
def test_the_kernel_of_gpt_s_layers_answers_as_the_operators_do(rng, run):
    ids, mask, types = batch(rng)
    expected, got = (run(built("gpt", kernels=choice), ids, mask, types)[mask == 1] for choice in ("off", "auto"))
    np.testing.assert_allclose(got, expected, atol=1e-5)


def test_bfloat16_is_refused_for_blocks_without_a_kernel():
    config = Config(model=ModelConfig(**{**T5, "hidden_act": "tanh"}), precision="bf16")
    with pytest.raises(ConfigError, match="precision = bf16: encoder 'bert' with these blocks has no kernel for it"):
        build_encoder(config)


def test_sinusoidal_positions_stand_in_for_learned_ones(rng, run):
    network, inputs = built("bert", embeddings=["word", "sinusoidal"]), batch(rng)
    names = [name for name, _ in network.embeddings.parameters_and_names()]
    assert names == ["word.weight", "norm.weight", "norm.bias"]
    inputs[0][0, :2] = 5  # one word at two places
    hidden = run(network, *inputs)
    assert np.abs(hidden[0, 0] - hidden[0, 1]).max() > 1e-3


@pytest.mark.parametrize(
    "changes, message",
    [
        ({"embeddings": ["pos"]}, "model.embeddings is .'pos'.; expected word, and what is added to it, each once"),
        ({"embeddings": ["word", "seg", "seg"]}, "model.embeddings is .*; expected word"),
        (
            {"embeddings": ["word", "sinusoidal"], "embedding_size": 7},
            "sinusoidal positions need an even number of values, at least 4, but word vectors have 7",
        ),
        (
            {"relative_positions": True, "relative_attention_max_distance": 16},
            "model.relative_attention_max_distance 16 has to be more than half of model.relative_attention_num_buckets",
        ),
        ({"relative_attention_num_buckets": 16}, "16 changes nothing without model.relative_positions; set"),
        ({"dual": "tied", "pair_encoding": "cosine"}, "model.dual tied makes vectors of first and of second texts"),
    ],
)
def test_blocks_that_do_not_go_together_are_refused(changes, message):
    assert any(re.search(message, text) for _, text in ModelConfig(hidden_size=8, **changes).problems())
