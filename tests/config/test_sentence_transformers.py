"""modules.json and the configurations of sentence-transformers (of its releases 2 to 6)."""

import json

import pytest

from tasklab.config.huggingface import sentence_settings
from tasklab.errors import ConfigError

NAMES = ("Transformer", "Pooling", "Normalize")


def folder(path, names=NAMES, pooling=None, own=None):
    modules = [{"idx": n, "path": f"{n}_{name}" if n else "", "type": f"sentence_transformers.models.{name}"}
               for n, name in enumerate(names)]  # fmt: skip
    (path / "modules.json").write_text(json.dumps(modules))
    (path / "1_Pooling").mkdir()
    (path / "1_Pooling" / "config.json").write_text(json.dumps(pooling or {"pooling_mode_cls_token": True}))
    if own:
        (path / "sentence_bert_config.json").write_text(json.dumps(own))
    return path


def settings(path):
    return {entry.key: entry.value for entry in sentence_settings(path)}


@pytest.mark.parametrize("said, ours", [
    ({"pooling_mode_cls_token": True, "pooling_mode_mean_tokens": False}, "first"),
    ({"pooling_mode_mean_tokens": True}, "mean"), ({"pooling_mode_max_tokens": True}, "max"),
    ({"pooling_mode_lasttoken": True}, "last"), ({"pooling_mode": "cls"}, "first"),
])  # fmt: skip
def test_the_pooling_is_that_of_the_folder(tmp_path, said, ours):
    assert settings(folder(tmp_path, pooling=said)) == {"model.pooling": ours, "data.normalize": True}


def test_vectors_without_the_module_keep_their_length(tmp_path):
    assert settings(folder(tmp_path, NAMES[:2]))["data.normalize"] is False


def test_length_and_letters_are_those_of_the_folder(tmp_path):
    found = settings(folder(tmp_path, own={"max_seq_length": 16, "do_lower_case": True}))
    assert found["data.max_seq_length"] == 16
    assert (found["tokenizer.lowercase"], found["tokenizer.strip_accents"]) == (True, False)


def test_other_poolings_and_modules_are_refused(tmp_path):
    both = {"pooling_mode_cls_token": True, "pooling_mode_mean_tokens": True}
    with pytest.raises(ConfigError, match="pools by cls_token, mean_tokens; one of"):
        settings(folder(tmp_path, pooling=both))
    (tmp_path / "other").mkdir()
    with pytest.raises(ConfigError, match="holds the module 'Dense'; Transformer, Pooling, Normalize are read"):
        settings(folder(tmp_path / "other", ("Transformer", "Pooling", "Dense")))


def test_a_folder_without_modules_says_nothing(tmp_path):
    assert settings(tmp_path) == {}
