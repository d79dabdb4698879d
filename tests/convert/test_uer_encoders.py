"""UER-py's LSTMs and gated convolutions through `convert` and into a training: files in its names and its JSON."""

import json

import numpy as np
import pytest

from tasklab.config import ModelConfig, export
from tasklab.config.description import describe, family_of
from tasklab.config.huggingface import read_foreign
from tasklab.convert import convert
from tasklab.convert.loaded import read_model
from tasklab.errors import CheckpointError, ConfigError, TasklabError
from tasklab.text import tokenizer_of
from tasklab.trainer import Trainer
from tasklab.weights.atomic import write_folder
from tasklab.weights.containers import open_weights
from tasklab.weights.containers.torch_writer import TorchFile
from tasklab.weights.source import source_at

V, E, H = 12, 6, 8
JSON = {
    "emb_size": E, "hidden_size": H, "layers_num": 2, "dropout": 0.1, "max_seq_length": 16, "embedding": ["word"],
    "remove_embedding_layernorm": True, "encoder": "lstm", "target": ["lm"],
}  # fmt: skip


def lstm(rng, **more):
    shapes = {"embedding.word.embedding.weight": (V, E), **more}
    for layer, size in enumerate((E, H)):
        shapes |= {f"encoder.rnn.weight_ih_l{layer}": (4 * H, size), f"encoder.rnn.weight_hh_l{layer}": (4 * H, H)}
        shapes |= {f"encoder.rnn.bias_ih_l{layer}": (4 * H,), f"encoder.rnn.bias_hh_l{layer}": (4 * H,)}
    return {name: rng.standard_normal(shape).astype(np.float32) for name, shape in shapes.items()}


def gated(rng):
    shapes = {"embedding.word.embedding.weight": (V, E)}
    for kind in ("conv", "gate"):
        shapes |= {f"encoder.{kind}_1.weight": (H, 1, 3, E), f"encoder.{kind}.0.weight": (H, H, 3, 1)}
        shapes |= {f"encoder.{kind}_1.bias": (H,), f"encoder.{kind}.0.bias": (H,)}
        shapes |= {f"encoder.{kind}_b1": (1, H, 1, 1), f"encoder.{kind}_b.0": (1, H, 1, 1)}
    return {name: rng.standard_normal(shape).astype(np.float32) for name, shape in shapes.items()}


CLASSIFIER = {"output_layer_1.weight": (H, H), "output_layer_1.bias": (H,), "output_layer_2.weight": (3, H),
              "output_layer_2.bias": (3,)}  # fmt: skip


def folder(path, tensors, described=None):
    files = {"pytorch_model.bin": TorchFile(tensors), "vocab.txt": "".join(f"piece{n}\n" for n in range(V)).encode()}
    write_folder(path, files | ({"config.json": json.dumps(described).encode()} if described else {}))
    return path


def quiet(line):
    pass


def test_a_classifier_goes_there_and_back_and_computes_the_same(rng, tmp_path):
    tensors = lstm(rng, **CLASSIFIER)
    source = folder(tmp_path / "a", tensors, {**JSON, "pooling": "mean"})
    ours = convert(source, tmp_path / "b", "tasklab", say=quiet)
    assert ours.lines[-2] == "verified: largest difference on a probe 0.0e+00 (hidden states, pooled state, classifier)"
    back = convert(tmp_path / "b", tmp_path / "c", "uer", say=quiet, verify=False)
    assert back.lines[0].endswith("13 weights of a lstm, tasklab names -> uer_recurrent names")
    again = open_weights(tmp_path / "c" / "pytorch_model.bin")[1]
    assert again.keys() == tensors.keys()
    for name, array in tensors.items():
        np.testing.assert_array_equal(np.asarray(again[name]), array, err_msg=name)
    described = json.loads((tmp_path / "c" / "config.json").read_text())
    assert {key: described[key] for key in JSON} == JSON
    assert (described["pooling"], described["bidirectional"]) == ("mean", False)
    with pytest.raises(CheckpointError, match="huggingface has no lstm; it can be converted to uer, tasklab"):
        convert(source, tmp_path / "d", "huggingface", say=quiet)


def test_weights_alone_tell_their_network_and_what_is_left_aside_is_said(rng, tmp_path):
    source = folder(tmp_path / "a", lstm(rng, **{"target.lm.output_layer.weight": (V, H)}))
    found = convert(source, tmp_path / "b", "tasklab", say=quiet, verify=False)
    assert "  left out, no weight that tasklab knows: target.lm.output_layer.weight" in found.lines
    model = describe(tmp_path / "b").model
    told = {key: model[key] for key in ("encoder", "vocab_size", "embedding_size", "hidden_size", "embeddings")}
    assert told == {"encoder": "lstm", "vocab_size": V, "embedding_size": E, "hidden_size": H, "embeddings": ["word"]}
    assert (model.num_hidden_layers, model.embedding_norm) == (2, False)


