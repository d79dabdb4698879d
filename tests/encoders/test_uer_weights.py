"""UER-py's files of encoders that are no BERT: numbers of tests/fixtures/make_uer_reference.py."""

import re
from pathlib import Path

import mindspore as ms
import numpy as np
import pytest

from tasklab.config import Config, ModelConfig
from tasklab.encoders import build_encoder
from tasklab.weights.ledger import STRICT
from tasklab.weights.loading import load_into
from tasklab.weights.sizes import embeddings_in, sizes_in
from tasklab.weights.tables import FORMATS, detect, find_format, from_tasklab, to_tasklab

FIXTURE = Path(__file__).parents[1] / "fixtures" / "uer_encoders_reference.npz"
SHOWN = {"vocab_size": 11, "embedding_size": 6, "hidden_size": 8, "num_hidden_layers": 2}
TRANSFORMED = {"vocab_size": 11, "hidden_size": 8, "num_hidden_layers": 2, "max_position_embeddings": 7,
               "type_vocab_size": 2}  # fmt: skip
CASES = {
    **{name: {**SHOWN, "encoder": name} for name in ("rnn", "lstm", "gru", "birnn", "bilstm", "bigru")},
    "lstm both ways": {**SHOWN, "encoder": "lstm", "bidirectional": True},
    "gatedcnn": {**SHOWN, "encoder": "gatedcnn", "num_hidden_layers": 5, "kernel_size": 3},
    "cnn": {**SHOWN, "encoder": "cnn", "kernel_size": 3},
    "rcnn": {**SHOWN, "kernel_size": 3},
    "crnn": {**SHOWN, "kernel_size": 3},
    "attn": {**TRANSFORMED, "encoder": "attn"},
    "synt dense": {**TRANSFORMED, "encoder": "synt", "synthesizer": "dense", "intermediate_size": 12},
    "synt random": {**TRANSFORMED, "encoder": "synt", "synthesizer": "random", "intermediate_size": 12},
    "gpt": {**TRANSFORMED, "intermediate_size": 12},
}
NOT_SHOWN = {
    "rcnn": {"encoder": "rcnn"}, "crnn": {"encoder": "crnn"}, "attn": {"num_attention_heads": 2},
    "gpt": {"encoder": "gpt", "num_attention_heads": 2},
}  # fmt: skip
FORMAT = {"gatedcnn": "uer_gatedcnn", "cnn": "uer_cnn", "rcnn": "uer_rcnn", "crnn": "uer_rcnn", "attn": "uer_attn",
          "synt dense": "uer_synt", "synt random": "uer_synt", "gpt": "uer"}  # fmt: skip
EVERY_CASE = pytest.mark.parametrize("case", CASES)


@pytest.fixture(scope="module")
def reference():
    with np.load(FIXTURE) as file:
        return dict(file)


def theirs(reference, case):
    start = f"{case}:weight:"
    return {key.removeprefix(start): array for key, array in reference.items() if key.startswith(start)}


@EVERY_CASE
def test_hidden_states_are_those_of_uer(reference, run, case):
    tensors = theirs(reference, case)
    ours, unmatched = to_tasklab(tensors, detect(tensors))
    shown = sizes_in(ours)
    assert (unmatched, shown) == ([], CASES[case])
    model = ModelConfig(**{**shown, **embeddings_in(ours), **NOT_SHOWN.get(case, {}), "hidden_dropout_prob": 0.0})
    network = ms.nn.CellDict({"encoder": build_encoder(Config(model=model, kernels="off"))})
    load_into(network, ours, STRICT)
    ids, mask = reference["ids"], np.arange(reference["ids"].shape[1]) < reference["lengths"][:, None]
    hidden = run(network["encoder"].set_train(False), ids * mask, mask.astype(np.int32), np.zeros_like(ids))
    np.testing.assert_allclose(hidden[mask], reference[f"{case}:hidden"][mask], atol=1e-5)


