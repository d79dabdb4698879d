"""Adapters beside every encoder: the network computes and learns what one with the merged weights would."""

import mindspore as ms
import numpy as np
import pytest
from mindspore import ParameterTuple, Tensor, nn
from small_encoders import batch, built, model

from tasklab import kernels
from tasklab.adapted import adapt
from tasklab.config import Config, LoraConfig
from tasklab.encoders import ENCODERS, build_encoder
from tasklab.engine.rates import freeze
from tasklab.engine.step import CompileLog, GradientStep
from tasklab.errors import ConfigError
from tasklab.networks import NETWORKS
from tasklab.nn.blocks.decoder import FusedBlocksLayer
from tasklab.nn.blocks.dropout import bind_dropout
from tasklab.nn.compat import Dense
from tasklab.nn.heads.network import TaskNetwork
from tasklab.nn.init import initialize
from tasklab.nn.losses.causal import CausalLoss

DENSE = [name for name in ENCODERS.names() if name not in ("cnn", "gatedcnn")]
"""Those that have Denses in their layers: all but convolutions alone."""
NEEDS_KERNELS = pytest.mark.skipif(not kernels.available(), reason="fused kernels do not run here")
KERNELS = pytest.mark.parametrize("kernels", ["off", pytest.param("auto", marks=NEEDS_KERNELS)])
SCALE = 6 / 2


def whole(name, **more) -> TaskNetwork:
    return TaskNetwork(built(name, **more), nn.Cell(auto_prefix=False)).set_train(False)


def adapted(rng, name, **more) -> tuple[TaskNetwork, dict]:
    """A network with adapters of random values, and W + scale B A in float64 by the names of the weights."""
    network, merged = whole(name, **more), {}
    adapt(network, LoraConfig(rank=2, alpha=6.0, targets=["all"], modules_to_save=[]), seed=1)
    for path, parameter in network.parameters_and_names():
        if path.endswith(".lora.b"):
            parameter.set_data(Tensor(rng.standard_normal(parameter.shape).astype(np.float32)))
    for path, dense in network.cells_and_names():
        if isinstance(dense, Dense) and dense.lora is not None:
            w, a, b = (p.asnumpy().astype(np.float64) for p in (dense.weight, dense.lora.a, dense.lora.b))
            merged[f"{path}.weight"] = (w + SCALE * b @ a).astype(np.float32)
    return network, merged


def with_weights(network, merged):
    parameters = dict(network.parameters_and_names())
    for path in parameters.keys() & merged.keys():
        parameters[path].set_data(Tensor(merged[path]))
    return network


@pytest.mark.parametrize("name", DENSE)
def test_a_network_computes_what_the_merged_weights_do(name, rng, run):
    network, merged = adapted(rng, name)
    assert merged
    inputs = batch(rng)
    seen = inputs[1].astype(bool)
    expected = run(with_weights(whole(name), merged).encoder, *inputs)[seen]
    np.testing.assert_allclose(run(network.encoder, *inputs)[seen], expected, atol=3e-4, rtol=3e-4)


@KERNELS
@pytest.mark.parametrize("name", ["bert", "gpt", "albert"])
def test_adapters_learn_what_the_gradient_of_the_merged_weight_says(name, kernels, rng):
    still = {"attention_probs_dropout_prob": 0.0}
    network, merged = adapted(rng, name, kernels=kernels, **still)
    plain = with_weights(whole(name, kernels="off", **still), merged)
    inputs = [Tensor(array) for array in batch(rng)]
    seen = Tensor(rng.random((2, 6, 8), np.float32) * inputs[1].asnumpy()[:, :, None])
    for each in (network, plain):
        bind_dropout(each)
    for _, parameter in network.parameters_and_names():
        parameter.requires_grad = ".lora." in parameter.name
    freeze(network, {})

    def gradients(of):
        learning = ParameterTuple(of.trainable_params())
        found = ms.grad(lambda *columns: (of.encoder(*columns) * seen).sum(), None, learning)(*inputs)
        return {p.name: grad.asnumpy() for p, grad in zip(learning, found, strict=True)}

    network.set_train(True), plain.set_train(True)
    of_adapters, of_weights = gradients(network), gradients(plain)
    assert all(".lora." in path for path in of_adapters) and len(of_adapters) >= 12
    values = {path: p.asnumpy().astype(np.float64) for path, p in network.parameters_and_names()}
    for path in of_adapters:
        dense, _, matrix = path.partition(".lora.")
        dw = of_weights[f"{dense}.weight"]  # d(W + s B A): dA = s B' dW, dB = s dW A'
        other = values[f"{dense}.lora.{'b' if matrix == 'a' else 'a'}"]
        expected = SCALE * (other.T @ dw if matrix == "a" else dw @ other.T)
        np.testing.assert_allclose(of_adapters[path], expected, atol=2e-3 * np.abs(expected).max() + 1e-6, err_msg=path)


def test_of_equal_seeds_adapters_start_equal_and_change_nothing(rng, run):
    one, other, plain = whole("gpt"), whole("gpt"), whole("gpt")
    for network in (one, other):
        adapt(network, LoraConfig(rank=3), seed=5)
    starts = [{n: p.asnumpy() for n, p in each.parameters_and_names() if ".lora." in n} for each in (one, other)]
    assert sorted(starts[0]) == sorted(
        f"encoder.layers.{i}.attention.{dense}.lora.{m}" for i in (0, 1) for dense in ("query", "value") for m in "ab"
    )
    for name, value in starts[0].items():
        np.testing.assert_array_equal(value, starts[1][name])
        # as peft: kaiming_uniform_(a=sqrt(5)), which is uniform within 1 / sqrt(in), for A; 0 for B
        assert (np.abs(value).max() <= 8**-0.5 and value.std() > 0.1) if name.endswith("a") else not value.any()
    inputs = batch(rng)
    np.testing.assert_array_equal(run(one.encoder, *inputs), run(plain.encoder, *inputs))


