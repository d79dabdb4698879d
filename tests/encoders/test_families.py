"""BERT, RoBERTa and ALBERT with every head against transformers (tests/fixtures/make_families_reference.py)."""

import re
from pathlib import Path

import mindspore as ms
import numpy as np
import pytest
from mindspore import ParameterTuple, Tensor, nn

from tasklab import kernels
from tasklab.config import ModelConfig
from tasklab.encoders import ENCODERS
from tasklab.nn.blocks.dropout import Dropout, bind_dropout
from tasklab.nn.compat import dense
from tasklab.nn.heads.classes import ClassificationHead
from tasklab.nn.heads.multiple_choice import MultipleChoiceHead, MultipleChoiceNetwork
from tasklab.nn.heads.network import PooledNetwork, TaskNetwork
from tasklab.nn.heads.pretraining import LanguageModelHead, MaskedWordNetwork, MaskedWords, PretrainingHead
from tasklab.nn.heads.spans import QuestionAnsweringHead
from tasklab.nn.init import initialize

FIXTURE = Path(__file__).parents[1] / "fixtures" / "families_reference.npz"
SIZES = {
    "vocab_size": 60, "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 48,
    "max_position_embeddings": 20,
}  # fmt: skip
FAMILIES = {
    "bert": SIZES,
    "roberta": {**SIZES, "type_vocab_size": 1, "layer_norm_eps": 1e-5, "position_offset": 2},
    "albert": {
        **SIZES, "encoder": "albert", "num_hidden_layers": 3, "embedding_size": 16, "hidden_act": "gelu_new",
    },
}  # fmt: skip
NEEDS_KERNELS = pytest.mark.skipif(not kernels.available(), reason="fused kernels do not run here")
WITH_AND_WITHOUT_KERNELS = pytest.mark.parametrize(
    "fused", ["", pytest.param("fp32", marks=NEEDS_KERNELS)], ids=["stock", "fused"]
)
EVERY_FAMILY = pytest.mark.parametrize("family", FAMILIES)
BOTH_MODES = pytest.mark.parametrize("mode", [ms.GRAPH_MODE, ms.PYNATIVE_MODE], ids=["graph", "pynative"])


class PretrainingNetwork(nn.Cell):
    """Inputs: input_ids, attention_mask, token_type_ids, each [B, S] int32.   Returns: those of `PretrainingHead`."""

    def __init__(self, encoder: nn.Cell, head: PretrainingHead):
        super().__init__()
        self.encoder, self.head = encoder, head

    def construct(self, input_ids, attention_mask, token_type_ids):
        hidden = self.encoder(input_ids, attention_mask, token_type_ids)
        return self.head(hidden, self.encoder.pool(hidden))


@pytest.fixture(autouse=True)
def _mode_is_restored():
    mode = ms.get_context("mode")
    yield
    ms.set_context(mode=mode)


@pytest.fixture(scope="module")
def reference():
    with np.load(FIXTURE) as file:
        return dict(file)


def config(family, **changes) -> ModelConfig:
    model = ModelConfig()
    for key, value in {**FAMILIES[family], **changes}.items():
        model[key] = value
    return model


def encoder(family, fused="", **changes):
    model = config(family, **changes)
    return ENCODERS.get(model.encoder)(model, fused=fused, pooler=True)


# transformers (without the family's name in front) -> ours, written down a second time, apart from tasklab/weights
LAYER = {
    **{rf"attention\.(self\.)?{part}": f"attention.{part}" for part in ("query", "key", "value")},
    r"attention\.(output\.)?dense": "attention.output", r"attention\.(output\.)?LayerNorm": "attention_norm",
    r"intermediate\.dense|ffn": "feed_forward.intermediate", r"output\.dense|ffn_output": "feed_forward.output",
    r"output\.LayerNorm|full_layer_layer_norm": "feed_forward_norm",
}  # fmt: skip
NAMES = {
    **{rf"encoder\.layer\.(?P<n>\d)\.({theirs})": rf"encoder.layers.\g<n>.{ours}" for theirs, ours in LAYER.items()},
    **{rf"encoder\.albert_layer_groups\.0\.albert_layers\.0\.({k})": f"encoder.layer.{v}" for k, v in LAYER.items()},
    r"embeddings\.(?P<n>\w+)_embeddings": r"encoder.embeddings.\g<n>",
    r"embeddings\.LayerNorm": "encoder.embeddings.norm",
    r"encoder\.embedding_hidden_mapping_in": "encoder.projection",
    r"pooler|pooler\.dense|classifier\.dense": "encoder.pooler",
    r"(cls\.)?predictions\.(transform\.)?dense|lm_head\.dense": "head.mlm.transform",
    r"(cls\.)?predictions\.(transform\.)?LayerNorm|lm_head\.layer_norm": "head.mlm.norm",
    r"(cls\.)?predictions|lm_head": "head.mlm",
    r"cls\.seq_relationship|sop_classifier\.classifier": "head.nsp",
    r"qa_outputs": "head.output",
    r"classifier|classifier\.out_proj": "head.classifier",
}


