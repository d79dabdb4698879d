"""Networks that tell the next word: against a NumPy forward in float64 and the logits of transformers and UER-py."""

import json
import re
from pathlib import Path

import mindspore as ms
import numpy as np
import pytest
from decoder_forward import logits
from mindspore import Tensor
from small_encoders import built

from tasklab import kernels
from tasklab.config import Config, ModelConfig
from tasklab.engine.step import CompileLog, GradientStep
from tasklab.errors import ConfigError
from tasklab.networks import NETWORKS
from tasklab.nn.init import initialize
from tasklab.nn.losses.causal import CausalLoss

SIZES = {
    "encoder": "gpt", "vocab_size": 11, "hidden_size": 8, "num_hidden_layers": 2, "num_attention_heads": 4,
    "intermediate_size": 12, "max_position_embeddings": 16, "hidden_dropout_prob": 0.0,
    "attention_probs_dropout_prob": 0.0, "embedding_norm": False, "norm_position": "pre", "layer_norm_eps": 1e-5,
}  # fmt: skip
GPT2 = {**SIZES, "embeddings": ["word", "pos"], "hidden_act": "gelu_new"}
LLAMA = {
    **SIZES, "embeddings": ["word"], "norm": "rms", "feed_forward": "gated", "hidden_act": "silu", "use_bias": False,
    "rotary": True,
}  # fmt: skip
SCALED = {
    "rope_scaling_factor": 8.0, "rope_theta": 500.0, "rope_original_max_position_embeddings": 64,
    "rope_high_freq_factor": 4.0,
}  # fmt: skip
NETWORKS_OF = {
    "gpt2": GPT2, "post": {**GPT2, "norm_position": "post"}, "llama": LLAMA,
    "grouped": {**LLAMA, "num_key_value_heads": 2}, "one key": {**LLAMA, "num_key_value_heads": 1},
    "head_size": {**LLAMA, "num_attention_heads": 3, "head_size": 6}, "scaled": {**LLAMA, **SCALED},
    "qwen2": {**LLAMA, "num_key_value_heads": 2, "qkv_bias": True},
    "untied": {**LLAMA, "tie_word_embeddings": False},
}  # fmt: skip
EVERY = pytest.mark.parametrize("name", NETWORKS_OF)
GRAPH = pytest.param(ms.GRAPH_MODE, marks=pytest.mark.slow)
BOTH_MODES = pytest.mark.parametrize("mode", [GRAPH, ms.PYNATIVE_MODE], ids=["graph", "pynative"])
# two documents and padding; one
DOCUMENTS = np.array([[1, 1, 1, 2, 2, 2, 2, 0], [1, 1, 1, 1, 1, 1, 0, 0]], np.int32)
PLACES = np.array([[0, 1, 2, 0, 1, 2, 3, 0], [0, 1, 2, 3, 4, 5, 0, 0]], np.int32)


def network(model, choice="off"):
    built = NETWORKS.get("causal")(Config(model=ModelConfig(**model), kernels=choice))
    initialize(built, seed=0, std=0.4)
    for name, parameter in built.parameters_and_names():
        if name.endswith("bias"):
            values = np.linspace(-0.3, 0.3, parameter.size).astype(np.float32)
            parameter.set_data(Tensor(values.reshape(parameter.shape)))
    return built.set_train(False)


def weights(network):
    return {name: parameter.asnumpy() for name, parameter in network.parameters_and_names()}


def told(model, tensors, ids, targets):
    """Log-probabilities [B, S] by NumPy, 0 where the target is -1."""
    scores = logits(model, tensors, ids)
    every = scores - np.log(np.exp(scores - scores.max(-1, keepdims=True)).sum(-1, keepdims=True))
    every -= scores.max(-1, keepdims=True)
    chosen = np.take_along_axis(every, targets.clip(0)[..., None], -1)[..., 0]
    return np.where(targets >= 0, chosen, 0)


