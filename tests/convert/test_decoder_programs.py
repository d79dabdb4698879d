"""GPT-2, Llama, Mistral and Qwen2 of transformers, GPT-2 of UER-py, and GGUF files.

The numbers are what the programs computed (tests/fixtures/make_decoder_reference.py), ours by tests/decoder_forward.py.
"""

import json
import re
from pathlib import Path

import numpy as np
import pytest
from decoder_forward import logits
from gguf_files import write_gguf, write_gpt2

from tasklab.convert import convert
from tasklab.convert.loaded import read_model
from tasklab.errors import CheckpointError, ConfigError
from tasklab.text import TOKENIZERS
from tasklab.weights.containers import open_weights
from tasklab.weights.files import TensorFile
from tasklab.weights.source import source_at, weights_in
from tasklab.weights.tables import detect, find_format, from_tasklab, to_tasklab

FIXTURE = Path(__file__).parents[1] / "fixtures" / "decoders_reference.npz"
HUGGINGFACE = ("gpt2", "gpt2_untied", "llama", "llama_tied", "llama_scaled", "mistral", "qwen2")
UER = ("uer", "uer_untied")


@pytest.fixture(scope="module")
def reference():
    with np.load(FIXTURE) as file:
        return dict(file)


def saved(path, reference, case, names=None, tensors=None, **more):
    """A folder as the program saves the model. names: a function of each weight's name. more: keys of config.json."""
    start, path = f"{case}:weight:", Path(path)
    path.mkdir()
    own = {name.removeprefix(start): array for name, array in reference.items() if name.startswith(start)}
    own = {(names or str)(name): np.asarray(array, np.float32) for name, array in own.items()} | (tensors or {})
    TensorFile(own)(path / "model.safetensors")
    (path / "config.json").write_text(json.dumps({**json.loads(str(reference[f"{case}:config"])), **more}))
    return path


def opened(path):
    path = Path(path)
    return read_model(source_at(str(path), path if path.is_file() else weights_in(path)))


def worst(model, ids, expected):
    return np.abs(logits(model.description.model, model.weights, ids) - expected).max()


@pytest.mark.parametrize("case", [*HUGGINGFACE, *UER])
def test_a_folder_gives_the_logits_of_its_program(case, reference, tmp_path):
    model = opened(saved(tmp_path / case, reference, case))
    assert model.head == "causal"
    assert worst(model, reference["ids"], reference[f"{case}:logits"]) < 1e-4


@pytest.mark.parametrize("write, case", [(write_gguf, "gguf_llama"), (write_gpt2, "gguf_gpt2")])
def test_a_gguf_file_gives_the_logits_of_transformers(write, case, reference, tmp_path):
    model = opened(write(tmp_path / "tiny.gguf", kind="Q4_1"))
    assert model.head == "causal"
    assert worst(model, reference["ids"], reference[f"{case}:logits"]) < 1e-3


TARGETS = ("huggingface", "mindspore", "tasklab")


@pytest.mark.parametrize("case, to", [(case, to) for case in HUGGINGFACE for to in TARGETS])
def test_there_and_back_again_the_logits_are_the_same(case, to, reference, tmp_path):
    if to == "mindspore" and case in ("gpt2_untied", "llama_tied", "llama_scaled"):
        pytest.skip("MindFormers has no such network, which the next test asks")
    convert(saved(tmp_path / case, reference, case), tmp_path / "there", to, say=lambda line: None)
    assert worst(opened(tmp_path / "there"), reference["ids"], reference[f"{case}:logits"]) < 1e-4


def test_a_head_of_its_own_has_no_place_in_mindformers_gpt2(reference, tmp_path):
    with pytest.raises(CheckpointError, match="mindspore has no names for head.decoder"):
        convert(saved(tmp_path / "a", reference, "gpt2_untied"), tmp_path / "b", "mindspore", say=lambda line: None)


