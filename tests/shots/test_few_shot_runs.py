"""The comparison end to end with a tiny model, and what is refused before anything is trained."""

import json

import pytest

from tasklab import cli, few_shot
from tasklab.errors import ConfigError, DataError, TrainingError, UnknownName
from tasklab.shots.compare import NEW_WORDS
from tasklab.shots.methods import METHODS, configured

WORDS = "[PAD] [UNK] [CLS] [SEP] [MASK] anna ben clara dan fred gina hugo ida lives in paris rome oslo lima good bad"


@pytest.fixture
def toy(tmp_path):
    """The settings of a tiny encoder, and a file of texts whose label hangs on the first word."""
    (tmp_path / "vocab.txt").write_text(WORDS.replace(" ", "\n") + "\n")
    names = {"good": ("anna", "ben", "clara", "dan"), "bad": ("fred", "gina", "hugo", "ida")}
    lines = [f"{label}\t{name} lives in {city}" for label, own in names.items() for name in own
             for city in ("paris", "rome", "oslo", "lima")]  # fmt: skip
    (tmp_path / "rows.tsv").write_text("label\ttext_a\n" + "\n".join(lines) + "\n")
    settings = {"from_scratch": "true", "tokenizer.vocab": tmp_path / "vocab.txt", "data.max_seq_length": 16,
                "model.hidden_size": 16, "model.num_hidden_layers": 1, "model.num_attention_heads": 2,
                "model.intermediate_size": 16, "model.vocab_size": 32, "train.max_steps": 2}  # fmt: skip
    return tmp_path / "rows.tsv", [f"{key}={value}" for key, value in settings.items()]


@pytest.mark.slow
def test_a_comparison_scores_what_runs_says_what_does_not_and_goes_on(toy, tmp_path, monkeypatch, capsys):
    data, settings = toy
    monkeypatch.chdir(tmp_path)
    command = ["fewshot", str(data), *settings, "--model", "bert_tiny", "--shots", "3", "--seeds", "1", "--methods",
               "contrastive", "prompt", "tfidf", "data.label_words={good: [good], bad: [terrible]}",
               "--out", "t.json"]  # fmt: skip
    assert cli.main(command) == 0
    table = capsys.readouterr().out
    found = json.loads((tmp_path / "t.json").read_text())
    assert found["train_rows"] == 6 and found["test_rows"] == 26 and found["classes"] == ["bad", "good"]
    contrast, prompt, counted = (found["methods"][name] for name in ("contrastive", "prompt", "tfidf"))
    assert 0 <= contrast["accuracy"]["mean"] <= 1 and len(counted["accuracy"]["seeds"]) == 1
    assert "terrible" in prompt["note"] and "accuracy" not in prompt and "terrible" in table
    assert found["sentence"] in table
    folder = tmp_path / "output" / "bert_tiny-fewshot"
    assert json.loads((folder / "table.json").read_text()) == found
    assert not list(folder.glob("seed-0/contrastive/checkpoint-*"))
    assert cli.main(command) == 0  # nothing that has ended is trained again
    again = json.loads((tmp_path / "t.json").read_text())["methods"]["contrastive"]
    assert again == contrast


