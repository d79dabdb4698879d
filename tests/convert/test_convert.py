"""Weights of transformers from tests/fixtures/make_families_reference.py, through every program and back."""

import json
from pathlib import Path

import numpy as np
import pytest

from tasklab.cli import main
from tasklab.config import ModelConfig
from tasklab.config.description import describe, family_of
from tasklab.config.huggingface import read_foreign
from tasklab.convert import convert
from tasklab.convert.files import TARGETS, table_of
from tasklab.convert.verified import BUILT_IN
from tasklab.errors import CheckpointError, ConfigError
from tasklab.saved import saved_config
from tasklab.trainer import Trainer
from tasklab.weights.atomic import write_folder
from tasklab.weights.containers import open_weights
from tasklab.weights.containers.torch_writer import TorchFile
from tasklab.weights.files import TensorFile
from tasklab.weights.folder import read_weights

FIXTURE = Path(__file__).parents[1] / "fixtures" / "families_reference.npz"
SIZES = {
    "vocab_size": 60, "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 48,
    "max_position_embeddings": 20, "type_vocab_size": 2,
}  # fmt: skip
FAMILIES = {
    "bert": {**SIZES, "architectures": ["BertForSequenceClassification"]},
    "roberta": {**SIZES, "type_vocab_size": 1, "layer_norm_eps": 1e-5, "pad_token_id": 1,
                "architectures": ["RobertaForSequenceClassification"]},
    "albert": {**SIZES, "num_hidden_layers": 3, "embedding_size": 16, "hidden_act": "gelu_new",
               "architectures": ["AlbertForSequenceClassification"]},
}  # fmt: skip
LABELS = {"0": "red", "1": "green", "2": "blue"}


@pytest.fixture(scope="module")
def reference():
    with np.load(FIXTURE) as file:
        return {name: array.astype(np.float32) for name, array in file.items() if ":weight:" in name}


def tensors_of(reference, family, head="classification"):
    start = f"{family}:weight:"
    named = {key.removeprefix(start): array for key, array in reference.items() if key.startswith(start)}
    skipped = f"{family}.pooler" if family == "roberta" or head == "question_answering" else "nothing"
    encoder = {name: a for name, a in named.items() if name.startswith(f"{family}.") and not name.startswith(skipped)}
    return encoder | {name.removeprefix(f"{head}:"): a for name, a in named.items() if name.startswith(f"{head}:")}


def huggingface(folder, tensors, described, file="model.safetensors"):
    write_folder(folder, {
        file: TorchFile(tensors) if file.endswith(".bin") else TensorFile(tensors),
        "config.json": json.dumps(described).encode(),
        "vocab.txt": "".join(f"piece{n}\n" for n in range(60)).encode(),
    })  # fmt: skip
    return folder


def quiet(line):
    pass


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("to", [to for to in TARGETS if to != "uie"])  # UIE has pointers, and no classes
def test_a_model_goes_there_and_back_bit_for_bit_with_its_labels(reference, family, to, tmp_path):
    tensors = tensors_of(reference, family)
    described = {**FAMILIES[family], "model_type": family, "id2label": LABELS}
    source = huggingface(tmp_path / "source", tensors, described)
    if to == "google" and family == "roberta":
        with pytest.raises(CheckpointError, match="google has no roberta; it can be converted to huggingface, uer"):
            convert(source, tmp_path / "there", to, say=quiet)
        return
    there = convert(source, tmp_path / "there", to, say=quiet)
    assert any("are equal bit for bit" in line for line in there.lines)
    if family == "bert" and to in ("mindspore", "google"):  # their gelu is another one, MindFormers' epsilon too
        assert any(line.startswith(f"{BUILT_IN[to]} in its norms, come what may: there log") for line in there.lines)
    else:
        probe = next(line for line in there.lines if line.startswith("verified: largest difference on a probe"))
        assert float(probe.split()[6]) <= (2e-6 if to == "uer" else 0)  # UER-py's norms are scaled there and back
    assert (tmp_path / "there" / "vocab.txt").read_bytes() == (source / "vocab.txt").read_bytes()
    convert(tmp_path / "there", tmp_path / "back", "huggingface", say=quiet, verify=False)
    back = open_weights(tmp_path / "back" / "model.safetensors")[1]
    assert back.keys() == tensors.keys()
    unused = 2 if (to, family) == ("uer", "roberta") else 0  # rows of positions that UER-py has no place for
    for name, array in tensors.items():
        start = unused if "position" in name else 0
        if to == "uer" and "norm" in name.lower():
            np.testing.assert_allclose(np.asarray(back[name]), array, rtol=3e-7, atol=0, err_msg=name)
            continue
        np.testing.assert_array_equal(np.asarray(back[name])[start:], array[start:], err_msg=name)
    again = json.loads((tmp_path / "back" / "config.json").read_text())
    kept = {key: again[key] for key in described}
    if to == "google":  # its code has one epsilon built in; ours is written all the same
        assert again["layer_norm_eps"] == 1e-12
    assert kept == described