def test_what_transformers_saves_comes_back_name_by_name_and_bit_by_bit(reference, tmp_path):
    source = saved(tmp_path / "gpt2", reference, "gpt2")
    convert(source, tmp_path / "ours", "tasklab", say=lambda line: None)
    convert(tmp_path / "ours", tmp_path / "theirs", "huggingface", say=lambda line: None)
    before, after = (open_weights(folder / "model.safetensors")[1] for folder in (source, tmp_path / "theirs"))
    assert before.keys() == after.keys()
    assert all(np.array_equal(np.asarray(before[name]), np.asarray(after[name])) for name in before)
    said = json.loads((tmp_path / "theirs" / "config.json").read_text())
    asked = json.loads(str(reference["gpt2:config"]))
    kept = ("vocab_size", "n_positions", "n_embd", "n_layer", "n_head", "n_inner", "activation_function", "resid_pdrop",
            "embd_pdrop", "attn_pdrop", "layer_norm_epsilon", "tie_word_embeddings", "model_type")  # fmt: skip
    assert {key: said[key] for key in kept} == {key: asked[key] for key in kept}


def of_2021(name):
    """The names before July 2023."""
    name = re.sub(r"^embedding\.(word)\.embedding", r"embedding.\1_embedding", name)
    name = re.sub(r"^embedding\.pos\.embedding", "embedding.position_embedding", name)
    return name.replace("target.lm.output_layer", "target.output_layer")


def of_2020(name):
    """Those of October to December 2020, whose layers were blocks, from several GPUs."""
    return "module." + of_2021(name).replace("encoder.transformer.", "encoder.block.")


@pytest.mark.parametrize("names", [of_2021, of_2020])
def test_all_generations_of_uer_names_are_read(names, reference, tmp_path):
    zeros = {names("target.lm.output_layer.bias"): np.zeros(40, np.float32)}
    model = opened(saved(tmp_path / "uer", reference, "uer", names, zeros))
    assert model.head == "causal" and any("zeros, and left out" in note for note in model.notes)
    assert worst(model, reference["ids"], reference["uer:logits"]) < 1e-4


def test_scores_with_a_bias_are_refused_not_computed_without_it(reference, tmp_path):
    bias = {"target.lm.output_layer.bias": np.ones(40, np.float32)}
    with pytest.raises(CheckpointError, match="has_lmtarget_bias"):
        opened(saved(tmp_path / "uer", reference, "uer", tensors=bias))


@pytest.mark.parametrize("said, pooled", [({}, "first"), ({"pooling": "mean"}, "mean")])
def test_a_classifier_of_uer_is_read_where_its_script_reads(said, pooled, reference, tmp_path):
    """run_classifier.py: --pooling is `first` by default, whatever the mask."""
    H = reference["uer:weight:embedding.word.embedding.weight"].shape[1]
    sizes = {"1.weight": (H, H), "1.bias": H, "2.weight": (3, H), "2.bias": 3}
    layers = {f"output_layer_{name}": np.zeros(size, np.float32) for name, size in sizes.items()}
    encoder = {name: array for name, array in reference.items() if not name.startswith("uer:weight:target.")}
    model = opened(saved(tmp_path / "uer", encoder, "uer", tensors=layers, **said))
    assert (model.head, model.description.model.causal, model.description.model.pooled) == ("classes", True, pooled)


@pytest.mark.parametrize("case", ["gpt2", "gpt2_untied", "uer"])
def test_a_gpt2_is_written_for_uer_as_uer_computes_it(case, reference, tmp_path):
    convert(saved(tmp_path / case, reference, case), tmp_path / "there", "uer", say=lambda line: None)
    names = open_weights(tmp_path / "there" / "pytorch_model.bin")[1]
    assert {"embedding.word.embedding.weight", "encoder.layer_norm.gamma", "target.lm.output_layer.weight"} <= {*names}
    said = json.loads((tmp_path / "there" / "config.json").read_text())
    assert (said["mask"], said["layernorm_positioning"], said["tie_weights"]) == ("causal", "pre", "untied" not in case)
    assert worst(opened(tmp_path / "there"), reference["ids"], reference[f"{case}:logits"]) < 1e-4