def test_what_a_dense_reads_is_dropped_for_the_adapter_alone(rng, run):
    network = whole("gpt")
    adapt(network, LoraConfig(rank=2, dropout=0.5), seed=1)
    dense = network.encoder.layers[0].attention.query
    bind_dropout(network).set_data(Tensor(7, ms.int32))
    dense.lora.b.set_data(Tensor(rng.standard_normal(dense.lora.b.shape).astype(np.float32)))
    x = rng.standard_normal((4, 50, 8)).astype(np.float32)
    plain = x @ dense.weight.asnumpy().T + dense.bias.asnumpy()
    a, b = dense.lora.a.asnumpy(), dense.lora.b.asnumpy()
    dense.set_train(True)
    kept = run(dense.lora.dropout, x)
    assert set(np.unique(np.round(kept / x, 4))) == {0, 2}
    np.testing.assert_allclose(run(dense, x), plain + 8 * (kept @ a.T) @ b.T, atol=1e-4)  # 16 / 2


@pytest.mark.parametrize(
    "config, told",
    [
        (dict(targets=["q_proj"]), r"no Dense of this network is called q_proj; there are intermediate, key, output"),
        (dict(targets=["query", "valu"]), "no Dense of this network is called valu;"),
    ],
)
def test_a_target_that_is_not_there_is_refused(config, told):
    with pytest.raises(ConfigError, match=f"lora.targets: {told}"):
        adapt(whole("bert"), LoraConfig(rank=2, **config), seed=1)


def test_a_target_may_be_more_words_and_parts_that_are_trained_whole_get_none():
    network = whole("bert")
    config = LoraConfig(rank=2, targets=["attention.output", "intermediate"], modules_to_save=["layers.1"])
    adapt(network, config, seed=1)
    found = {name.partition(".lora.")[0] for name, _ in network.parameters_and_names() if ".lora." in name}
    assert found == {"encoder.layers.0.attention.output", "encoder.layers.0.feed_forward.intermediate"}


@NEEDS_KERNELS
@pytest.mark.parametrize("name", ["bert", "albert", "gpt"])
def test_layers_that_leave_out_gradients_compute_what_the_others_do(name, rng):
    inputs, found = [Tensor(array) for array in batch(rng)], []
    seen = inputs[1].asnumpy().astype(bool)
    for lora in (LoraConfig(), LoraConfig(rank=2)):
        config = Config(model=model(name, attention_probs_dropout_prob=0.3), lora=lora)
        network = TaskNetwork(build_encoder(config), nn.Cell(auto_prefix=False))
        initialize(network, seed=0, std=0.3)
        bind_dropout(network).set_data(Tensor(5, ms.int32))  # they drop the same values too
        found.append(network.set_train(True).encoder(*inputs).asnumpy()[seen])
        spare = [cell for _, cell in network.cells_and_names() if isinstance(cell, FusedBlocksLayer)]
        assert len(spare) == (2 if lora.rank else 0)
    np.testing.assert_allclose(found[1], found[0], atol=1e-5)


@NEEDS_KERNELS
@pytest.mark.slow
@pytest.mark.parametrize("dropout", [0.0, 0.4])
def test_a_decoder_whose_words_stand_still_learns_alike_on_kernels_and_without(dropout, rng):
    ids = rng.integers(1, 11, (2, 6)).astype(np.int32)
    columns = {
        "input_ids": ids, "documents": np.ones_like(ids), "position_ids": np.tile(np.arange(6, dtype=np.int32), (2, 1)),
        "target_ids": np.roll(ids, -1, 1), "sample_weight": np.ones(2, np.float32),
    }  # fmt: skip
    ms.set_context(mode=ms.GRAPH_MODE)
    found = []
    for run_on in ("off", "auto"):
        tiny = model("gpt", attention_probs_dropout_prob=0.0)
        lora = LoraConfig(rank=2, targets=["all"], dropout=dropout, modules_to_save=[])
        network = NETWORKS.get("causal")(Config(model=tiny, kernels=run_on, lora=lora))
        assert run_on == "off" or any(isinstance(cell, FusedBlocksLayer) for _, cell in network.cells_and_names())
        initialize(network, seed=0, std=0.3)
        adapt(network, lora, seed=1)
        for path, parameter in network.parameters_and_names():
            parameter.requires_grad = ".lora." in path
            if path.endswith(".lora.b"):
                parameter.set_data(Tensor(np.full(parameter.shape, 0.1, np.float32)))
        freeze(network, {})
        step = GradientStep(network, CausalLoss(), CompileLog())
        loss, weight, grads = step.run(columns, 0)
        found.append((loss / weight, {p.name: grad.asnumpy() for p, grad in zip(step.parameters, grads, strict=True)}))
    (loss, expected), (fused_loss, fused) = found
    assert fused_loss == pytest.approx(loss, abs=1e-5) and len(expected) == 24  # A and B of 6 Denses in 2 layers
    for name, gradient in expected.items():
        np.testing.assert_allclose(fused[name], gradient, atol=1e-4 * np.abs(gradient).max() + 1e-6, err_msg=name)
