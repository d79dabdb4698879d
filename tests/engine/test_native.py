"""Models of other programs through the kernels' decoder: the logits of these programs, without MindSpore."""

import dataclasses
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from gguf_files import write_gguf

from tasklab.config.model_section import ModelConfig
from tasklab.convert.loaded import read_model
from tasklab.engine.native import native_decoder, why_not
from tasklab.kernels import build
from tasklab.weights.files import TensorFile
from tasklab.weights.source import source_at, weights_in

FIXTURE = Path(__file__).parents[1] / "fixtures" / "decoders_reference.npz"  # what the programs computed
CASES = ("gpt2", "gpt2_untied", "llama", "llama_tied", "llama_scaled", "mistral", "qwen2", "uer", "uer_untied")
SIZES = dict(vocab_size=30, hidden_size=8, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16)


def model_of(case, reference, folder):
    """(model section, tensors by our names) of a folder as the program saves it."""
    start = f"{case}:weight:"
    own = {name.removeprefix(start): array for name, array in reference.items() if name.startswith(start)}
    TensorFile({name: np.asarray(array, np.float32) for name, array in own.items()})(folder / "model.safetensors")
    (folder / "config.json").write_text(str(reference[f"{case}:config"]))
    found = read_model(source_at(str(folder), weights_in(folder)))
    return found.description.model, found.weights


@pytest.fixture(scope="module")
def reference():
    with np.load(FIXTURE) as file:
        return dict(file)


@pytest.mark.skipif(build.library() is None, reason=build.why_not())
@pytest.mark.parametrize("case", CASES)
def test_the_decoder_gives_the_logits_of_the_program(case, reference, tmp_path):
    model, tensors = model_of(case, reference, tmp_path)
    decoder = native_decoder(model, tensors)
    assert (decoder.vocab_size, decoder.max_length) == (model.vocab_size, model.max_tokens)
    found = decoder.scores(range(len(reference["ids"])), reference["ids"])
    np.testing.assert_allclose(np.stack(found), reference[f"{case}:logits"], atol=1e-4)


@pytest.mark.skipif(build.library() is None, reason=build.why_not())
def test_positions_that_begin_later_do_so_here(reference, tmp_path):
    model, tensors = model_of("gpt2", reference, tmp_path)
    tensors = {name: np.asarray(tensor) for name, tensor in tensors.items()}
    expected = native_decoder(model, tensors).extend([0], [[1, 2, 3]])
    table = tensors["encoder.embeddings.position.weight"]
    tensors["encoder.embeddings.position.weight"] = np.concatenate([np.ones_like(table[:2]), table])
    model.position_offset, model.max_position_embeddings = 2, len(table) + 2
    decoder = native_decoder(model, tensors)
    assert decoder.max_length == len(table)
    assert np.array_equal(decoder.extend([0], [[1, 2, 3]]), expected)


@pytest.mark.skipif(build.library() is None, reason=build.why_not())
def test_the_first_type_is_added_to_every_token(reference, tmp_path, rng):
    model, tensors = model_of("gpt2", reference, tmp_path)
    tensors = {name: np.asarray(tensor) for name, tensor in tensors.items()}
    expected = native_decoder(model, tensors).extend([0], [[1, 2, 3]])
    types = rng.standard_normal((3, model.hidden_size)).astype(np.float32)
    tensors["encoder.embeddings.token_type.weight"] = types
    tensors["encoder.embeddings.position.weight"] = tensors["encoder.embeddings.position.weight"] - types[0]
    model.embeddings, model.type_vocab_size = ["word", "pos", "seg"], 3
    np.testing.assert_allclose(native_decoder(model, tensors).extend([0], [[1, 2, 3]]), expected, atol=1e-4)


@pytest.mark.skipif(build.library() is None, reason=build.why_not())
def test_a_gguf_file_is_read_a_few_rows_at_a_time(reference, tmp_path, monkeypatch):
    """So that no table lies whole in memory as float32 beside its int8."""
    path = write_gguf(tmp_path / "tiny.gguf", kind="Q4_1")
    found = read_model(source_at(str(path), path))
    expected = native_decoder(found.description.model, found.weights).extend([0], [[5, 6]])
    monkeypatch.setattr("tasklab.kernels.decoder.BLOCK", 64 * 5)
    lazy = dict(found.weights)
    table = lazy["encoder.embeddings.word.weight"]
    lazy["encoder.embeddings.word.weight"] = dataclasses.replace(table, read=None)  # parts are all that is asked for
    assert np.array_equal(native_decoder(found.description.model, lazy).extend([0], [[5, 6]]), expected)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"encoder": "bert"}, "model.encoder bert with model.mask None is no causal Transformer"),
        ({"encoder": "gpt", "mask": "full"}, "model.encoder gpt with model.mask full is no causal"),
        ({"encoder": "lstm"}, "model.encoder lstm"),
        ({"encoder": "gpt", "embeddings": ["word", "seg"], "type_vocab_size": 1}, "model.type_vocab_size is 1, which"),
        ({"encoder": "gpt", "hidden_act": "tanh"}, "model.hidden_act is tanh"),
        ({"encoder": "gpt", "embedding_size": 4}, "model.embedding_size is 4"),
    ],
)
def test_what_the_kernels_lack_is_said(settings, words):
    model = ModelConfig(**SIZES, **{"embeddings": ["word", "pos"], **settings})
    with pytest.raises(ValueError, match=words):
        native_decoder(model, {})


def test_a_causal_bert_and_a_gpt_are_taken():
    for settings in ({"encoder": "gpt"}, {"encoder": "gpt", "mask": "causal"}, {"encoder": "bert", "mask": "causal"}):
        assert why_not(ModelConfig(**SIZES, embeddings=["word", "pos"], **settings)) == build.why_not()


def test_no_mindspore_is_imported():
    code = "import tasklab.engine.native, sys; sys.exit('mindspore' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