def test_a_file_of_uer_alone_tells_its_sizes(reference, tmp_path):
    source = huggingface(tmp_path / "a", tensors_of(reference, "bert", "question_answering"), SIZES)
    convert(source, tmp_path / "b", "uer", say=quiet, verify=False)
    (tmp_path / "alone").mkdir()
    (tmp_path / "b" / "pytorch_model.bin").rename(tmp_path / "alone" / "cluecorpus.bin")
    said = []
    convert(tmp_path / "alone" / "cluecorpus.bin", tmp_path / "c", "huggingface", say=said.append,
            vocab=source / "vocab.txt")  # fmt: skip
    described = json.loads((tmp_path / "c" / "config.json").read_text())
    assert {key: described[key] for key in SIZES} == {**SIZES, "num_attention_heads": 1}
    assert described["architectures"] == ["BertForQuestionAnswering"]
    assert "  no configuration beside the weights: 1 attention heads assumed, one per 64 of hidden_size" in said
    assert (tmp_path / "c" / "vocab.txt").is_file()
    with pytest.raises(CheckpointError, match="nothing.txt: no such vocabulary"):
        convert(source, tmp_path / "d", "uer", say=quiet, vocab=tmp_path / "nothing.txt")


@pytest.mark.parametrize("pooling", ["first", "mean"])
def test_a_classifier_that_reads_more_than_a_token_is_told_of(pooling, reference, tmp_path):
    source = huggingface(tmp_path / "a", tensors_of(reference, "bert"), FAMILIES["bert"] | {"id2label": LABELS})
    convert(source, tmp_path / "b", "tasklab", say=quiet, verify=False)
    described = tmp_path / "b" / "config.yaml"
    described.write_text(described.read_text().replace("  pooling: null\n", f"  pooling: {pooling}\n"))
    (tmp_path / "b" / "SHA256SUMS").unlink()
    lines = convert(tmp_path / "b", tmp_path / "c", "huggingface", say=quiet, verify=False).lines
    told = "  model.pooling: mean has no place there: transformers' classifier reads one token, so scores differ"
    assert (told in lines) == (pooling == "mean")


@pytest.mark.parametrize(
    "settings, family",
    [
        ({"encoder": "lstm"}, "lstm"), ({"norm": "rms", "mask": "full"}, "bert with norm=rms"),
        ({"embedding_size": 4, "hidden_size": 8}, "bert with embedding_size=4"),
    ],
)  # fmt: skip
def test_a_network_that_other_programs_lack_stays_with_tasklab(settings, family):
    assert family_of(ModelConfig(**settings)) == family
    with pytest.raises(CheckpointError, match=f"huggingface has no {family}; it can be converted to .*tasklab"):
        table_of("huggingface", family)
    assert table_of("tasklab", family).program == "tasklab"


def test_a_configuration_of_another_model_is_refused(reference, tmp_path):
    source = huggingface(tmp_path / "a", tensors_of(reference, "bert"), {**SIZES, "intermediate_size": 64})
    with pytest.raises(CheckpointError, match="config.json: intermediate_size is 64, but the weights have 48"):
        convert(source, tmp_path / "b", "uer", say=quiet)
    (source / "config.json").write_text('{"hidden_size": "many"}')
    with pytest.raises((ConfigError, CheckpointError), match="config.json"):
        convert(source, tmp_path / "b", "uer", say=quiet)
    assert not (tmp_path / "b").exists()