@pytest.mark.parametrize("program, case", [(program, case) for program in ("huggingface", "mindspore")
                                           for case in ("gpt2", "llama", "llama_tied", "qwen2")])  # fmt: skip
def test_the_names_lead_there_and_back(program, case, reference, tmp_path):
    model = opened(saved(tmp_path / case, reference, case))
    table = find_format(program, model.family)
    theirs, lost = from_tasklab(model.weights, table, model.head)
    back, unknown = to_tasklab(theirs, table)
    assert not lost and not unknown and back.keys() == model.weights.keys() and detect(theirs) is table
    assert all(np.array_equal(np.asarray(back[name]), np.asarray(model.weights[name])) for name in back)
    if program == "huggingface":
        assert {f"{case}:weight:{name}" for name in theirs} == {key for key in reference if f"{case}:weight:" in key}


def test_mindformers_names_are_those_of_its_converters(reference, tmp_path):
    def names(case):
        model = opened(saved(tmp_path / case, reference, case))
        return from_tasklab(model.weights, find_format("mindspore", model.family), model.head)[0].keys()

    assert names("gpt2") >= {
        "backbone.blocks.1.layernorm1.gamma", "backbone.blocks.0.attention.dense2.weight", "backbone.layernorm.beta",
        "backbone.embedding.position_embedding.embedding_table",
    }  # fmt: skip
    assert names("llama") >= {  # models/llama/convert_weight.py, name_replace: up_proj is w3
        "model.tok_embeddings.embedding_weight", "model.norm_out.weight", "lm_head.weight",
        "model.layers.1.attention.wk.weight", "model.layers.1.feed_forward.w3.weight", "model.layers.0.ffn_norm.weight",
    }  # fmt: skip


def refused(path, **metadata) -> str:
    """What reading a Llama's file says whose metadata are changed."""
    with pytest.raises((ConfigError, CheckpointError)) as told:
        opened(write_gguf(path, metadata=metadata))
    return str(told.value)


@pytest.mark.parametrize(
    "metadata, said",
    [
        ({"general.architecture": "mamba"}, "general.architecture is 'mamba', no network of tasklab; read are llama"),
        ({"llama.expert_count": 8}, "llama.expert_count is 8; no network of tasklab has that"),
        ({"llama.rope.dimension_count": 8}, "llama.rope.dimension_count is 8 of a head's 16 values"),
        ({"llama.rope.scaling.type": "yarn"}, "its rotary frequencies are scaled"),
        ({"llama.attention.head_count": 3}, "has 64 rows for 3 heads"),
        ({"llama.attention.head_count_kv": [2, 4]}, "has 32 rows for [2, 4] heads"),
        ({"llama.embedding_length": None}, "says no llama.embedding_length"),
        ({"llama.embedding_length": 1 << 40}, "llama.embedding_length is 1099511627776"),
        ({"llama.block_count": 3}, "num_hidden_layers is 3, but the weights have 2"),
        ({"split.count": 4}, "one of 4 parts of a model; join them first"),
    ],
)
def test_what_a_gguf_file_says_is_held_against_what_we_compute(metadata, said, tmp_path):
    told = refused(tmp_path / "tiny.gguf", **metadata)
    assert said in told and "tiny.gguf" in told


@pytest.mark.parametrize(
    "case, said, told",
    [
        ("llama", {"attention_bias": True}, "attention_bias is True; of llama only False is read"),
        ("llama", {"rope_parameters": {"rope_type": "yarn"}}, "rope_scaling has the type 'yarn'; read are none"),
        ("llama", {"rope_scaling": "linear", "rope_parameters": None}, "rope_scaling is 'linear'"),
        ("llama", {"partial_rotary_factor": 0.5}, "partial_rotary_factor is not 1"),
        ("llama", {"num_key_value_heads": "two"}, "num_key_value_heads is 'two'; expected a whole number"),
        ("gpt2", {"scale_attn_by_inverse_layer_idx": True}, "scale_attn_by_inverse_layer_idx is True"),
        ("gpt2", {"model_type": "gpt_neox"}, "model_type is 'gpt_neox'; no network of tasklab; read are bert,"),
    ],
)
def test_a_configuration_of_another_network_is_refused(case, said, told, reference, tmp_path):
    with pytest.raises(ConfigError, match=re.escape(told)):
        opened(saved(tmp_path / case, reference, case, **said))