def our_name(name: str) -> str:
    module, _, leaf = name.rpartition(".")
    hits = [hit.expand(ours) for theirs, ours in NAMES.items() if (hit := re.fullmatch(theirs, module))]
    assert len(hits) == 1, (name, hits)
    return f"{hits[0]}.{leaf}"


def load(network, family: str, head: str, arrays: dict):
    """Every weight of the network out of the fixture; a RoBERTa classifier's own pooler wins over the encoder's."""
    start = f"{family}:weight:"
    weights = {name.removeprefix(start): array for name, array in arrays.items() if name.startswith(start)}
    found = {}
    for part in (f"{family}.", f"{head}:"):
        found |= {our_name(name.removeprefix(part)): a for name, a in weights.items() if name.startswith(part)}
    for name, parameter in network.parameters_and_names():
        assert parameter.name == name
        assert parameter.shape == found[name].shape, name
        parameter.set_data(Tensor(found[name].astype(np.float32)))


def words(network):
    return network.embeddings.word.weight


def masked_words(net, model):
    return MaskedWords(model.hidden_size, words(net), model.hidden_act, model.layer_norm_eps)


class TokenClassifier(nn.Cell):
    def __init__(self, hidden_size, labels):
        super().__init__()
        self.classifier = dense(hidden_size, labels)

    def construct(self, hidden, mask):
        return self.classifier(hidden)


def inputs_of(reference, family):
    return [reference[f"{family}:{name}"] for name in ("ids", "mask", "types")]


@EVERY_FAMILY
@WITH_AND_WITHOUT_KERNELS
def test_every_head_gives_the_logits_of_transformers(reference, run, family, fused):
    model, inputs = config(family), inputs_of(reference, family)
    real = inputs[1] == 1

    def check(network, head, *names, at=real):
        network.set_train(False)
        load(network, family, head, reference)
        stacked = [array[None] for array in inputs] if head == "multiple_choice" else inputs
        outputs = run(network, *stacked)
        for got, name in zip(outputs if isinstance(outputs, tuple) else (outputs,), names, strict=True):
            expected = reference[f"{family}:{head}:{name}"]
            rows = at if got.ndim == 3 or "start" in name or "end" in name else slice(None)
            np.testing.assert_allclose(got[rows], expected[rows], atol=5e-5, err_msg=f"{head} {name}")

    net = encoder(family, fused)
    check(TaskNetwork(net, QuestionAnsweringHead(32)), "question_answering", "start_logits", "end_logits")
    check(TaskNetwork(net, TokenClassifier(32, 3)), "tagging", "logits")
    check(MultipleChoiceNetwork(net, MultipleChoiceHead(32)), "multiple_choice", "logits")
    if family == "roberta":
        check(TaskNetwork(net, LanguageModelHead(masked_words(net, model))), "pretraining", "logits")
    else:
        order = "sop_logits" if family == "albert" else "seq_relationship_logits"
        head = PretrainingHead(masked_words(net, model), 32)
        check(PretrainingNetwork(net, head), "pretraining", "prediction_logits", order)
    # last: RoBERTa's has a pooler of its own
    check(PooledNetwork(net, ClassificationHead(32, 3, dropout=0.1)), "classification", "logits")


@EVERY_FAMILY
def test_masked_places_alone_have_the_logits_of_transformers(reference, run, family):
    model, inputs = config(family), inputs_of(reference, family)
    net, pairs = encoder(family), family != "roberta"
    mlm = masked_words(net, model)
    head = PretrainingHead(mlm, model.hidden_size) if pairs else LanguageModelHead(mlm)
    network = MaskedWordNetwork(net, head, pairs).set_train(False)
    load(network, family, "pretraining", reference)
    places = np.array([[1, 3], [2, 0], [2, 1]], np.int32)[: len(inputs[0])]
    outputs = run(network, *inputs, places)
    expected = reference[f"{family}:pretraining:{'prediction_logits' if pairs else 'logits'}"]
    np.testing.assert_allclose(outputs[0], expected[np.arange(len(places))[:, None], places], atol=5e-5)
    if pairs:
        name = "sop_logits" if family == "albert" else "seq_relationship_logits"
        np.testing.assert_allclose(outputs[1], reference[f"{family}:pretraining:{name}"], atol=5e-5)


