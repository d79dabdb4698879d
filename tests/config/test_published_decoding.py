"""Decoding as published weights ask for it, where nobody says otherwise."""

import json

import pytest

from tasklab import Trainer
from tasklab.config import Config, published_decoding, resolve
from tasklab.config.description import describe
from tasklab.errors import ConfigError

BART = {
    "model_type": "bart", "d_model": 16, "encoder_layers": 1, "decoder_layers": 1, "encoder_attention_heads": 2,
    "encoder_ffn_dim": 32, "vocab_size": 50, "bos_token_id": 0,
}  # fmt: skip
SUMMARIES = {
    "num_beams": 4, "length_penalty": 2.0, "early_stopping": True, "no_repeat_ngram_size": 3, "max_length": 142,
    "min_length": 56, "forced_bos_token_id": 0, "forced_eos_token_id": 2,
}  # fmt: skip
"""As bart-large-cnn is published with."""


def folder(path, described=BART, decoding=None):
    (path / "config.json").write_text(json.dumps(described))
    if decoding is not None:
        (path / published_decoding.FILE).write_text(json.dumps(decoding))
    return path


@pytest.mark.parametrize("older", [False, True], ids=["generation_config.json", "config.json"])
def test_a_folder_says_how_its_model_decodes(older, tmp_path):
    files = ({**BART, **SUMMARIES}, None) if older else (BART, SUMMARIES)
    config = resolve("summarization", folder(tmp_path, *files), defaults={"generation": {"max_new_tokens": 64}})
    # </s> <s> stand in front of the 142 and 56 tokens
    assert config.generation.stated() == {
        "num_beams": 4, "length_penalty": 2.0, "early_stopping": True, "no_repeat_ngram_size": 3,
        "max_new_tokens": 140, "min_new_tokens": 54,
    }  # fmt: skip
    (note,) = config.notes
    assert f"{'config.json' if older else published_decoding.FILE}: decoding as published" in note
    assert "generation.num_beams=4" in note


def test_what_the_user_says_counts_and_idle_words_go_with_it(tmp_path):
    config = resolve("summarization", folder(tmp_path, BART, SUMMARIES), ["generation.num_beams=1"])
    assert (config.generation.num_beams, config.generation.length_penalty) == (1, 1.0)
    assert "num_beams" not in config.notes[0]
    assert "no_repeat_ngram_size=3" in config.notes[0]


def test_a_t5_reads_one_token_before_its_answer(tmp_path):
    t5 = {"model_type": "t5", "vocab_size": 50, "d_model": 16, "num_layers": 1, "d_ff": 32, "num_heads": 2}
    config = resolve("translation", folder(tmp_path, t5, {"max_length": 21, "decoder_start_token_id": 3}))
    assert (config.generation.max_new_tokens, config.model.decoder_start_token_id) == (20, 3)


LLAMA = {
    "model_type": "llama", "vocab_size": 50, "hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 1,
    "num_attention_heads": 2, "max_position_embeddings": 4096, "eos_token_id": 2,
}  # fmt: skip
CHAT = {
    "do_sample": True, "temperature": 0.6, "top_p": 0.9, "max_length": 4096, "bos_token_id": 1,
    "eos_token_id": [2, 7], "repetition_penalty": 1.1,
}  # fmt: skip
"""As Llama 2 and Qwen2 are published with."""


def test_a_decoder_draws_where_its_folder_asks_for_it_and_the_log_says_so(tmp_path):
    config = resolve("text_generation", folder(tmp_path, LLAMA, CHAT))
    # transformers draws among 50 where no top_k is said; max_length counts the prompt, and is the context here
    assert config.generation.stated() == {
        "do_sample": True, "temperature": 0.6, "top_k": 50, "top_p": 0.9, "repetition_penalty": 1.1,
        "stop_token_ids": [2, 7],
    }  # fmt: skip
    assert "generation_config.json: decoding as published, generation.do_sample=True" in config.notes[0]
    config = resolve("text_generation", tmp_path, ["generation.do_sample=false"])
    assert config.generation.stated() == {"repetition_penalty": 1.1, "stop_token_ids": [2, 7]}


@pytest.mark.parametrize("said", [None, {"eos_token_id": 2, "bos_token_id": 1}, {"do_sample": False, "top_p": 0.9}])
def test_a_decoder_whose_folder_asks_for_nothing_is_greedy(said, tmp_path):
    config = resolve("text_generation", folder(tmp_path, LLAMA, said))
    assert config.generation.stated() == {} and not config.notes


def test_a_task_that_does_not_generate_hears_nothing_of_it(tmp_path):
    config = resolve("text_classification", folder(tmp_path, LLAMA, CHAT), generates=False)
    assert config.generation.stated() == {} and not config.notes
    trainer = Trainer(task="text_classification", model=str(tmp_path))
    assert trainer.config.generation.stated() == {} and not trainer.config.notes


def test_a_length_that_counts_the_prompt_is_told_not_taken(tmp_path, caplog):
    config = resolve("text_generation", folder(tmp_path, LLAMA, {"max_length": 300, "max_new_tokens": 60}))
    assert config.generation.stated() == {"max_new_tokens": 60}
    assert "generation_config.json: not taken over, as no setting does it: max_length" in caplog.text


def test_words_that_nothing_does_are_told(tmp_path, caplog):
    resolve("translation", folder(tmp_path, BART, {"num_beam_groups": 2, "num_beams": 4, "forced_bos_token_id": 9}))
    assert "generation_config.json: not taken over, as no setting does it: num_beam_groups, forced_bos" in caplog.text


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({"num_beams": 0}, "num_beams is 0; expected"),
        ({"num_beams": 4, "do_sample": True}, "generation.do_sample=false, or num_beams=1"),
        ({"max_length": "long"}, "max_new_tokens is 'long'; expected"),
    ],
)
def test_a_value_that_cannot_be_is_refused_with_its_file(said, told, tmp_path):
    with pytest.raises(ConfigError, match=rf"generation_config\.json: .*{told}"):
        resolve("translation", folder(tmp_path, BART, said))


def test_it_is_written_as_it_was_read(tmp_path):
    taken = describe(folder(tmp_path, BART, SUMMARIES)).generation
    asked = {key: value for key, value in SUMMARIES.items() if key not in ("max_length", "min_length")}
    del asked["forced_eos_token_id"]  # changes no text, as it ends one that is full
    assert published_decoding.written(taken, {**BART, "eos_token_id": 2}, begins=0) == {
        **asked, "max_new_tokens": 141, "min_new_tokens": 55, "bos_token_id": 0, "eos_token_id": 2,
    }  # fmt: skip
    assert Config().generation.stated() == {}


def test_a_decoders_is_written_as_it_was_read(tmp_path):
    taken = describe(folder(tmp_path, LLAMA, CHAT)).generation
    asked = {key: value for key, value in CHAT.items() if key != "max_length"} | {"top_k": 50}
    assert published_decoding.written(taken, {"bos_token_id": 1, "eos_token_id": 2}) == asked
