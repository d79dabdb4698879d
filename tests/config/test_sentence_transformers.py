"""modules.json and the configurations of sentence-transformers (of its releases 2 to 6)."""

import json

import pytest

from tasklab.config.huggingface import sentence_settings
from tasklab.errors import ConfigError

NAMES = ("Transformer", "Pooling", "Normalize")


def folder(path, names=NAMES, pooling=None, **files):
    modules = [{"idx": n, "path": f"{n}_{name}" if n else "", "type": f"sentence_transformers.models.{name}"}
               for n, name in enumerate(names)]  # fmt: skip
    (path / "modules.json").write_text(json.dumps(modules))
    (path / "1_Pooling").mkdir()
    (path / "1_Pooling" / "config.json").write_text(json.dumps(pooling or {"pooling_mode_cls_token": True}))
    for name, content in files.items():
        (path / f"{name}.json").write_text(json.dumps(content))
    return path


def settings(path):
    return {entry.key: entry.value for entry in sentence_settings(path)}


@pytest.mark.parametrize("said, ours", [
    ({"pooling_mode_cls_token": True, "pooling_mode_mean_tokens": False}, ["first"]),
    ({"pooling_mode_mean_tokens": True}, ["mean"]), ({"pooling_mode_max_tokens": True}, ["max"]),
    ({"pooling_mode_mean_sqrt_len_tokens": True}, ["mean_sqrt_len"]), ({"pooling_mode_lasttoken": True}, ["last"]),
    ({"pooling_mode_weightedmean_tokens": True}, ["weightedmean"]), ({"pooling_mode": "cls"}, ["first"]),
    ({"pooling_mode_mean_tokens": False}, ["mean"]),  # its default
    # the older form has one order, sentence_transformers/models/Pooling.py; the newer says it
    ({"pooling_mode_mean_tokens": True, "pooling_mode_cls_token": True}, ["first", "mean"]),
    ({"pooling_mode": ["mean", "cls", "max"]}, ["mean", "first", "max"]),
])  # fmt: skip
def test_the_pooling_is_that_of_the_folder(tmp_path, said, ours):
    found = settings(folder(tmp_path, pooling=said))
    assert [found["model.pooling"], *found["model.pooling_beside"]] == ours


def test_vectors_without_the_module_keep_their_length(tmp_path):
    assert settings(folder(tmp_path, NAMES[:2]))["data.normalize"] is False


def test_length_and_letters_are_those_of_the_folder(tmp_path):
    own = {"max_seq_length": 16, "do_lower_case": True}
    found = settings(folder(tmp_path, sentence_bert_config=own, tokenizer_config={"do_lower_case": False}))
    assert found["data.max_seq_length"] == 16
    # lowered before a tokenizer that does not lower, and so leaves accents alone
    assert (found["tokenizer.lowercase"], found["tokenizer.strip_accents"]) == (True, False)


def test_a_tokenizer_that_lowers_by_itself_strips_accents_as_before(tmp_path):
    found = settings(
        folder(tmp_path, sentence_bert_config={"do_lower_case": True}, tokenizer_config={"do_lower_case": True})
    )
    assert found["tokenizer.lowercase"] is True and "tokenizer.strip_accents" not in found


def test_without_a_length_of_its_own_it_is_that_of_tokenizer_and_positions(tmp_path):
    said = {"tokenizer_config": {"model_max_length": 40}, "config": {"max_position_embeddings": 32}}
    assert settings(folder(tmp_path, **said))["data.max_seq_length"] == 32


def test_a_dense_has_the_size_and_the_activation_of_its_folder(tmp_path):
    folder(tmp_path, ("Transformer", "Pooling", "Dense", "Dropout", "Normalize"))
    (tmp_path / "2_Dense").mkdir()
    dense = {"in_features": 4, "out_features": 3, "activation_function": "torch.nn.modules.activation.GELU"}
    (tmp_path / "2_Dense" / "config.json").write_text(json.dumps(dense))
    found = settings(tmp_path)
    assert (found["model.dense_size"], found["model.dense_act"], found["data.normalize"]) == (3, "gelu", True)
    (tmp_path / "2_Dense" / "config.json").write_text(json.dumps({**dense, "use_residual": True}))
    with pytest.raises(ConfigError, match="2_Dense/config.json: use_residual is True; only False is read"):
        settings(tmp_path)
    (tmp_path / "2_Dense" / "config.json").write_text(json.dumps({**dense, "activation_function": "mine.Act"}))
    with pytest.raises(ConfigError, match="activation_function is 'mine.Act'; expected Tanh, Identity, ReLU, GELU"):
        settings(tmp_path)


@pytest.mark.parametrize("names", [
    ("Transformer", "Pooling", "LayerNorm"), ("Transformer", "Pooling", "Normalize", "Dense"), ("Transformer", "Dense"),
    ("Transformer", "Pooling", "Dense", "Dense"), ("Transformer", "WeightedLayerPooling", "Pooling"), ("BoW",),
])  # fmt: skip
def test_other_modules_are_refused(tmp_path, names):
    with pytest.raises(ConfigError, match="holds the modules .*; read are Transformer, Pooling, Dense, Normalize, in"):
        settings(folder(tmp_path, names))


def test_other_poolings_places_and_prompts_are_refused(tmp_path):
    with pytest.raises(ConfigError, match="pools by 'attention'; expected cls, "):
        settings(folder(tmp_path, pooling={"pooling_mode": ["cls", "attention"]}))
    prompts = {"default_prompt_name": "query", "prompts": {"query": "query: "}}
    (tmp_path / "config_sentence_transformers.json").write_text(json.dumps(prompts))
    with pytest.raises(ConfigError, match="default_prompt_name is 'query', whose words go before every text"):
        settings(tmp_path)
    (tmp_path / "config_sentence_transformers.json").write_text(json.dumps({**prompts, "default_prompt_name": {}}))
    with pytest.raises(ConfigError, match="default_prompt_name is {}"):
        settings(tmp_path)
    (tmp_path / "modules.json").write_text(json.dumps([{"path": "0_T", "type": "Transformer"}, {"type": "Pooling"}]))
    with pytest.raises(ConfigError):
        settings(tmp_path)


def test_a_cross_encoder_says_nothing(tmp_path):
    assert settings(folder(tmp_path, ("Transformer",))) == {}


def test_a_folder_without_modules_says_nothing(tmp_path):
    assert settings(tmp_path) == {}