def test_gated_convolutions_keep_their_sums_and_their_window(rng, tmp_path):
    tensors = gated(rng)
    convert(folder(tmp_path / "a", tensors), tmp_path / "b", "uer", say=quiet, verify=False)
    again = open_weights(tmp_path / "b" / "pytorch_model.bin")[1]
    for name, array in tensors.items():
        if name.endswith("weight"):
            np.testing.assert_array_equal(np.asarray(again[name]), array, err_msg=name)
    both = tensors["encoder.gate_1.bias"] + tensors["encoder.gate_b1"].reshape(-1)
    np.testing.assert_array_equal(np.asarray(again["encoder.gate_1.bias"]), both)
    assert not np.asarray(again["encoder.gate_b1"]).any()
    described = json.loads((tmp_path / "b" / "config.json").read_text())
    assert (described["encoder"], described["kernel_size"], described["layers_num"]) == ("gatedcnn", 3, 2)
    model = read_model(source_at("a", tmp_path / "a" / "pytorch_model.bin"))
    assert model.notes == [
        "no configuration beside the weights: block_size 2 assumed: weights do not show where the sums stand"
    ]


def test_a_description_of_another_encoder_is_refused(rng, tmp_path):
    source = folder(tmp_path / "a", lstm(rng), {**JSON, "encoder": "gru"})
    with pytest.raises(CheckpointError, match="config.json: encoder is gru, but the weights have lstm; name the conf"):
        convert(source, tmp_path / "b", "tasklab", say=quiet)
    write_folder(tmp_path / "c", {"config.json": json.dumps({**JSON, "embedding": ["word", "entity"]}).encode()})
    with pytest.raises(ConfigError, match=r"embedding is \['word', 'entity'\]; expected some of word, pos, seg, sinus"):
        read_foreign(tmp_path / "c", "config.json")


@pytest.mark.parametrize(
    "said, ours",
    [("word", ["word"]), ("word_sinusoidalpos", ["word", "sinusoidal"]), ("bert", ["word", "pos", "seg"])],
)
def test_old_words_for_embeddings_are_understood(said, ours, tmp_path):
    write_folder(tmp_path / "a", {"config.json": json.dumps({**JSON, "embedding": said}).encode()})
    entries = {entry.key: entry.value for entry in read_foreign(tmp_path / "a", "config.json")}
    assert (entries["model.embeddings"], entries["model.encoder"]) == (ours, "lstm")
    assert "model.attention_probs_dropout_prob" not in entries  # an lstm has none


def mixed(rng):
    """An LSTM and convolutions; which of them is first, their names do not say."""
    shapes = {"encoder.conv_1.weight": (H, 1, 3, H), "encoder.conv.0.weight": (H, H, 3, 1)}
    shapes |= {"encoder.conv_1.bias": (H,), "encoder.conv.0.bias": (H,)}
    convolutions = {name: rng.standard_normal(shape).astype(np.float32) for name, shape in shapes.items()}
    words = {"embedding.word.embedding.weight": rng.standard_normal((V, H)).astype(np.float32)}
    first = {"encoder.rnn.weight_ih_l0": rng.standard_normal((4 * H, H)).astype(np.float32)}
    return lstm(rng) | convolutions | words | first


def test_what_lies_below_is_asked_where_names_do_not_tell(rng, tmp_path):
    source = folder(tmp_path / "a", mixed(rng))
    file = source / "pytorch_model.bin"
    found = read_model(source_at("a", file))
    assert (found.family, found.notes) == ("rcnn", [
        "no configuration beside the weights: rcnn assumed; a crnn has the same names, and --family crnn says so"
    ])  # fmt: skip
    found = read_model(source_at("a", file, family="crnn"))
    assert (found.family, found.notes) == ("crnn", [])
    described = {**JSON, "encoder": "crnn", "emb_size": H, "kernel_size": 3}
    convert(folder(tmp_path / "b", mixed(rng), described), tmp_path / "c", "uer", say=quiet, verify=False)
    again = json.loads((tmp_path / "c" / "config.json").read_text())
    assert {key: again[key] for key in described} == described


@pytest.mark.parametrize(
    "said, ours",
    [
        ({"encoder": "transformer", "mask": "causal", "layernorm_positioning": "pre", "hidden_act": "gelu_fast"},
         {"encoder": "gpt", "norm_position": "pre", "hidden_act": "gelu_new", "num_attention_heads": 2}),
        ({"encoder": "gpt"}, {"encoder": "gpt", "intermediate_size": 12, "embedding_norm": False}),
        ({"encoder": "synt", "synt_type": "random", "seq_length": 9},
         {"encoder": "synt", "synthesizer": "random", "max_position_embeddings": 9}),
        ({"encoder": "attn"}, {"encoder": "attn", "num_attention_heads": 2, "attention_probs_dropout_prob": 0.1}),
        ({"encoder": "gatedcnn", "kernel_size": 4, "block_size": 3}, {"kernel_size": 4, "block_size": 3}),
    ],
)  # fmt: skip
def test_its_descriptions_are_read_and_written(said, ours, tmp_path):
    described = {**JSON, "embedding": ["word", "pos"], "feedforward_size": 12, "heads_num": 2, "vocab_size": V, **said}
    write_folder(tmp_path / "a", {"config.json": json.dumps(described).encode()})
    model = describe(tmp_path / "a").model
    assert {key: model[key] for key in ours} == ours
    again = export.uer(model, family_of(model), None)
    now = {"encoder": "transformer", "mask": "causal"} if said == {"encoder": "gpt"} else said  # an old name
    assert now.items() <= again.items()
    write_folder(tmp_path / "b", {"config.json": json.dumps(again).encode()})
    read = describe(tmp_path / "b").model
    assert read.pooling == model.pooled  # said in words there
    read.pooling = model.pooling
    assert read == model