def test_nothing_is_written_where_something_is_wrong(reference, tmp_path):
    tensors = tensors_of(reference, "bert")
    tensors["classifier.bias"] = np.array([1, np.nan, 2], np.float32)
    source = huggingface(tmp_path / "a", tensors, SIZES)
    with pytest.raises(CheckpointError, match=r"classifier.bias \(1 NaN"):
        convert(source, tmp_path / "b", "google", say=quiet)
    with pytest.raises(CheckpointError, match="exists already"):
        convert(source, source, "google", say=quiet)
    with pytest.raises(CheckpointError, match="expected one of huggingface, google"):
        convert(source, tmp_path / "b", "onnx", say=quiet)
    untied = tensors_of(reference, "bert", "pretraining")
    untied["cls.predictions.decoder.weight"] = np.zeros((60, 32), np.float32)
    source = huggingface(tmp_path / "c", untied, SIZES)
    with pytest.raises(CheckpointError, match=r"google has no names for head.mlm.decoder \(weight\)"):
        convert(source, tmp_path / "b", "google", say=quiet)
    assert not (tmp_path / "b").exists()


def test_the_command_converts_and_prints_what_it_did(reference, tmp_path, capsys):
    source = huggingface(tmp_path / "a", tensors_of(reference, "bert"), SIZES, "pytorch_model.bin")
    assert main(["convert", str(source), str(tmp_path / "b"), "--to", "mindspore", "--task", "multiple_choice"]) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[0].endswith("41 weights of a bert, huggingface names -> mindformers names")
    assert said[1].startswith("  task multiple_choice; ")
    assert said[-1].startswith(f"wrote {tmp_path / 'b'} (")
    assert main(["convert", str(source), str(tmp_path / "b"), "--to", "uer"]) == 1


def test_a_folder_with_a_pickle_of_torch_is_a_model_to_train(reference, tmp_path):
    described = {**SIZES, "model_type": "bert"}
    folder = huggingface(tmp_path / "bert", tensors_of(reference, "bert"), described, "pytorch_model.bin")
    config = Trainer(task="question_answering", model=str(folder), overrides=["data.max_seq_length=16"]).config
    assert (config.model.hidden_size, config.checkpoint) == (32, str(folder))


def test_a_tagger_with_a_crf_goes_to_uer_and_back_and_is_compared(reference, tmp_path):
    tagger = {name: a for name, a in tensors_of(reference, "bert", "tagging").items() if "pooler" not in name}
    source = huggingface(tmp_path / "a", tagger, {**SIZES, "architectures": ["BertForTokenClassification"]})
    convert(source, tmp_path / "plain", "uer", say=quiet, verify=False)
    tensors = {name: np.asarray(a) for name, a in open_weights(tmp_path / "plain" / "pytorch_model.bin")[1].items()}
    pairs = {"crf.transitions": (3, 3), "crf.start_transitions": (3,), "crf.end_transitions": (3,)}
    tensors |= {name: np.full(shape, 1.5, np.float32) for name, shape in pairs.items()}
    (tmp_path / "uer").mkdir()
    for name in ("config.json", "vocab.txt"):
        (tmp_path / "uer" / name).write_bytes((tmp_path / "plain" / name).read_bytes())
    write_folder(tmp_path / "crf", {"model.bin": TorchFile(tensors)})
    (tmp_path / "crf" / "model.bin").rename(tmp_path / "uer" / "pytorch_model.bin")
    there = convert(tmp_path / "uer", tmp_path / "ours", "tasklab", say=quiet)
    assert any("(hidden states, classifier, pairs of tags)" in line for line in there.lines)
    ours = open_weights(tmp_path / "ours" / "model.safetensors")[1]
    for name, shape in pairs.items():
        np.testing.assert_array_equal(np.asarray(ours[f"head.{name}"]), np.full(shape, 1.5, np.float32))
    with pytest.raises(CheckpointError, match="huggingface has no names for head.crf"):
        convert(tmp_path / "ours", tmp_path / "theirs", "huggingface", say=quiet)


