"""BERT against transformers (tests/fixtures/make_bert_reference.py), and what padding and dropout may change."""

import os
from pathlib import Path

import mindspore as ms
import numpy as np
import pytest
from mindspore import ParameterTuple, Tensor, nn

from tasklab import kernels
from tasklab.cachedir import cache_dir
from tasklab.config import ModelConfig
from tasklab.encoders import ENCODERS
from tasklab.nn.blocks.dropout import Dropout, bind_dropout
from tasklab.nn.heads.network import TaskNetwork
from tasklab.nn.heads.spans import QuestionAnsweringHead
from tasklab.nn.init import initialize
from tasklab.nn.losses.spans import SpanLoss
from tasklab.weights.files import read_safetensors

FIXTURES = Path(__file__).parents[1] / "fixtures"
INPUTS = ("input_ids", "attention_mask", "token_type_ids")
TINY = {
    "vocab_size": 100, "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 64,
    "max_position_embeddings": 64, "position_offset": 0, "type_vocab_size": 2, "hidden_act": "gelu",
    "hidden_dropout_prob": 0.1, "attention_probs_dropout_prob": 0.1, "layer_norm_eps": 1e-12,
}  # fmt: skip
NEEDS_KERNELS = pytest.mark.skipif(not kernels.available(), reason="fused kernels do not run here")
WITH_AND_WITHOUT_KERNELS = pytest.mark.parametrize(
    "fused", ["", pytest.param("fp32", marks=NEEDS_KERNELS)], ids=["stock", "fused"]
)
BOTH_MODES = pytest.mark.parametrize("mode", [ms.GRAPH_MODE, ms.PYNATIVE_MODE], ids=["graph", "pynative"])


@pytest.fixture(autouse=True)
def _mode_is_restored():
    mode = ms.get_context("mode")
    yield
    ms.set_context(mode=mode)


@pytest.fixture(scope="module")
def reference():
    with np.load(FIXTURES / "bert_tiny_reference.npz") as file:
        return dict(file)


def tiny(fused="", recompute=False, **changes):
    """An untrained network whose weights are larger than usual, so that attention is not uniform."""
    model = ModelConfig(**{**TINY, **changes})
    network = TaskNetwork(
        ENCODERS.get("bert")(model, recompute=recompute, fused=fused), QuestionAnsweringHead(model.hidden_size)
    )
    initialize(network, seed=0, std=0.3)
    return network.set_train(False)


def our_name(name: str) -> str:
    """Parameter names of transformers -> ours, written down here a second time, apart from tasklab/weights."""
    for theirs, ours in (
        ("qa_outputs", "head.output"), ("bert.embeddings.", "encoder.embeddings."), ("_embeddings.", "."),
        ("bert.encoder.layer.", "encoder.layers."), ("attention.self.", "attention."),
        ("attention.output.LayerNorm", "attention_norm"), ("attention.output.dense", "attention.output"),
        ("intermediate.dense", "feed_forward.intermediate"), ("output.dense", "feed_forward.output"),
        ("output.LayerNorm", "feed_forward_norm"), ("LayerNorm", "norm"),
    ):  # fmt: skip
        name = name.replace(theirs, ours)
    return name


def load(network, weights: dict):
    parameters = dict(network.parameters_and_names())
    for name, values in weights.items():
        parameter = parameters.pop(our_name(name))
        assert parameter.shape == values.shape, name
        parameter.set_data(Tensor(values.astype(np.float32)))
    assert not parameters


def starting_with(start: str, arrays: dict) -> dict:
    return {key.removeprefix(start): value for key, value in arrays.items() if key.startswith(start)}


class Summed(nn.Cell):
    def __init__(self, network):
        super().__init__(auto_prefix=False)
        self.network, self.loss = network, SpanLoss()

    def construct(self, input_ids, attention_mask, token_type_ids, start, end, weight):
        outputs = self.network(input_ids, attention_mask, token_type_ids)
        return self.loss(*outputs, start, end, weight)