@BOTH_MODES
@EVERY
def test_packed_documents_equal_each_alone_in_float64(rng, run, name, mode):
    ms.set_context(mode=mode)
    built = network(NETWORKS_OF[name])
    ids = rng.integers(0, 11, DOCUMENTS.shape).astype(np.int32)
    targets = np.where(DOCUMENTS > 0, rng.integers(0, 11, DOCUMENTS.shape), -1).astype(np.int32)
    targets[0, 1] = -1
    (found,) = run(built, ids, DOCUMENTS, PLACES, targets)
    model, tensors = ModelConfig(**NETWORKS_OF[name]), weights(built)
    for row, number in ((0, 1), (0, 2), (1, 1)):
        own = DOCUMENTS[row] == number
        expected = told(model, tensors, ids[row][own][None], targets[row][own][None])
        np.testing.assert_allclose(found[row][own], expected[0], atol=1e-5)
    assert (found[DOCUMENTS == 0] == 0).all() and found[0, 1] == 0


@pytest.mark.skipif(not kernels.available(), reason="fused kernels do not run here")
@EVERY
def test_kernels_of_a_decoder_learn_as_the_operators_do(rng, name):
    """Loss and all gradients of packed documents, dropout included: the same values are dropped."""
    model = {**NETWORKS_OF[name], "hidden_dropout_prob": 0.2, "attention_probs_dropout_prob": 0.2}
    ids = rng.integers(0, 11, DOCUMENTS.shape).astype(np.int32)
    targets = np.where(DOCUMENTS > 0, rng.integers(0, 11, DOCUMENTS.shape), -1).astype(np.int32)
    batch = {
        "input_ids": ids, "documents": DOCUMENTS, "position_ids": PLACES, "target_ids": targets,
        "sample_weight": np.ones(len(ids), np.float32),
    }  # fmt: skip
    found = []
    for choice in ("off", "auto"):
        built = network(model, choice)
        step = GradientStep(built, CausalLoss(), CompileLog())
        loss, count, grads = step.run(batch, seed=5)
        found.append((loss, count, {p.name: g.asnumpy() for p, g in zip(step.parameters, grads, strict=True)}))
    (expected, count, theirs), (got, same, ours) = found
    assert got == pytest.approx(expected, rel=1e-5) and count == same == 13
    for name, gradient in theirs.items():
        np.testing.assert_allclose(ours[name], gradient, atol=1e-4, err_msg=name)


@EVERY
def test_every_weight_of_a_decoder_has_a_gradient(rng, name):
    built = network(NETWORKS_OF[name])
    ids, targets = (Tensor(rng.integers(0, 11, DOCUMENTS.shape).astype(np.int32)) for _ in range(2))

    def loss(*inputs):
        return built(*inputs)[0].sum()

    parameters = built.trainable_params()
    grads = ms.grad(loss, None, ms.ParameterTuple(parameters))(ids, Tensor(DOCUMENTS), Tensor(PLACES), targets)
    still = [p.name for p, g in zip(parameters, grads, strict=True) if not np.abs(g.asnumpy()).max()]
    assert [name for name in still if not name.endswith("key.bias")] == []


def test_smoothed_labels_have_the_mean_over_all_words_too(rng, run):
    config = Config(model=ModelConfig(**LLAMA), kernels="off")
    config.loss.label_smoothing = 0.1
    built = NETWORKS.get("causal")(config)
    initialize(built, seed=0, std=0.4)
    ids = rng.integers(0, 11, (1, 5)).astype(np.int32)
    outputs = run(built.set_train(False), ids, np.ones_like(ids), np.arange(5, dtype=np.int32)[None], ids)
    scores = logits(config.model, weights(built), ids)
    every = scores - np.log(np.exp(scores).sum(-1, keepdims=True))
    np.testing.assert_allclose(outputs[1], every.mean(-1), atol=1e-5)


@pytest.fixture(scope="module")
def reference():
    with np.load(Path(__file__).parents[1] / "fixtures" / "decoders_reference.npz") as file:
        return dict(file)


