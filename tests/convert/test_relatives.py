"""DistilBERT and Electra of transformers, with every head (tests/fixtures/make_relatives_reference.py)."""

import json
from pathlib import Path

import numpy as np
import pytest

from tasklab.config import Config
from tasklab.convert import convert
from tasklab.convert.loaded import read_model
from tasklab.errors import CheckpointError, ConfigError
from tasklab.networks import NETWORKS
from tasklab.task import TASKS
from tasklab.weights.containers import open_weights
from tasklab.weights.files import TensorFile
from tasklab.weights.ledger import STRICT
from tasklab.weights.loading import load_into
from tasklab.weights.source import source_at

FIXTURE = Path(__file__).parents[1] / "fixtures" / "relatives_reference.npz"
DESCRIBED = {
    "distilbert": {
        "vocab_size": 60, "dim": 32, "n_layers": 2, "n_heads": 4, "hidden_dim": 48, "max_position_embeddings": 20,
        "activation": "gelu", "dropout": 0.1, "attention_dropout": 0.1,
    },
    "electra": {
        "vocab_size": 60, "hidden_size": 32, "embedding_size": 16, "num_hidden_layers": 2, "num_attention_heads": 4,
        "intermediate_size": 48, "max_position_embeddings": 20, "hidden_act": "gelu", "summary_type": "first",
        "summary_use_proj": True, "summary_activation": "gelu",
    },
}  # fmt: skip
"""What transformers writes into their config.json, in its words."""
PREFIX = {"distilbert": "DistilBert", "electra": "Electra"}
HEADS = {
    "pretraining": ("ForMaskedLM", "words", ("logits",)),
    "question_answering": ("ForQuestionAnswering", "spans", ("start_logits", "end_logits")),
    "classification": ("ForSequenceClassification", "classes", ("logits",)),
    "tagging": ("ForTokenClassification", "tags", ("logits",)),
    "multiple_choice": ("ForMultipleChoice", "choices", ("logits",)),
}
"""Of the fixture -> transformers' network, our head, its outputs."""
CASES = pytest.mark.parametrize("family, head", [(family, head) for family in DESCRIBED for head in HEADS])


@pytest.fixture(scope="module")
def reference():
    with np.load(FIXTURE) as file:
        return dict(file)


def folder(path, reference, family, head, **more):
    start, path = f"{family}:weight:", Path(path)
    path.mkdir()
    named = {name.removeprefix(start): array for name, array in reference.items() if name.startswith(start)}
    tensors = {
        name.removeprefix(f"{head}:"): np.asarray(array, np.float32) for name, array in named.items()
        if name.startswith((f"{family}.", f"{head}:"))
    }  # fmt: skip
    TensorFile(tensors)(path / "model.safetensors")
    described = {**DESCRIBED[family], "model_type": family, "architectures": [PREFIX[family] + HEADS[head][0]], **more}
    if head in ("classification", "tagging"):
        described["id2label"] = {"0": "O", "1": "B-X", "2": "I-X"}
    (path / "config.json").write_text(json.dumps(described))
    return path, tensors


def quiet(line):
    pass


@CASES
def test_outputs_are_those_of_transformers(reference, run, tmp_path, family, head):
    place, _ = folder(tmp_path / "a", reference, family, head)
    found = read_model(source_at("a", place / "model.safetensors"))
    _, ours, outputs = HEADS[head]
    assert found.head == ours and found.unknown == [] and found.family == family
    config = Config.create(TASKS.get(found.task).data_config)
    config.model = found.description.model
    network = NETWORKS.get(ours)(config)
    load_into(network, found.weights, STRICT)
    rows = [reference[f"{family}:{key}"] for key in ("ids", "mask", "types")]
    rows = [array[None] for array in rows] if ours == "choices" else rows
    every = [np.tile(np.arange(12, dtype=np.int32), (3, 1))] if ours == "words" else []
    for got, name in zip(run(network.set_train(False), *rows, *every), outputs, strict=True):
        expected = reference[f"{family}:{head}:{name}"]
        real = reference[f"{family}:mask"] == 1 if expected.shape[:2] == (3, 12) else slice(None)
        np.testing.assert_allclose(got[real], expected[real], atol=2e-5)


@CASES
def test_a_model_goes_over_and_comes_back_in_its_own_words(reference, tmp_path, family, head):
    place, tensors = folder(tmp_path / "a", reference, family, head)
    convert(place, tmp_path / "ours", "tasklab", say=quiet)
    convert(tmp_path / "ours", tmp_path / "back", "huggingface", say=quiet)
    back = open_weights(tmp_path / "back" / "model.safetensors")[1]
    assert back.keys() == tensors.keys()
    for name, array in tensors.items():
        np.testing.assert_array_equal(np.asarray(back[name]), array, err_msg=name)
    described = json.loads((tmp_path / "back" / "config.json").read_text())
    assert described["architectures"] == [PREFIX[family] + HEADS[head][0]] and described["model_type"] == family
    assert {key: described[key] for key in DESCRIBED[family]} == DESCRIBED[family]
    with pytest.raises(CheckpointError, match=f"uer has no {family}; it can be converted to huggingface, tasklab"):
        convert(tmp_path / "ours", tmp_path / "uer", "uer", say=quiet)


def test_an_encoder_alone_is_known_by_its_names(reference, tmp_path):
    place, tensors = folder(tmp_path / "a", reference, "distilbert", "question_answering")
    bare = {name.removeprefix("distilbert."): a for name, a in tensors.items() if name.startswith("distilbert.")}
    TensorFile(bare)(place / "model.safetensors")
    (place / "config.json").unlink()
    model = read_model(source_at("a", place / "model.safetensors")).description.model
    assert (model.embeddings, model.pooler_act, model.num_hidden_layers) == (["word", "pos"], "relu", 2)


def test_a_discriminator_is_an_encoder(reference, tmp_path):
    place, tensors = folder(
        tmp_path / "a", reference, "electra", "tagging", architectures=["ElectraForPreTraining"]
    )
    tensors = {name: a for name, a in tensors.items() if name.startswith("electra.")}
    TensorFile({**tensors, "discriminator_predictions.dense.bias": np.ones(32, np.float32)})(
        place / "model.safetensors"
    )
    found = read_model(source_at("a", place / "model.safetensors"))
    assert (found.head, found.unknown) == (None, ["discriminator_predictions.dense.bias"])
    assert found.description.model.embedding_size == 16


@pytest.mark.parametrize("family, said, told", [
    ("electra", {"hidden_act": "relu"}, "hidden_act is 'relu'; of electra only 'gelu' is read"),
    ("electra", {"summary_type": "mean"}, "summary_type is 'mean'; of electra only 'first' is read"),
    ("distilbert", {"n_layers": -1}, "n_layers is -1; expected a whole number"),
])  # fmt: skip
def test_another_network_under_the_name_is_refused(reference, tmp_path, family, said, told):
    place, _ = folder(tmp_path / "a", reference, family, "tagging", **said)
    with pytest.raises(ConfigError, match=told):
        convert(place, tmp_path / "b", "tasklab", say=quiet)
    assert not (tmp_path / "b").exists()