def test_a_window_of_mistral_cuts_the_context_not_the_network(reference, tmp_path):
    assert opened(saved(tmp_path / "a", reference, "mistral")).description.model.max_position_embeddings == 16


def test_rope_scaling_of_transformers_4_is_that_of_5(reference, tmp_path):
    said = json.loads(str(reference["llama_scaled:config"]))["rope_parameters"]
    old = {"rope_parameters": None, "rope_theta": said.pop("rope_theta"), "rope_scaling": said}
    model = opened(saved(tmp_path / "a", reference, "llama_scaled", **old))
    assert worst(model, reference["ids"], reference["llama_scaled:logits"]) < 1e-4


def test_weights_that_nothing_describes_are_read_by_their_shapes(reference, tmp_path):
    folder = saved(tmp_path / "gpt2", reference, "gpt2")
    (folder / "config.json").unlink()
    model = opened(folder)
    found = model.description.model
    assert (found.encoder, found.embeddings, found.norm_position) == ("gpt", ["word", "pos"], "pre")
    assert (found.hidden_size, found.intermediate_size, found.max_position_embeddings) == (16, 32, 20)
    assert any("1 attention heads assumed" in note for note in model.notes)


@pytest.mark.parametrize("to", TARGETS)
def test_a_gguf_file_goes_over_with_its_tokenizer(to, tmp_path):
    source = write_gpt2(tmp_path / "tiny.gguf", kind="Q4_1")
    convert(source, tmp_path / "there", to, say=lambda line: None)
    ids = np.arange(12).reshape(1, 12)
    expected = logits(opened(source).description.model, opened(source).weights, ids)
    assert worst(opened(tmp_path / "there"), ids, expected) < 1e-6
    found = {"huggingface": "tokenizer.json"}.get(to, "tokenizer.gguf")
    made = TOKENIZERS.get({"huggingface": "tokenizer_json"}.get(to, "gguf"))
    texts = made(tmp_path / "there" / found, lowercase=False)
    assert texts.encode_batch(["abacc"])[0][0].tolist() == [3, 4, 2]  # by hand: ab ac c


def test_how_it_decodes_and_where_texts_end_goes_along(reference, tmp_path):
    folder = saved(tmp_path / "llama", reference, "llama", do_sample=True, temperature=0.7, eos_token_id=[2, 9])
    (folder / "vocab.txt").write_text("\n".join(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *"abcdefghij"]))
    convert(folder, tmp_path / "ours", "tasklab", verify=False, say=lambda line: None)
    said = "generation: {do_sample: true, temperature: 0.7, top_k: 50, stop_token_ids: [2, 9]}"
    assert said in (tmp_path / "ours" / "config.yaml").read_text()
    convert(tmp_path / "ours", tmp_path / "theirs", "huggingface", verify=False, say=lambda line: None)
    written = json.loads((tmp_path / "theirs" / "generation_config.json").read_text())
    drawn = {"do_sample": True, "temperature": 0.7, "top_k": 50}
    assert written == {**drawn, "bos_token_id": 2, "eos_token_id": [3, 2, 9]}  # [CLS], [SEP] and the folder's own

    source = write_gpt2(tmp_path / "tiny.gguf")
    convert(source, tmp_path / "gpt2", "huggingface", verify=False, say=lambda line: None)
    ends = TOKENIZERS.get("gguf")(source).eos_id  # transformers would take 50256, a word that there is not
    assert json.loads((tmp_path / "gpt2" / "generation_config.json").read_text())["eos_token_id"] == ends