def layer_names(start):
    parts = [f"attention.{part}" for part in ("query", "key", "value", "output")] + ["attention_norm"]
    parts += ["feed_forward.intermediate", "feed_forward.output", "feed_forward_norm"]
    return {f"{start}{part}.{kind}" for part in parts for kind in ("weight", "bias")}


@WITH_AND_WITHOUT_KERNELS
def test_albert_has_the_weights_of_one_layer_whatever_its_depth(fused):
    net = encoder("albert", fused)
    network = TaskNetwork(net, LanguageModelHead(masked_words(net, config("albert"))))
    bind_dropout(network)
    expected = {
        *(f"encoder.embeddings.{part}.weight" for part in ("word", "position", "token_type", "norm")),
        "encoder.embeddings.norm.bias", "encoder.projection.weight", "encoder.projection.bias",
        "encoder.pooler.weight", "encoder.pooler.bias", *layer_names("encoder.layer."),
        *(f"head.mlm.{part}.{kind}" for part in ("transform", "norm") for kind in ("weight", "bias")), "head.mlm.bias",
    }  # fmt: skip
    assert {name for name, _ in network.parameters_and_names()} == expected
    assert {parameter.name for parameter in network.trainable_params()} == expected
    assert {p.name for p in encoder("albert").trainable_params()} == {
        name.removeprefix("encoder.") for name in expected if name.startswith("encoder.")
    }


def test_each_depth_of_albert_has_dropouts_of_its_own():
    network = encoder("albert")
    bind_dropout(network)
    sites = {name: cell.site for name, cell in network.cells_and_names() if isinstance(cell, Dropout)}
    assert sorted(sites.values()) == list(range(1 + 3 * 3))
    assert [sites[f"{layer}.attention.dropout"] for layer in ("layer", "repeats.0", "repeats.1")] == [1, 4, 7]


@NEEDS_KERNELS
def test_albert_drops_the_same_values_with_and_without_kernels(reference, run):
    results = []
    for fused in ("", "fp32"):
        network = encoder("albert", fused, hidden_dropout_prob=0.3, attention_probs_dropout_prob=0.2)
        initialize(network, seed=0, std=0.3)
        bind_dropout(network).set_data(Tensor(77, ms.int32))
        results.append(run(network.set_train(True), *inputs_of(reference, "albert")))
        assert np.abs(results[-1] - run(network.set_train(False), *inputs_of(reference, "albert"))).max() > 0.1
    real = reference["albert:mask"] == 1
    np.testing.assert_allclose(results[0][real], results[1][real], atol=1e-5)


class Scalar(nn.Cell):
    """One number that depends on every output, and its gradients."""

    def __init__(self, network):
        super().__init__(auto_prefix=False)
        self.network = network

    def construct(self, *inputs):
        return (self.network(*inputs) ** 2).mean()


def gradients(network, inputs):
    weights = ParameterTuple(network.trainable_params())
    _, grads = ms.value_and_grad(Scalar(network), None, weights)(*map(Tensor, inputs))
    return {weight.name: grad.asnumpy() for weight, grad in zip(weights, grads, strict=True)}


@BOTH_MODES
@WITH_AND_WITHOUT_KERNELS
def test_shared_weights_get_the_gradient_of_all_their_uses(reference, run, mode, fused):
    """Against differences of the loss: one layer used three times, word embeddings used at both ends."""
    ms.set_context(mode=mode)
    net = encoder("albert", fused, hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0)
    network = TaskNetwork(net, LanguageModelHead(masked_words(net, config("albert"))))
    load(network, "albert", "pretraining", reference)
    inputs = [array[1:2, :7] for array in inputs_of(reference, "albert")]  # a row without padding
    grads = gradients(network.set_train(True), inputs)
    parameters, scalar = {p.name: p for p in network.trainable_params()}, Scalar(network)
    rng = np.random.default_rng(0)
    for name in ("encoder.layer.attention.value.weight", "encoder.embeddings.word.weight"):
        values = parameters[name].asnumpy().copy()
        direction = rng.standard_normal(values.shape).astype(np.float32)
        ends = []
        for step in (1e-3, -1e-3):
            parameters[name].set_data(Tensor(values + step * direction))
            ends.append(float(run(scalar, *inputs)))
        parameters[name].set_data(Tensor(values))
        slope = (ends[0] - ends[1]) / 2e-3
        assert slope == pytest.approx(float((grads[name] * direction).sum()), rel=1e-2), name