@pytest.mark.parametrize(
    "case", ["gpt2", "gpt2_untied", "llama", "llama_tied", "llama_scaled", "mistral", "qwen2", "uer", "uer_untied"]
)
def test_log_probabilities_are_those_of_the_programs(case, reference, tmp_path, run):
    from tasklab.convert.loaded import read_model
    from tasklab.weights.files import TensorFile
    from tasklab.weights.source import source_at, weights_in

    start = f"{case}:weight:"
    own = {key.removeprefix(start): value for key, value in reference.items() if key.startswith(start)}
    TensorFile({key: np.asarray(value, np.float32) for key, value in own.items()})(tmp_path / "model.safetensors")
    (tmp_path / "config.json").write_text(json.dumps(json.loads(str(reference[f"{case}:config"]))))
    found = read_model(source_at(str(tmp_path), weights_in(tmp_path)))
    built = NETWORKS.get("causal")(Config(model=found.description.model, kernels="off"))
    parameters = dict(built.parameters_and_names())
    assert parameters.keys() == set(found.weights)
    for name, value in found.weights.items():
        parameters[name].set_data(Tensor(np.ascontiguousarray(np.asarray(value), np.float32)))
    ids = reference["ids"].astype(np.int32)
    targets = np.roll(ids, -1, axis=1)
    documents, places = np.ones_like(ids), np.tile(np.arange(ids.shape[1], dtype=np.int32), (len(ids), 1))
    (told,) = run(built.set_train(False), ids, documents, places, targets)
    scores = reference[f"{case}:logits"].astype(np.float64)
    every = scores - np.log(np.exp(scores).sum(-1, keepdims=True))
    np.testing.assert_allclose(told, np.take_along_axis(every, targets[..., None], -1)[..., 0], atol=1e-4)


@pytest.mark.parametrize("changes", [{}, {"num_key_value_heads": 2}, {"head_size": 6}], ids=str)
def test_rotary_and_grouped_queries_serve_every_encoder_of_attention(rng, run, changes):
    for name in ("bert", "gpt", "albert", "attn"):
        encoder = built(name, num_attention_heads=4, rotary=True, **changes)
        ids = rng.integers(1, 11, (2, 6)).astype(np.int32)
        mask = np.array([[1] * 6, [1, 1, 1, 0, 0, 0]], np.int32)
        together = run(encoder, ids, mask, np.zeros_like(ids))
        alone = run(encoder, ids[1:, :3], mask[1:, :3], np.zeros_like(ids[1:, :3]))
        np.testing.assert_allclose(together[1, :3], alone[0], atol=1e-5)


@pytest.mark.parametrize(
    "model, message",
    [
        ({**GPT2, "mask": "full"}, "encoder 'gpt' with mask full does not tell each token from those before it; take"),
        ({**SIZES, "encoder": "lstm"}, "encoder 'lstm' with its layers does not tell"),
        ({**GPT2, "dual": "tied"}, "encoder 'gpt' with dual tied does not tell"),
        ({**GPT2, "embedding_size": 4}, "model.embedding_size is 4; words are told by vectors of hidden_size 8"),
    ],
)  # fmt: skip
def test_networks_that_cannot_tell_the_next_word_are_refused(model, message):
    if model["encoder"] == "lstm":
        model = {key: value for key, value in model.items() if key not in (
            "num_attention_heads", "intermediate_size", "attention_probs_dropout_prob", "norm_position"
        )}  # fmt: skip
    with pytest.raises(ConfigError, match=re.escape(message)):
        network(model)


@pytest.mark.parametrize(
    "changes, message",
    [
        ({"num_attention_heads": 4, "num_key_value_heads": 3}, "4 is not a multiple of model.num_key_value_heads 3"),
        ({"rotary": True, "head_size": 3}, "model.rotary turns pairs of values, but a head has 3; expected an even"),
        ({"rotary": True, "num_attention_heads": 8}, "model.rotary turns pairs of values, but a head has 1"),
        ({"rope_scaling_factor": 2.0, "rope_low_freq_factor": 4.0}, "low_freq_factor 4.0 has to be less than"),
    ],
)
def test_heads_that_do_not_fit_are_refused(changes, message):
    assert any(message in text for _, text in ModelConfig(hidden_size=8, **changes).problems())


def test_settings_of_turns_that_do_not_turn_are_idle():
    idle = list(ModelConfig(rope_theta=5e5, rope_high_freq_factor=8.0).idle())
    assert idle == [
        ("model.rope_theta", "model.rotary", "set that to true"),
        ("model.rope_high_freq_factor", "model.rope_scaling_factor", "set that too"),
    ]
