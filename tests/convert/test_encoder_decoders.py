"""T5, mT5, BART and Pegasus of transformers, and UER-py's, as folders: read, written, and read again.

The numbers are what the programs computed (tests/fixtures/make_seq2seq_reference.py).
"""

import itertools
import json
from pathlib import Path

import numpy as np
import pytest
from mindspore import Tensor

from tasklab.config import Config
from tasklab.convert import convert
from tasklab.convert.loaded import read_model
from tasklab.errors import CheckpointError, ConfigError
from tasklab.networks import NETWORKS
from tasklab.weights.containers import open_weights
from tasklab.weights.files import TensorFile
from tasklab.weights.source import source_at, weights_in

FIXTURE = Path(__file__).parents[1] / "fixtures" / "seq2seq_reference.npz"
HUGGINGFACE = ("t5", "t5_gated", "mt5", "bart", "bart_scaled", "pegasus")
UER = ("uer_t5", "uer_t5_v1_1", "uer_bart", "uer_pegasus", "uer_transformer")


@pytest.fixture(scope="module")
def reference():
    with np.load(FIXTURE) as file:
        return dict(file)


def saved(path, reference, case, **more):
    """A folder as the program saves the model. more: keys of config.json."""
    start = f"{case}:weight:"
    path.mkdir()
    own = {name.removeprefix(start): np.float32(array) for name, array in reference.items() if name.startswith(start)}
    TensorFile(own)(path / "model.safetensors")
    (path / "config.json").write_text(json.dumps({**json.loads(str(reference[f"{case}:config"])), **more}))
    return path


def opened(path):
    return read_model(source_at(str(path), weights_in(Path(path))))


def worst(model, reference, case):
    """Largest difference of log-probabilities of some words from the program's."""
    assert model.head == "seq2seq"
    network = NETWORKS.get("seq2seq")(Config(model=model.description.model, kernels="off")).set_train(False)
    for name, parameter in network.parameters_and_names():
        parameter.set_data(Tensor(np.ascontiguousarray(np.asarray(model.weights.pop(name)), np.float32)))
    assert not model.weights
    scores = reference[f"{case}:logits"].astype(np.float64)
    every = scores - np.log(np.exp(scores).sum(-1, keepdims=True))
    targets = np.random.default_rng(3).integers(0, scores.shape[-1], scores.shape[:2]).astype(np.int32)
    given = [reference[name] for name in ("input_ids", "attention_mask", "decoder_input_ids")]
    (told,) = network(*map(Tensor, (*given, np.ones_like(targets), targets)))
    return np.abs(told.asnumpy() - np.take_along_axis(every, targets[..., None], -1)[..., 0]).max()


@pytest.mark.parametrize("case", [*HUGGINGFACE, *UER])
def test_a_folder_gives_the_logits_of_its_program(case, reference, tmp_path):
    assert worst(opened(saved(tmp_path / case, reference, case)), reference, case) < 1e-4


@pytest.mark.parametrize("case, to", [
    *((case, to) for case in HUGGINGFACE for to in ("huggingface", "tasklab")), *((case, "uer") for case in UER),
    ("uer_t5", "huggingface"), ("uer_bart", "huggingface"), ("bart", "uer"), ("t5_far", "mindspore"),
])  # fmt: skip
def test_there_and_back_again_the_logits_are_the_same(case, to, reference, tmp_path):
    convert(saved(tmp_path / case, reference, case), tmp_path / "there", to, say=lambda line: None)
    built_in = (case, to) in (("uer_bart", "huggingface"), ("bart", "uer"))  # the size of their norms' epsilon
    assert worst(opened(tmp_path / "there"), reference, case) < (3e-3 if built_in else 1e-4)


@pytest.mark.parametrize(
    "case, said, told",
    [
        ("t5", {"feed_forward_proj": "mixed-relu"}, "feed_forward_proj is 'mixed-relu'; read are relu, gated-gelu"),
        ("bart", {"decoder_attention_heads": 2}, "decoder_attention_heads is 2, encoder_attention_heads 4; read are"),
        ("bart", {"normalize_before": True}, "normalize_before is True; only False is read"),
        ("t5", {"num_layers": -1}, "num_layers is -1; expected a whole number"),
    ],
)
def test_what_is_no_network_of_ours_is_refused(case, said, told, reference, tmp_path):
    with pytest.raises(ConfigError, match=told):
        opened(saved(tmp_path / case, reference, case, **said))


def test_a_program_without_encoder_decoders_is_told(reference, tmp_path):
    with pytest.raises(CheckpointError, match="google has no t5; it can be converted to huggingface"):
        convert(saved(tmp_path / "t5", reference, "t5"), tmp_path / "there", "google", say=lambda line: None)


