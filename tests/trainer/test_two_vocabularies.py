"""A training whose source and target have words of their own: its folder keeps both."""

import json
import shutil
from pathlib import Path

import pytest

from tasklab import Trainer
from tasklab.errors import ConfigError

SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]")
SIZES = {
    "model.vocab_size": 14, "model.hidden_size": 16, "model.num_hidden_layers": 1, "model.num_attention_heads": 2,
    "model.intermediate_size": 16, "train.max_steps": 2, "train.batch_size": 4, "train.eval_strategy": "no",
    "tokenizer.name": "char", "data.num_buckets": 1, "generation.max_new_tokens": 4,
}  # fmt: skip


@pytest.fixture
def files(tmp_path):
    (tmp_path / "source.txt").write_text("\n".join((*SPECIAL, *"0123456789")) + "\n")
    (tmp_path / "target.txt").write_text("\n".join((*SPECIAL, *"abcdefghijkl")) + "\n")
    rows = [{"source": f"{n:02}", "target": "abcdefghij"[n % 10] * 2} for n in range(20)]
    (tmp_path / "train.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return tmp_path


def trainer(files, **more):
    settings = {**SIZES, "tokenizer.vocab": str(files / "source.txt"), "data.train": str(files / "train.jsonl"), **more}
    return Trainer(settings, "text2text_generation", "text2text_small", output_dir="run")


@pytest.mark.slow
def test_what_was_trained_answers_in_the_targets_words(files):
    own = {"tokenizer.decoder_vocab": str(files / "target.txt"), "model.decoder_vocab_size": 16}
    trained = trainer(files, **own).train()
    (files / "target.txt").unlink()
    (answers,) = Trainer(task="text2text_generation", model=trained["output_dir"]).predict("07")
    assert set(answers["generated_text"]) <= set("abcdefghijkl")


@pytest.mark.slow
def test_a_run_goes_on_with_both_and_a_lost_one_is_told(files):
    own = {"tokenizer.decoder_vocab": str(files / "target.txt"), "model.decoder_vocab_size": 16}
    own |= {"train.save_steps": 1, "train.save_total_limit": None}
    whole = Path(trainer(files, **own).train()["last_checkpoint"])
    expected = (whole / "model.safetensors").read_bytes()
    (whole / "model.safetensors").unlink()
    (files / "target.txt").unlink()
    half = whole.parent / "checkpoint-1"
    again = Path(Trainer(model=str(half)).train(str(half))["last_checkpoint"])
    assert again == whole and (whole / "model.safetensors").read_bytes() == expected
    shutil.rmtree(whole / "decoder_tokenizer")
    with pytest.raises(ConfigError, match="the target has no vocabulary of its own; set tokenizer"):
        Trainer(task="text2text_generation", model=str(whole)).predict("07")


@pytest.mark.parametrize(
    "settings, told",
    [
        ({"model.decoder_vocab_size": 16}, "decoder_vocab_size is 16, but the target has no vocabulary of its own"),
        ({"tokenizer.decoder_vocab": "target.txt"}, "holds 16 pieces; set model.decoder_vocab_size to as many"),
        (
            {"tokenizer.decoder_vocab": "target.txt", "model.decoder_vocab_size": 15},
            "the target's vocabulary holds 16 pieces, but model.decoder_vocab_size is 15",
        ),
        (
            {
                "tokenizer.decoder_vocab": "target.txt", "model.decoder_vocab_size": 16,
                "generation.stop_token_ids": [16],
            },  # fmt: skip
            r"generation.stop_token_ids = \[16\]: no token has the number 16; this model has 0 to 15",
        ),
    ],
)
def test_one_of_two_that_is_missing_or_too_small_is_told(files, settings, told):
    with pytest.raises(ConfigError, match=told):
        trainer(files, **settings).train()
