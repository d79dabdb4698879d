"""Exported files compute what transformers and tasklab compute; bundles answer on their own."""

import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from tiny_models import write_checkpoint

from tasklab.cli import main
from tasklab.config import Config, ModelConfig
from tasklab.encoders import ENCODERS
from tasklab.errors import CheckpointError, ConfigError, TasklabError
from tasklab.nn.heads.classes import ClassificationHead
from tasklab.nn.heads.network import PooledNetwork, TaskNetwork
from tasklab.nn.heads.pretraining import LanguageModelHead, MaskedWords
from tasklab.nn.heads.spans import QuestionAnsweringHead
from tasklab.tools import export as export_module
from tasklab.tools.bundle import bundle
from tasklab.tools.export import export
from tasklab.tools.onnx_network import onnx_model
from tasklab.weights.loading import load_into
from tasklab.weights.tables import detect, to_tasklab

onnxruntime = pytest.importorskip("onnxruntime")

FIXTURES = Path(__file__).parents[1] / "fixtures"
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
HEADS = {"question_answering": ("start_logits", "end_logits"), "classification": ("logits",), "tagging": ("logits",)}


@pytest.fixture(scope="module")
def reference():
    """transformers' numbers: tests/fixtures/make_families_reference.py."""
    with np.load(FIXTURES / "families_reference.npz") as file:
        return dict(file)


def config(family, **changes) -> ModelConfig:
    model = ModelConfig()
    for key, value in {**FAMILIES[family], **changes}.items():
        model[key] = value
    return model


def network(model, head, pooling="first"):
    encoder = ENCODERS.get(model.encoder)(model, pooler=head == "classification")
    if head == "question_answering":
        return TaskNetwork(encoder, QuestionAnsweringHead(32))
    if head == "classification":
        return PooledNetwork(encoder, ClassificationHead(32, 3, 0.1), pooling)
    return TaskNetwork(encoder, _TokenHead())


class _TokenHead(ClassificationHead):
    """One score per class and token."""

    def __init__(self):
        super().__init__(32, 3, 0.1)

    def construct(self, hidden, mask):
        return self.classifier(hidden)


def stored(reference, family, head) -> dict:
    """The weights as transformers names them in a file of this model."""
    start = f"{family}:weight:"
    names = {name.removeprefix(start): array for name, array in reference.items() if name.startswith(start)}
    weights = {name: array for name, array in names.items() if name.startswith(f"{family}.")}
    if (family, head) == ("roberta", "classification"):  # its head has a Dense of its own
        weights = {name: array for name, array in weights.items() if "pooler" not in name}
    return weights | {name.removeprefix(f"{head}:"): a for name, a in names.items() if name.startswith(f"{head}:")}


@pytest.mark.parametrize("head", HEADS)
@pytest.mark.parametrize("family", FAMILIES)
def test_an_onnx_file_gives_the_logits_of_transformers(reference, family, head):
    model = config(family)
    net, weights = network(model, head), stored(reference, family, head)
    load_into(net, to_tasklab(weights, detect(weights, family), head)[0])
    session = onnxruntime.InferenceSession(onnx_model(net, model).SerializeToString())
    inputs = {name: reference[f"{family}:{key}"].astype(np.int64) for name, key in
              (("input_ids", "ids"), ("attention_mask", "mask"), ("token_type_ids", "types"))}  # fmt: skip
    for got, name in zip(session.run(None, inputs), HEADS[head], strict=True):
        expected = reference[f"{family}:{head}:{name}"]
        real = inputs["attention_mask"] == 1 if expected.shape[:2] == (3, 12) else slice(None)
        np.testing.assert_allclose(got[real], expected[real], atol=1e-4)


@pytest.mark.parametrize("changes", [{"hidden_act": "relu"}, {"hidden_act": "silu"}, {"pooling": "mean"}])
def test_activations_and_pooling_follow_the_network(run, changes):
    from tasklab.nn.init import initialize

    model = config("bert", **{key: value for key, value in changes.items() if key != "pooling"})
    net = network(model, "classification", changes.get("pooling", "first")).set_train(False)
    initialize(net, seed=0, std=0.3)
    session = onnxruntime.InferenceSession(onnx_model(net, model).SerializeToString())
    rng = np.random.default_rng(0)
    mask = (np.arange(9) < np.array([[9], [4]])).astype(np.int32)
    arrays = [rng.integers(0, 60, (2, 9)).astype(np.int32) * mask, mask, np.zeros((2, 9), np.int32)]
    names = ("input_ids", "attention_mask", "token_type_ids")
    (got,) = session.run(None, {name: a.astype(np.int64) for name, a in zip(names, arrays, strict=True)})
    np.testing.assert_allclose(got, run(net, *arrays)[0], atol=1e-5)