def test_a_sentence_model_keeps_what_makes_its_vectors(reference, tmp_path):
    described = {**SIZES, "model_type": "bert", "architectures": ["BertModel"]}
    encoder = {n: a for n, a in tensors_of(reference, "bert").items() if n.startswith("bert.")}
    place = huggingface(tmp_path / "theirs", encoder, described)
    (place / "SHA256SUMS").unlink()
    for name, content in {
        "modules.json": [{"path": path, "type": f"x.{kind}"} for path, kind in
                         (("", "Transformer"), ("1_Pooling", "Pooling"), ("2_Dense", "Dense"))],
        "1_Pooling/config.json": {"pooling_mode": ["cls", "mean"]},
        "2_Dense/config.json": {"in_features": 64, "out_features": 3, "activation_function": "torch.nn.ReLU"},
    }.items():  # fmt: skip
        (place / name).parent.mkdir(exist_ok=True)
        (place / name).write_text(json.dumps(content))
    weight = np.arange(192, dtype=np.float32).reshape(3, 64)
    TensorFile({"linear.weight": weight})(place / "2_Dense" / "model.safetensors")
    convert(place, tmp_path / "ours", "tasklab", say=lambda line: None)
    config = saved_config(tmp_path / "ours")
    assert config.task == "feature_extraction" and config.data.normalize is False
    assert (config.model.pooling, config.model.pooling_beside) == ("first", ["mean"])
    assert (config.model.dense_size, config.model.dense_act) == (3, "relu")
    tensors = read_weights(tmp_path / "ours")
    np.testing.assert_array_equal(tensors["head.dense.weight"], weight)
    np.testing.assert_array_equal(tensors["head.dense.bias"], np.zeros(3))  # their Dense has none
    with pytest.raises(CheckpointError, match=r"google has no names for head.dense \(weight, bias\)"):
        convert(place, tmp_path / "google", "google", say=quiet)
    convert(tmp_path / "ours", tmp_path / "back", "huggingface", say=quiet)
    modules = json.loads((tmp_path / "back" / "modules.json").read_text())
    assert [module["path"] for module in modules] == ["", "1_Pooling", "2_Dense"]
    pooling = json.loads((tmp_path / "back" / "1_Pooling" / "config.json").read_text())
    assert {key for key, value in pooling.items() if value is True} == {
        "pooling_mode_cls_token", "pooling_mode_mean_tokens"
    }  # fmt: skip
    dense = json.loads((tmp_path / "back" / "2_Dense" / "config.json").read_text())
    assert (dense["in_features"], dense["out_features"], dense["activation_function"]) == (64, 3, "torch.nn.ReLU")
    written = open_weights(tmp_path / "back" / "2_Dense" / "model.safetensors")[1]
    np.testing.assert_array_equal(np.asarray(written["linear.weight"]), weight)


def test_google_gets_the_word_that_its_code_knows(reference, tmp_path):
    # google-research/bert and /albert, modeling.py, get_activation: relu, gelu (by tanh), tanh, linear; others raise
    encoder = {n: a for n, a in tensors_of(reference, "bert").items() if n.startswith("bert.")}
    for act, told in (("gelu_new", "largest difference on a probe 0.0e+00"), ("gelu", "there logits differ by")):
        source = huggingface(tmp_path / act, encoder, {**SIZES, "model_type": "bert", "hidden_act": act})
        there = convert(source, tmp_path / f"{act}-there", "google", say=quiet)
        assert json.loads((there.path / "bert_config.json").read_text())["hidden_act"] == "gelu"
        assert told in str(there)
    source = huggingface(tmp_path / "silu", encoder, {**SIZES, "model_type": "bert", "hidden_act": "silu"})
    with pytest.raises(ConfigError, match="hidden_act is 'silu'; google-research's code has gelu, gelu_new, relu"):
        convert(source, tmp_path / "silu-there", "google", say=quiet)
    (tmp_path / "albert").mkdir()
    (tmp_path / "albert" / "albert_config.json").write_text(json.dumps({**SIZES, "hidden_act": "gelu"}))
    entries = {entry.key: entry.value for entry in read_foreign(tmp_path / "albert", "albert_config.json")}
    assert entries["model.hidden_act"] == "gelu_new"


def test_a_model_that_is_to_make_vectors_makes_those_of_the_task(reference, tmp_path):
    encoder = {n: a for n, a in tensors_of(reference, "bert").items() if n.startswith("bert.")}
    source = huggingface(tmp_path / "a", encoder, {**SIZES, "model_type": "bert"})
    convert(source, tmp_path / "b", "tasklab", task="feature_extraction", say=quiet)
    assert describe(tmp_path / "b").model.pooling == "mean"  # as the folder itself, docs/feature_extraction.md