def test_what_cannot_be_compared_is_told_before_anything_is_trained(toy, tmp_path):
    data, settings = toy
    with pytest.raises(DataError, match="too few different texts of 2 of 2 classes .* take --shots 15, add rows"):
        few_shot(data, 16, overrides=settings, output_dir=tmp_path / "out")
    with pytest.raises(DataError, match="kind"):
        few_shot(data, overrides=[*settings, "data.label=kind"], output_dir=tmp_path / "out")
    with pytest.raises(UnknownName, match="no method named 'contrastiv'. Did you mean 'contrastive'"):
        few_shot(data, methods=["contrastiv"], overrides=settings)
    with pytest.raises(ConfigError, match="model.hiden_size: none of contrastive, prompt"):
        few_shot(data, overrides=["model.hiden_size=3"])
    with pytest.raises(ConfigError, match="seeds is 0; expected a whole number, at least 1"):
        few_shot(data, seeds=0)
    with pytest.raises(ConfigError, match="shots is '4'; expected a whole number, at least 1"):
        few_shot(data, shots="4", methods="tfidf")
    one = tmp_path / "one.tsv"
    one.write_text("label\ttext_a\na\tx\na\ty\n")
    with pytest.raises(DataError, match="one.tsv: every label is 'a'"):
        few_shot(one, overrides=settings)
    apart = tmp_path / "apart.tsv"
    apart.write_text("label\ttext_a\ngood\tanna sleeps\n1\tben sleeps\n0\tfred sleeps\n")
    with pytest.raises(DataError, match=r"apart.tsv:3: the label '1' is none .*: bad, good \(rows .*: 2\)"):
        few_shot(data, 2, overrides=settings, eval_data=apart, output_dir=tmp_path / "out")
    for pattern, methods, missing in (("{soft}{MASK}{textA}", ["prompt"], "p_tuning's"),
                                      ("{MASK}{textA}", ["p_tuning", "tfidf"], "prompt's")):  # fmt: skip
        with pytest.raises(ConfigError, match=f"a pattern with.* is {missing}, which --methods leaves out"):
            few_shot(data, methods=methods, overrides=[*settings, f"data.patterns=['{pattern}']"])
    assert not (tmp_path / "out").exists()


def test_every_method_starts_from_the_recipe_of_its_model_and_the_same_weights():
    for name, recipe in (("contrastive", "contrastive_small_chinese"), ("p_tuning", "ptuning_small_chinese"),
                         ("fine_tuning", "txtcls_small_chinese")):  # fmt: skip
        config = configured(name, "small_chinese", "somewhere", ["a", "b"], False, ["optimizer.lr=0.5"], 3)
        assert (config.name, config.checkpoint, config.from_scratch) == (recipe, "somewhere", False)
        assert config.task == METHODS[name].task and config.seed == 3 and config.optimizer.lr == 0.5
    asked = configured("prompt", "minilm_l6", None, ["good", "bad"], True, [], 0).data
    assert asked.patterns == ["{textA} {MASK} {textB}"] and asked.label_words == {"good": ["good"], "bad": ["bad"]}
    own = ["data.patterns=[\"It was {MASK}: {textA}\"]", "data.label_words={good: [great], bad: [poor]}"]
    asked = configured("prompt", "minilm_l6", None, ["good", "bad"], False, own, 0).data
    assert asked.patterns == ["It was {MASK}: {textA}"] and asked.label_words["bad"] == ["poor"]
    soft = configured("p_tuning", "minilm_l6", None, ["good", "bad"], False, own, 0)
    assert soft.data.patterns == ["{textA} {soft}{MASK}{soft}"] and soft.optimizer.rates == {"head.prompt": 10.0}
    learned = ["data.patterns=['{soft}{MASK}: {textA}']", "data.patterns=['{MASK}: {textA}']"]
    for name, pattern in (("p_tuning", "{soft}{MASK}: {textA}"), ("prompt", "{MASK}: {textA}")):
        assert configured(name, "minilm_l6", None, ["good", "bad"], False, learned, 0).data.patterns == [pattern]
    uer = configured("prompt", "minilm_l6", None, ["good", "bad"], False, ["data.pattern=prompts.json"], 0).data
    assert not uer.label_words  # the file has them


def test_nothing_that_runs_is_an_error(toy, tmp_path):
    data, settings = toy
    with pytest.raises(TrainingError, match="no method ran: prompt: "):
        few_shot(data, 2, 1, ["prompt"], "bilstm_chinese", overrides=["from_scratch=true"], output_dir=tmp_path / "o")


@pytest.mark.parametrize(
    "ledger, told",
    [
        ("loaded 2 of 4, new 2: head.mlm (bias), head.mlm.norm (weight), dropped 1: encoder.pooler (bias)", True),
        ("loaded 2 of 4, new 2: head.classifier (bias, weight), dropped 1: head.mlm (bias)", False),
        ("loaded 4 of 4 (100.0 % of encoder)", False),
    ],
)
def test_a_head_for_words_is_told_as_random_where_it_starts_new_and_not_where_it_is_left_out(ledger, told):
    assert bool(NEW_WORDS.search(f"a line\nweights some/folder: {ledger}\n")) is told