def test_a_block_that_its_weights_cannot_have_here_is_refused(tmp_path):
    described = {**JSON, "encoder": "transformer", "mask": "causal", "feed_forward": "gated"}
    write_folder(tmp_path / "a", {"config.json": json.dumps(described).encode()})
    with pytest.raises(ConfigError, match="feed_forward is 'gated'; UER-py's Transformers are read where .* 'dense'"):
        describe(tmp_path / "a")
    assert family_of(ModelConfig(encoder="gpt", mask="full")) == "gpt with mask=full"
    assert family_of(ModelConfig(encoder="gpt", mask="causal", embeddings=["word", "pos"])) == "gpt"


def test_a_network_of_run_c3_has_no_pooler_and_stays_one(rng, tmp_path):
    tensors = lstm(rng, **{"output_layer.weight": (1, H), "output_layer.bias": (1,)})
    ours = convert(folder(tmp_path / "a", tensors, JSON), tmp_path / "b", "tasklab", say=quiet, verify=False)
    assert ours.lines[1].startswith("  task multiple_choice; ")
    found = describe(tmp_path / "b")
    assert (found.task, found.model.pooler) == ("multiple_choice", False)
    convert(tmp_path / "b", tmp_path / "c", "uer", say=quiet, verify=False)
    assert json.loads((tmp_path / "c" / "config.json").read_text())["pooler"] is False
    again = open_weights(tmp_path / "c" / "pytorch_model.bin")[1]
    assert again.keys() == tensors.keys()
    np.testing.assert_array_equal(np.asarray(again["output_layer.weight"]), tensors["output_layer.weight"])
    with pytest.raises(CheckpointError, match=r"has no pooler before its outputs \(model.pooler\): mindspore has"):
        convert(tmp_path / "b", tmp_path / "d", "mindspore", say=quiet)


PIECES = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", *"abAB", "ab", "##b", "x", "y"]


def described_by_weights(path, rng):
    """Without a number of words in its JSON, which UER-py never writes, and with what its pre-training leaves."""
    made = folder(path, lstm(rng, **{"target.lm.output_layer.weight": (V, H)}), JSON)
    (made / "SHA256SUMS").unlink()
    (made / "vocab.txt").write_text("\n".join(PIECES) + "\n")
    return made


def test_a_raw_folder_has_as_many_words_as_its_table(rng, tmp_path):
    source = described_by_weights(tmp_path / "a", rng)
    trainer = Trainer(task="feature_extraction", model=str(source), args={"data.max_seq_length": 8})
    assert trainer.config.model.vocab_size == V
    convert(source, tmp_path / "b", "tasklab", say=quiet)
    other = Trainer(task="feature_extraction", model=str(tmp_path / "b"), args={"data.max_seq_length": 8})
    np.testing.assert_array_equal(trainer.predict(input_data=["ab x"]), other.predict(input_data=["ab x"]))


@pytest.mark.parametrize("named, ids", [("char", [4, 5, 6]), ("space", [1]), ("bert", [8, 4])])
def test_the_tokenizer_is_named_at_the_conversion(rng, tmp_path, named, ids):
    # UER-py's tokenizers.py: characters and blanks keep their letters, its BertTokenizer lowers
    source, text = described_by_weights(tmp_path / "a", rng), "abA" if named != "bert" else "AB a"
    convert(source, tmp_path / "b", "tasklab", tokenizer=named, say=quiet)
    tokenizer = tokenizer_of(describe(tmp_path / "b").tokenizer, tmp_path / "b" / "vocab.txt")
    assert tokenizer.encode_batch([text])[0][0].tolist() == ids


def test_a_tokenizer_that_cannot_be_is_refused_before_anything_is_written(rng, tmp_path):
    source = described_by_weights(tmp_path / "a", rng)
    for named, to, told in (("nope", "tasklab", "no tokenizer named 'nope'"), ("char", "uer", "of uer does not say it"),
                            ("sentencepiece", "tasklab", "not a SentencePiece model")):  # fmt: skip
        with pytest.raises(TasklabError, match=told):
            convert(source, tmp_path / "b", to, tokenizer=named, say=quiet)
    (source / "vocab.txt").unlink()
    with pytest.raises(CheckpointError, match="no vocabulary lies beside the weights; name it with --vocab"):
        convert(source, tmp_path / "b", "tasklab", tokenizer="char", say=quiet)
    assert not (tmp_path / "b").exists()