@EVERY_CASE
@pytest.mark.parametrize("head", ["classes", "tags", "spans"])
def test_weights_come_back_with_their_head(reference, rng, case, head):
    layers = {
        "classes": {"output_layer_1": 8, "output_layer_2": 3}, "tags": {"output_layer": 5},
        "spans": {"output_layer": 2},
    }[head]  # fmt: skip
    tensors = theirs(reference, case)
    for name, outputs in layers.items():
        tensors[f"{name}.weight"] = rng.standard_normal((outputs, 8)).astype(np.float32)
        tensors[f"{name}.bias"] = rng.standard_normal(outputs).astype(np.float32)
    table = detect(tensors)
    ours, unmatched = to_tasklab(tensors, table)
    name = "output" if head == "spans" else "classifier"
    assert unmatched == [] and f"head.{name}.weight" in ours
    assert ("encoder.pooler.weight" in ours) == (head == "classes")
    encoder = {**CASES[case], **NOT_SHOWN.get(case, {})}["encoder"]
    back, lost = from_tasklab(ours, find_format("uer", encoder), head)
    assert (back.keys(), lost) == (tensors.keys(), [])
    for name, array in tensors.items():
        if case == "gatedcnn" and (own := own_bias(name)) != name:
            array = array + tensors[own].reshape(-1)
        elif array.shape == (1, 8, 1, 1):
            array = np.zeros_like(array)
        elif name == "embedding.seg.embedding.weight":
            array = np.concatenate([np.zeros_like(array[:1]), array[1:]])  # of padding
        np.testing.assert_array_equal(np.asarray(back[name]), array, err_msg=name)


def own_bias(name):
    """encoder.conv_1.bias, encoder.gate.3.bias -> encoder.conv_b1, encoder.gate_b.3"""
    return re.sub(r"(conv|gate)(_|\.)(\d+)\.bias", lambda hit: f"{hit[1]}_b{hit[2].strip('_')}{hit[3]}", name)


def test_the_two_biases_of_a_gated_convolution_become_one_and_zeros(reference):
    tensors = theirs(reference, "gatedcnn")
    ours, _ = to_tasklab(tensors, FORMATS.get("uer_gatedcnn"))
    together = tensors["encoder.gate.2.bias"] + tensors["encoder.gate_b.2"][0, :, 0, 0]
    np.testing.assert_array_equal(np.asarray(ours["encoder.layers.0.layers.2.gate.bias"]), together)
    back, _ = from_tasklab(ours, FORMATS.get("uer_gatedcnn"))
    np.testing.assert_array_equal(np.asarray(back["encoder.gate.2.bias"]), together)
    np.testing.assert_array_equal(np.asarray(back["encoder.gate_b.2"]), np.zeros((1, 8, 1, 1), np.float32))
    del tensors["encoder.gate_b.2"]  # half of a pair is nobody's
    ours, unmatched = to_tasklab(tensors, FORMATS.get("uer_gatedcnn"))
    assert unmatched == ["encoder.gate.2.bias"] and "encoder.layers.0.layers.2.gate.bias" not in ours


@EVERY_CASE
def test_no_family_is_taken_for_another_one(reference, case):
    tensors = theirs(reference, case)
    expected = FORMAT.get(case, "uer_recurrent")
    assert CASES[case].get("encoder") in (*FORMATS.get(expected).families, None)
    pretrained = {**tensors, "target.lm.output_layer.weight": np.zeros((11, 8)), "output_layer_1.weight": np.zeros(1)}
    old = {f"module.{name}".replace("word.embedding", "word_embedding"): array for name, array in pretrained.items()}
    for told in (None, "bert", "lstm"):
        assert {detect(names, told).name for names in (tensors, pretrained, old)} == {expected}
    left_aside = to_tasklab(pretrained, FORMATS.get(expected))[1]
    assert left_aside == ["output_layer_1.weight", *["target.lm.output_layer.weight"] * (expected != "uer")]