class Gradient(nn.Cell):
    def __init__(self, network):
        super().__init__(auto_prefix=False)
        self.weights = ParameterTuple(network.trainable_params())
        self.gradient = ms.value_and_grad(Summed(network), None, self.weights, has_aux=True)

    def construct(self, *columns):
        return self.gradient(*columns)


def loss_and_gradients(network, batch):
    columns = [batch[key] for key in (*INPUTS, "start_positions", "end_positions")]
    cell = Gradient(network).set_train(network.training)
    (loss, _), grads = cell(*map(Tensor, columns), Tensor(np.ones(len(columns[0]), np.float32)))
    return float(loss.asnumpy()), {w.name: g.asnumpy() for w, g in zip(network.trainable_params(), grads, strict=True)}


@BOTH_MODES
@WITH_AND_WITHOUT_KERNELS
def test_tiny_bert_equals_transformers(reference, run, fused, mode):
    ms.set_context(mode=mode)
    network = tiny(fused)
    load(network, starting_with("weight:", reference))
    real = reference["attention_mask"] == 1
    inputs = [reference[key] for key in INPUTS]
    hidden = run(network.encoder, *inputs)
    np.testing.assert_allclose(hidden[real], reference["hidden"][real], atol=1e-5)
    for got, key in zip(run(network, *inputs), ("start_logits", "end_logits"), strict=True):
        np.testing.assert_allclose(got[real], reference[key][real], atol=1e-5)


@BOTH_MODES
@WITH_AND_WITHOUT_KERNELS
def test_gradients_of_the_answer_loss_equal_transformers(reference, fused, mode):
    ms.set_context(mode=mode)
    network = tiny(fused, hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0)
    load(network, starting_with("weight:", reference))
    loss, grads = loss_and_gradients(network.set_train(True), reference)
    assert loss == pytest.approx(reference["loss_sum"], abs=2e-5)
    for name, expected in starting_with("grad:", reference).items():
        scale = np.abs(expected).max()
        np.testing.assert_allclose(grads[our_name(name)], expected, atol=2e-5 * max(1, scale), err_msg=name)


@WITH_AND_WITHOUT_KERNELS
def test_a_row_gives_the_same_alone_and_in_a_padded_batch(reference, run, fused):
    network = tiny(fused)
    inputs = [reference[key] for key in INPUTS]
    together = run(network, *inputs)
    for row, length in enumerate(reference["attention_mask"].sum(1)):
        alone = run(network, *(a[row : row + 1, :length] for a in inputs))
        for got, expected in zip(together, alone, strict=True):
            np.testing.assert_allclose(got[row, :length], expected[0], atol=1e-5)


@WITH_AND_WITHOUT_KERNELS
def test_the_seed_alone_decides_what_dropout_drops(reference, run, fused):
    network = tiny(fused)
    inputs = [reference[key] for key in INPUTS]
    inactive = run(network, *inputs)[0]
    seed = bind_dropout(network)
    network.set_train(True)
    results = []
    for value in (1, 2, 1):
        seed.set_data(Tensor(value, ms.int32))
        results.append(run(network, *inputs)[0])
    one, two, again = results
    assert np.array_equal(one, again)
    assert np.abs(one - two).max() > 0.01 and np.abs(one - inactive).max() > 0.01
    assert np.array_equal(run(network.set_train(False), *inputs)[0], inactive)


@NEEDS_KERNELS
def test_training_drops_the_same_values_with_and_without_kernels(reference):
    results = []
    for fused in ("", "fp32"):
        network = tiny(fused)
        bind_dropout(network).set_data(Tensor(1234, ms.int32))
        results.append(loss_and_gradients(network.set_train(True), reference))
    (loss, grads), (fused_loss, fused_grads) = results
    assert fused_loss == pytest.approx(loss, abs=2e-5)
    for name, expected in grads.items():
        tolerance = 2e-5 * max(1, np.abs(expected).max())
        np.testing.assert_allclose(fused_grads[name], expected, atol=tolerance, err_msg=name)