def test_a_bart_that_ties_no_words_has_a_table_in_each_stack(reference, tmp_path):
    convert(saved(tmp_path / "bart", reference, "uer_bart"), tmp_path / "there", "huggingface", say=lambda line: None)
    tensors = open_weights(tmp_path / "there" / "model.safetensors")[1]
    assert json.loads((tmp_path / "there" / "config.json").read_text())["tie_word_embeddings"] is False
    for stack in ("encoder", "decoder"):  # as transformers 5.24 asks for
        words = np.asarray(tensors[f"model.{stack}.embed_tokens.weight"])
        np.testing.assert_array_equal(words, np.asarray(tensors["model.shared.weight"]))


def test_uer_gets_a_scaled_table_for_t5s_scaled_outputs(reference, tmp_path):
    lines = []
    convert(saved(tmp_path / "t5", reference, "t5_far"), tmp_path / "there", "uer", say=lines.append)
    assert any("which is scaled" in line for line in lines)
    assert worst(opened(tmp_path / "there"), reference, "t5_far") < 1e-4


def test_uer_has_other_distances_than_this_t5(reference, tmp_path):
    with pytest.raises(ConfigError, match="UER-py has no encoder-decoder with model.relative_attention_max_distance"):
        convert(saved(tmp_path / "t5", reference, "t5"), tmp_path / "there", "uer", say=lambda line: None)


def test_mindformers_names_are_those_of_its_converter(reference, tmp_path):
    convert(saved(tmp_path / "t5", reference, "t5_far"), tmp_path / "there", "mindspore", say=lambda line: None)
    names = set(open_weights(tmp_path / "there" / "model.ckpt")[1])
    block = "t5_model.tfm_decoder.blocks.2"
    assert {
        "t5_model.tfm_embedding_lookup.embedding_table", "t5_model.encoder_layernorm.gamma",
        "t5_model.tfm_encoder.blocks.0.attention.bias_generator.embeddings_table", f"{block}.layernorm2.gamma",
        f"{block}.cross_attention.projection.weight", f"{block}.cross_attention_layernorm.gamma",
    } <= names  # fmt: skip
    assert len(names) == 2 * 8 + 3 * 13 + 5


def test_both_vocabularies_go_along(reference, tmp_path):
    sides = {"source": 40, "target": 30}
    for side, size in sides.items():
        special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
        (tmp_path / side).write_text("\n".join([*special, *(f"{side}{n}" for n in range(size - 5))]) + "\n")
    model, silent = saved(tmp_path / "mt", reference, "uer_transformer"), {"say": lambda line: None}
    named = {"vocab": tmp_path / "source", "decoder_vocab": tmp_path / "target"}
    convert(model, tmp_path / "ours", "tasklab", **named, **silent)
    convert(tmp_path / "ours", tmp_path / "back", "uer", **silent)
    for folder, name in itertools.product(("ours", "back"), named):
        file = tmp_path / folder / ("vocab.txt" if name == "vocab" else "decoder_tokenizer/vocab.txt")
        assert file.read_bytes() == named[name].read_bytes()
    with pytest.raises(CheckpointError, match="--decoder-vocab .*target: the words of .* are those of its encoder"):
        convert(saved(tmp_path / "t5", reference, "uer_t5"), tmp_path / "no", "tasklab", **named, **silent)


def test_the_end_of_a_text_is_that_of_the_vocabulary(reference, tmp_path):
    folder, words = saved(tmp_path / "t5", reference, "t5"), tmp_path / "vocab.txt"
    words.write_text("\n".join(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *"abcdefghij"]))
    silent = {"verify": False, "say": lambda line: None}
    convert(folder, tmp_path / "ours", "tasklab", vocab=words, tokenizer="wordpiece", **silent)
    convert(tmp_path / "ours", tmp_path / "theirs", "huggingface", **silent)
    for name in ("config.json", "generation_config.json"):
        written = json.loads((tmp_path / "theirs" / name).read_text())
        assert (written["eos_token_id"], written["pad_token_id"]) == (3, 0)  # [SEP]; T5's own </s> is 1


def test_decoding_goes_along(reference, tmp_path):
    folder = saved(tmp_path / "bart", reference, "bart", num_beams=3, max_length=12)
    convert(folder, tmp_path / "ours", "tasklab", verify=False)
    assert "generation: {max_new_tokens: 10, num_beams: 3}" in (tmp_path / "ours" / "config.yaml").read_text()
    convert(tmp_path / "ours", tmp_path / "theirs", "huggingface", verify=False)
    written = json.loads((tmp_path / "theirs" / "generation_config.json").read_text())
    assert (written["num_beams"], written["max_new_tokens"], written["forced_bos_token_id"]) == (3, 11, 0)