def test_networks_without_a_counterpart_are_named():
    model = config("bert")
    encoder = ENCODERS.get("bert")(model)
    words = LanguageModelHead(MaskedWords(32, encoder.embeddings.word.weight))
    with pytest.raises(TasklabError, match="LanguageModelHead has no ONNX counterpart here; export to .mindir"):
        onnx_model(TaskNetwork(encoder, words), model)
    for changes, named in (({"mask": "causal"}, ", mask=causal"), ({"encoder": "gpt"}, "")):
        other = config("bert", **changes)
        with pytest.raises(TasklabError, match=f"encoder '{other.encoder}'{named} has no ONNX counterpart here"):
            onnx_model(network(other, "tagging"), other)
    with pytest.raises(TasklabError, match="model.pooling 'max' has no ONNX counterpart"):
        onnx_model(network(model, "classification", "max"), model)


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    return write_checkpoint(tmp_path_factory.mktemp("export") / "run")


@pytest.mark.slow
@pytest.mark.parametrize("suffix", ["mindir", "onnx"])
def test_a_checkpoint_is_exported_and_compared_with_itself(checkpoint, suffix, tmp_path, capsys):
    path = tmp_path / f"made.{suffix}"
    made = export(checkpoint, path)
    assert made.outputs == ("start_logits", "end_logits")
    assert made.difference < 1e-5
    assert [p.name for p in tmp_path.iterdir()] == [path.name]
    assert "its outputs differ from tasklab's by at most" in str(made)
    with pytest.raises(CheckpointError, match="exists already"):
        export(checkpoint, path)


def test_a_file_that_computes_something_else_is_not_written(checkpoint, tmp_path, monkeypatch):
    write = export_module._write_onnx

    def wrong(model, path):
        names, run = write(model, path)
        return names, lambda arrays: [output + 0.01 for output in run(arrays)]

    monkeypatch.setattr(export_module, "_write_onnx", wrong)
    with pytest.raises(TasklabError, match="not written, its outputs would differ from tasklab's by"):
        export(checkpoint, tmp_path / "made.onnx")
    assert list(tmp_path.iterdir()) == []


def test_another_ending_is_refused(checkpoint, tmp_path):
    with pytest.raises(ConfigError, match="expected a name that ends in .mindir or .onnx"):
        export(checkpoint, tmp_path / "made.pb")


def test_without_onnxruntime_the_file_is_written_and_said_to_be_unchecked(checkpoint, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    made = export(checkpoint, tmp_path / "made.onnx")
    assert made.difference is None and "not compared with tasklab: that needs onnxruntime" in str(made)


def test_a_bundle_is_a_checkpoint_without_its_training_and_knows_its_task(checkpoint, tmp_path, capsys):
    made = bundle(checkpoint, tmp_path / "b")
    assert set(made.files) == {
        "SHA256SUMS", "config.yaml", "model.safetensors", "predict.py", "requirements.txt", "tokenizer_config.json",
        "vocab.txt",
    }  # fmt: skip
    sums = (tmp_path / "b" / "SHA256SUMS").read_text().split()
    assert "predict.py" in sums and "SHA256SUMS" not in sums
    assert main(["tools", "inspect", str(tmp_path / "b")]) == 0
    assert "tasklab, for the task question_answering" in capsys.readouterr().out


def test_what_is_no_checkpoint_cannot_be_bundled(tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(CheckpointError, match="no checkpoint or run of tasklab"):
        bundle(tmp_path / "empty", tmp_path / "b")


@pytest.mark.slow
def test_the_program_in_a_bundle_answers_from_anywhere(checkpoint, tmp_path):
    bundle(checkpoint, tmp_path / "b")
    command = [sys.executable, str(tmp_path / "b" / "predict.py"), "the old mill - who"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, env=os.environ, check=False)
    assert done.returncode == 0, done.stderr
    (answer,) = json.loads(done.stdout)
    assert answer["text"] == "the old mill"[answer["start"] : answer["end"]] != ""


def test_a_recurrent_network_is_not_written_as_a_graph_that_lacks_its_steps(tmp_path):
    model = ModelConfig(encoder="lstm", vocab_size=9, hidden_size=4, num_hidden_layers=1)
    ready = SimpleNamespace(config=Config(model=model), network=network(model, "tagging"))
    with pytest.raises(TasklabError, match="encoder 'lstm' takes its steps in Python on a CPU, which a .mindir cannot"):
        export_module._write_mindir(ready, tmp_path / "lstm.mindir")
    assert not list(tmp_path.iterdir())