@pytest.mark.slow
def test_recompute_changes_no_gradient(reference):
    ms.set_context(mode=ms.GRAPH_MODE)
    results = []
    for recompute in (False, True):
        network = tiny(recompute=recompute)
        bind_dropout(network).set_data(Tensor(5, ms.int32))
        results.append(loss_and_gradients(network.set_train(True), reference))
    (loss, grads), (again, same) = results
    assert loss == pytest.approx(again, abs=1e-6)
    assert all(np.allclose(grads[name], same[name], atol=1e-6) for name in grads)


def test_dropouts_are_numbered_embeddings_first_then_three_per_layer():
    network = tiny()
    bind_dropout(network)
    assert {name: cell.site for name, cell in network.cells_and_names() if isinstance(cell, Dropout)} == {
        "encoder.embeddings.dropout": 0,
        "encoder.layers.0.attention.dropout": 1,
        "encoder.layers.0.attention_dropout": 2,
        "encoder.layers.0.feed_forward_dropout": 3,
        "encoder.layers.1.attention.dropout": 4,
        "encoder.layers.1.attention_dropout": 5,
        "encoder.layers.1.feed_forward_dropout": 6,
    }


def test_parameter_names_are_the_checkpoint_format():
    layer = [
        *(f"attention.{part}.{kind}" for part in ("query", "key", "value", "output") for kind in ("weight", "bias")),
        *(f"{part}.{kind}" for part in ("attention_norm", "feed_forward_norm") for kind in ("weight", "bias")),
        *(f"feed_forward.{part}.{kind}" for part in ("intermediate", "output") for kind in ("weight", "bias")),
    ]
    expected = {
        *(f"encoder.embeddings.{part}.weight" for part in ("word", "position", "token_type", "norm")),
        "encoder.embeddings.norm.bias", "head.output.weight", "head.output.bias",
        *(f"encoder.layers.{i}.{name}" for i in (0, 1) for name in layer),
    }  # fmt: skip
    network = tiny()
    bind_dropout(network)
    assert {name for name, _ in network.parameters_and_names()} == expected
    assert {parameter.name for parameter in network.trainable_params()} == expected


def test_a_pooler_adds_its_two_parameters_and_reads_the_first_token(rng):
    encoder = ENCODERS.get("bert")(ModelConfig(**TINY), pooler=True)
    weight, hidden = (rng.standard_normal(shape).astype(np.float32) for shape in ((32, 32), (2, 3, 32)))
    parameters = dict(encoder.parameters_and_names())
    parameters["pooler.weight"].set_data(Tensor(weight))
    assert parameters["pooler.bias"].shape == (32,)
    np.testing.assert_allclose(encoder.pool(Tensor(hidden)).asnumpy(), np.tanh(hidden[:, 0] @ weight.T), atol=1e-5)


def minilm_folder():
    for folder in (os.environ.get("TASKLAB_TEST_MINILM"), cache_dir() / "weights" / "minilm_l6"):
        if folder and (Path(folder) / "model.safetensors").is_file():
            return Path(folder)
    return None


@pytest.mark.slow
@WITH_AND_WITHOUT_KERNELS
def test_minilm_gives_the_hidden_states_of_transformers(run, fused):
    folder = minilm_folder()
    if folder is None:
        pytest.skip("all-MiniLM-L6-v2 is not in the cache; name its folder in TASKLAB_TEST_MINILM")
    sizes = {"vocab_size": 30522, "hidden_size": 384, "num_hidden_layers": 6, "num_attention_heads": 12}
    model = ModelConfig(**{**TINY, **sizes, "intermediate_size": 1536, "max_position_embeddings": 512})
    network = TaskNetwork(ENCODERS.get("bert")(model, fused=fused), nn.Cell(auto_prefix=False)).set_train(False)
    stored = read_safetensors(folder / "model.safetensors")
    load(network, {f"bert.{k}": v for k, v in stored.items() if "position_ids" not in k and "pooler" not in k})
    with np.load(FIXTURES / "bert_minilm_l6_hidden.npz") as file:
        hidden = run(network.encoder, *(file[key] for key in INPUTS))
        for row, tokens in enumerate(file["tokens"]):
            np.testing.assert_allclose(hidden[row, tokens, :8], file["hidden"][row], atol=1e-5)
