"""Names, files, arguments and overrides to one config: precedence, did-you-mean, every error at once."""

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tasklab.config import DataConfig, catalog, find_model, find_task, list_models, resolve, setting
from tasklab.config.description import describe
from tasklab.errors import ConfigError, UnknownName

TINY = """# A tiny backbone.
aliases: [tiny_uncased]
checkpoint: tiny
model: {vocab_size: 100, hidden_size: 8, num_hidden_layers: 1, num_attention_heads: 2, intermediate_size: 16}
optimizer: {lr: 2.0e-4}
"""
QA = """# Questions on a tiny encoder.
base: ../_base/tiny.yaml
aliases: [old/qa_tiny]
task: question_answering
train: {epochs: 2}
"""


@dataclass
class SpanData(DataConfig):
    doc_stride: int = setting(128, ge=1)


@pytest.fixture(autouse=True)
def shipped(tmp_path, monkeypatch):
    """A small catalog instead of the real one, and an empty working folder."""
    for name, text in (
        ("_base/tiny", TINY),
        ("question_answering/qa_tiny", QA),
        ("_weights/tiny", "sources: [not a model]\n"),
        ("tagging/tags_tiny", "base: ../_base/tiny.yaml\ntask: tagging\n"),
    ):
        path = tmp_path / "configs" / f"{name}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    monkeypatch.setattr("tasklab.config.catalog.configs_root", lambda: tmp_path / "configs")
    monkeypatch.chdir(tmp_path)


def write(name, text) -> str:
    Path(name).parent.mkdir(parents=True, exist_ok=True)
    Path(name).write_text(text, encoding="utf-8")
    return name


def refused(*args, error=ConfigError, **kwargs) -> str:
    with pytest.raises(error) as caught:
        resolve(*args, **kwargs)
    return str(caught.value)


def test_a_recipe_gives_task_name_and_everything_of_its_base():
    config = resolve(model="qa_tiny")
    assert (config.task, config.name, config.checkpoint) == ("question_answering", "qa_tiny", "tiny")
    assert (config.model.hidden_size, config.train.epochs) == (8, 2)


def test_a_backbone_takes_the_task_it_is_given():
    config = resolve("anything", "tiny")
    assert (config.task, config.name, config.train.epochs) == ("anything", "tiny", 3)


@pytest.mark.parametrize("alias, name", [("tiny_uncased", "tiny"), ("old/qa_tiny", "qa_tiny")])
def test_an_alias_is_the_model_itself(alias, name):
    assert resolve("question_answering", alias) == resolve("question_answering", name)


def test_each_source_wins_over_the_one_before():
    steps = {"defaults": {"optimizer": {"lr": 0.1}}, "data_class": SpanData}
    assert resolve("t", None, {"model": resolve("t", "tiny").model.to_dict()}, **steps).optimizer.lr == 0.1
    assert resolve("t", "tiny", **steps).optimizer.lr == 2e-4  # the backbone says so
    write("configs/question_answering/qa_tiny.yaml", QA + "optimizer: {lr: 3.0e-4}\n")
    assert resolve(model="qa_tiny", **steps).optimizer.lr == 3e-4
    assert resolve(model="qa_tiny", args={"optimizer": {"lr": 4e-4}}, **steps).optimizer.lr == 4e-4
    assert resolve(model="qa_tiny", args={"lr": 4e-4}, overrides=["lr=5e-4"], **steps).optimizer.lr == 5e-4


def test_overrides_are_texts_or_dictionaries_and_the_last_one_counts():
    texts = ["train.epochs=5", "--seed=7", "optimizer.betas=[0.8, 0.9]", "data.train=", "train={batch_size: 4}"]
    config = resolve(model="qa_tiny", overrides=[*texts, {"train.epochs": 6, "data": {"eval": Path("dev.json")}}])
    assert (config.train.epochs, config.train.batch_size, config.seed) == (6, 4, 7)
    assert (config.optimizer.betas, config.data.train, config.data.eval) == ((0.8, 0.9), None, "dev.json")
    assert resolve(model="qa_tiny", overrides="seed=9").seed == 9


def test_every_error_of_every_source_is_listed_with_its_place():
    args = write("run.yaml", "model: {hiden_size: 3}\ntrain:\n  epochs: 0\noptimizer: {warmup_ratio: 0.1}\n")
    texts = ["train.epochs=abc", "learning_rat=3", "data.max_seq_length=1024", "zzz=1", "nokey"]
    assert refused(model="qa_tiny", args=args, overrides=texts) == "override 'nokey': expected key=value, such as " \
        "train.epochs=3"  # fmt: skip
    assert refused(model="qa_tiny", args=args, overrides=texts[:-1]).splitlines()[:5] == [
        "run.yaml:1: unknown key 'model.hiden_size'; did you mean 'hidden_size'?",
        "run.yaml:3: train.epochs is '0'; expected an integer >= 1",
        "run.yaml:4: unknown key 'optimizer.warmup_ratio'; did you mean 'schedule.warmup_ratio'?",
        "override 'train.epochs=abc': train.epochs is 'abc'; expected an integer >= 1",
        "override 'learning_rat=3': unknown key 'learning_rat'; did you mean 'learning_rate'?",
    ]
    last = refused(model="qa_tiny", args=args, overrides=texts[:-1]).splitlines()[5:]
    assert last[0].startswith("override 'zzz=1': unknown key 'zzz'; known here: task, name, checkpoint, ")
    assert last[1].startswith("override 'data.max_seq_length=1024': data.max_seq_length 1024 is more than model.")


def test_a_mapping_in_place_of_a_value_is_told_once_with_what_is_expected():
    assert refused(model="qa_tiny", overrides=["tokenizer.vocab={a: 0, b: 1}"]) == (
        "override 'tokenizer.vocab={a: 0, b: 1}': tokenizer.vocab is a mapping; expected the path of a file, or null"
    )
    assert refused(model="qa_tiny", args=write("a.yaml", "train:\n  epochs: {first: 3}\n")) == (
        "a.yaml:2: train.epochs is a mapping; expected an integer >= 1"
    )


def test_a_text_that_looks_like_yaml_is_told_how_to_quote_it():
    told = refused(model="qa_tiny", overrides=["name={a} of b"])
    assert told.startswith("override 'name={a} of b': not valid YAML: ")
    assert told.endswith("""; a text that begins with { needs quotes of its own: 'KEY="{..."'""")
    told = refused(model="qa_tiny", overrides=["name={a}"])
    assert told == (
        """override 'name={a}': name is a mapping; expected text, or null; """
        """a text that begins with { needs quotes of its own: 'KEY="{..."'"""
    )


def test_a_mistyped_section_is_answered_with_the_whole_key():
    args = write("a.yaml", "optimzer: {lr: 1.0e-4}\nloss: {x: 1}\n")
    first, second = refused(model="qa_tiny", args=args).splitlines()
    assert first == "a.yaml:1: unknown key 'optimzer.lr'; did you mean 'optimizer.lr'?"
    assert second.startswith("a.yaml:2: unknown key 'loss.x'; known here: class_weights, ")


def test_a_bad_combination_is_placed_at_the_value_said_last():
    assert refused(model="qa_tiny", overrides=["model.num_attention_heads=3"]) == (
        "override 'model.num_attention_heads=3': model.hidden_size 8 is not a multiple of model.num_attention_heads 3"
    )


def test_an_unknown_model_is_answered_with_the_nearest_of_the_task():
    assert refused("question_answering", "qa_tinny", error=UnknownName) == (
        "no model named 'qa_tinny'. Did you mean 'qa_tiny' or 'tiny'? Known: qa_tiny, tiny"
    )


def test_a_recipe_of_another_task_is_refused_with_the_models_that_fit():
    assert refused("tagging", "qa_tiny", error=UnknownName) == (
        "model 'qa_tiny' is made for task 'question_answering', not for 'tagging'. "
        "Models of tagging: tags_tiny; or any backbone: tiny"
    )


def test_a_backbone_alone_asks_for_the_task():
    assert refused(model="tiny") == (
        "model 'tiny' fits any task, so the task has to be named, such as question_answering or tagging, "
        "or take a recipe built on it: qa_tiny, tags_tiny"
    )


def test_nothing_at_all_lists_the_recipes():
    assert refused() == "neither a task nor a model is given; name a recipe: qa_tiny, tags_tiny"


def test_another_task_in_args_is_a_conflict():
    assert refused("question_answering", "qa_tiny", args={"task": "tagging"}) == (
        "args: task is 'tagging', but the run's task is 'question_answering'; name one of them"
    )


def test_the_task_is_found_before_its_data_class_is_known():
    assert find_task(model="qa_tiny") == "question_answering"
    for theirs in ("fill_mask", "fill-mask", "masked-language-modeling"):
        assert find_task(theirs) == "masked_language_modeling"
    assert find_task(model="tiny", overrides=["task=tagging"]) == "tagging"
    assert find_task(args=write("a.yaml", "task: tagging\ndata: {labels_of_the_task: 3}\n")) == "tagging"


def test_a_yaml_of_ones_own_may_build_on_a_name():
    config = resolve(model=write("mine/my_run.yaml", "base: qa_tiny\ntrain: {epochs: 9}\n"))
    assert (config.task, config.name, config.train.epochs) == ("question_answering", "my_run", 9)
    assert config.model.hidden_size == 8


@pytest.mark.parametrize(
    "files, message",
    [
        ({"a.yaml": "\nbase: b.yaml\n"}, "a.yaml:2: base 'b.yaml' is no file next to a.yaml and no model name"),
        ({"a.yaml": "base: b.yaml\n", "b.yaml": "base: a.yaml\n"},
         "b.yaml:1: base 'a.yaml' closes a circle: a.yaml -> b.yaml -> a.yaml; remove one base"),
        ({"a.yaml": "base: a.yaml\n"},
         "a.yaml:1: base 'a.yaml' closes a circle: a.yaml -> a.yaml; remove one base"),
        ({}, "a.yaml: cannot be read (No such file or directory)"),
    ],
)  # fmt: skip
def test_a_base_that_cannot_be_followed_is_placed(files, message):
    for name, text in files.items():
        write(name, text)
    assert refused("t", "a.yaml") == message


def test_two_files_with_one_name_are_refused():
    write("configs/tagging/qa_tiny.yaml", "task: tagging\n")
    message = refused(model="tiny")
    assert message.startswith("the model name 'qa_tiny' is claimed twice: by configs/question_answering/qa_tiny.yaml")


def test_models_are_listed_with_their_first_comment():
    assert [(m["name"], m["task"], m["description"]) for m in list_models("question_answering")] == [
        ("tiny", None, "A tiny backbone."),
        ("qa_tiny", "question_answering", "Questions on a tiny encoder."),
    ]
    assert len(list_models()) == 3


def test_a_model_knows_the_weights_it_names():
    assert find_model("old/qa_tiny").checkpoint == "tiny"
    assert find_model("nobody") is None


def test_a_checkpoint_folder_is_its_own_model_on_any_machine():
    texts = ["data.doc_stride=64", "seed=5", "tokenizer.vocab=/elsewhere/v.txt", "device_target=GPU"]
    texts += ["output_dir=/elsewhere", "from_scratch=true"]
    trained = resolve(model="qa_tiny", overrides=texts, data_class=SpanData)
    write("out/last/config.yaml", trained.to_yaml())
    config = resolve(model="out/last", data_class=SpanData)
    assert (config.task, config.name, config.seed, config.data.doc_stride) == ("question_answering", "qa_tiny", 5, 64)
    assert (config.checkpoint, config.from_scratch) == ("out/last", False)
    assert (config.tokenizer.vocab, config.device_target, config.output_dir) == (None, "auto", None)
    assert "made for task 'question_answering'" in refused("tagging", "out/last", error=UnknownName)


def test_a_huggingface_folder_fills_the_model_section():
    sizes = {"vocab_size": 28996, "hidden_size": 12, "num_hidden_layers": 1, "num_attention_heads": 3,
             "intermediate_size": 24, "layer_norm_eps": 1e-7, "model_type": "bert", "pad_token_id": 0}  # fmt: skip
    write("hf/config.json", json.dumps(sizes))
    write("hf/tokenizer_config.json", '{"do_lower_case": false}')
    config = resolve("question_answering", "hf")
    assert (config.model.vocab_size, config.model.layer_norm_eps, config.model.encoder) == (28996, 1e-7, "bert")
    assert (config.tokenizer.lowercase, config.checkpoint, config.name) == (False, "hf", "hf")
    write("hf/config.json", json.dumps({**sizes, "position_embedding_type": "relative_key"}))
    assert refused("t", "hf") == (
        "hf/config.json: position_embedding_type is 'relative_key'; only 'absolute' is supported"
    )
    write("hf/config.json", '{\n"vocab_size": }')
    assert refused("t", "hf") == "hf/config.json: not JSON at line 2, column 15 (character 16): Expecting value"


def test_a_length_that_nobody_named_is_no_larger_than_the_network_takes():
    sizes = {"vocab_size": 99, "hidden_size": 12, "num_hidden_layers": 1, "num_attention_heads": 3,
             "intermediate_size": 24, "max_position_embeddings": 64, "model_type": "bert"}  # fmt: skip
    write("hf/config.json", json.dumps(sizes))
    of_task = {"data": {"max_seq_length": 256}}
    assert resolve("feature_extraction", "hf", defaults=of_task).data.max_seq_length == 64
    assert resolve("question_answering", "hf").data.max_seq_length == 64  # 128 is the default of all tasks
    with pytest.raises(ConfigError, match="data.max_seq_length 256 is more than model.max_position_embeddings 64"):
        resolve("feature_extraction", "hf", ["data.max_seq_length=256"], defaults=of_task)


def test_a_roberta_folder_is_a_bert_whose_positions_start_behind_the_padding():
    sizes = {"vocab_size": 50265, "hidden_size": 12, "num_hidden_layers": 1, "num_attention_heads": 3,
             "intermediate_size": 24, "max_position_embeddings": 514, "type_vocab_size": 1, "pad_token_id": 1,
             "model_type": "roberta"}  # fmt: skip
    write("hf/config.json", json.dumps(sizes))
    write("hf/merges.txt", "")
    config = resolve("question_answering", "hf", ["data.max_seq_length=512"])
    assert (config.model.encoder, config.model.position_offset, config.model.max_tokens) == ("bert", 2, 512)
    assert config.tokenizer.name == "bpe"
    assert refused("question_answering", "hf", ["data.max_seq_length=513"]).endswith(
        "data.max_seq_length 513 is more than model.max_position_embeddings 514 less model.position_offset 2; "
        "set data.max_seq_length to at most 512"
    )


def test_an_albert_folder_names_its_embedding_size_and_only_one_shared_layer_is_supported():
    sizes = {"vocab_size": 30000, "embedding_size": 4, "hidden_size": 12, "num_hidden_layers": 3,
             "num_attention_heads": 3, "intermediate_size": 24, "model_type": "albert",
             "num_hidden_groups": 1}  # fmt: skip
    write("hf/config.json", json.dumps(sizes))
    write("hf/spiece.model", "")
    config = resolve("question_answering", "hf")
    assert (config.model.encoder, config.model.embedding_size) == ("albert", 4)
    assert config.tokenizer.name == "sentencepiece"
    write("hf/config.json", json.dumps({**sizes, "num_hidden_groups": 2}))
    assert refused("t", "hf") == "hf/config.json: num_hidden_groups is 2; only 1, one shared layer, is supported"


@pytest.mark.parametrize(
    "key, theirs, plain",
    [("mask", "windowed", "'fully_visible'"), ("encoder", "dual", "'transformer'"),
     ("remove_embedding_layernorm", True, "False"), ("embedding", ["word"], "['word', 'pos', 'seg']")],
)  # fmt: skip
def test_a_network_of_uer_that_is_no_bert_is_not_read_as_one(key, theirs, plain):
    sizes = {"vocab_size": 100, "hidden_size": 12, "layers_num": 1, "heads_num": 3, "feedforward_size": 24,
             "encoder": "transformer", "mask": "fully_visible", "embedding": ["word", "pos", "seg"]}  # fmt: skip
    write("uer/config.json", json.dumps(sizes))
    assert resolve("question_answering", "uer").model.num_attention_heads == 3
    write("uer/config.json", json.dumps({**sizes, key: theirs}))
    assert refused("t", "uer") == (
        f"uer/config.json: {key} is {theirs!r}; UER-py's Transformers are read where it is {plain}. To train such a "
        "network from a random start, set its blocks in YAML"
    )


def test_a_folder_without_a_config_is_refused():
    Path("empty").mkdir()
    assert refused("t", "empty") == (
        "empty: a model folder holds config.yaml (tasklab), config.json (HuggingFace) or a GGUF file; found neither"
    )


@pytest.mark.parametrize(
    "said, ratio, steps",
    [
        (["schedule.warmup_steps=50"], 0.0, 50),
        (["schedule.warmup_steps=0"], 0.0, 0),
        (["schedule.warmup_ratio=0.2"], 0.2, None),
        ([], 0.1, None),
    ],
)
def test_the_warmup_said_last_is_the_one_that_counts(said, ratio, steps):
    schedule = resolve(model="qa_tiny", overrides=said).schedule
    assert (schedule.warmup_ratio, schedule.warmup_steps) == (ratio, steps)


def test_two_warmups_in_one_breath_are_a_conflict():
    assert "are both set; give one" in refused(model="qa_tiny", args={"warmup_steps": 5, "warmup_ratio": 0.2})
    config = resolve(model="qa_tiny", args={"warmup_steps": 5}, overrides=["warmup_ratio=0.2"])
    assert config.schedule.warmup_steps is None


def test_one_key_twice_in_one_source_is_a_conflict():
    args = {"train": {"epochs": 2}, "num_train_epochs": 3}
    assert refused(model="qa_tiny", args=args) == "args: train.epochs is 3 here, but 2 at args"


def test_a_resolved_config_is_read_back_through_args():
    config = resolve(model="qa_tiny", overrides=["schedule.warmup_steps=50", "lr=1e-5"])
    assert resolve(args=write("again.yaml", config.to_yaml())) == config


def test_reading_configurations_needs_no_mindspore():
    code = "import sys, tasklab.config as c; c.list_models(); print('mindspore' in sys.modules, 'yaml' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True,
                         cwd=Path(catalog.__file__).parents[2])  # fmt: skip
    assert run.stdout.split() == ["False", "False"]


def test_class_names_of_a_huggingface_classifier_are_kept_in_the_order_of_its_outputs():
    sizes = {"vocab_size": 10, "hidden_size": 4, "num_hidden_layers": 1, "num_attention_heads": 1, "problem_type": None}
    classifier = {
        **sizes, "intermediate_size": 8, "architectures": ["BertForSequenceClassification"],
        "id2label": {"1": "neutral", "0": "yes", "2": "no"},
    }  # fmt: skip
    write("hf/config.json", json.dumps(classifier))
    config = resolve("t", "hf")
    assert config.model.labels == ["yes", "neutral", "no"]
    assert config.model.problem_type == "single_label_classification"
    write("hf/config.json", json.dumps({**classifier, "architectures": ["BertForMaskedLM"]}))
    assert resolve("t", "hf").model.labels == []
    write("hf/config.json", json.dumps({**classifier, "id2label": {"0": "a", "2": "b"}}))
    assert "expected a name for each number from 0" in refused("t", "hf")


@pytest.mark.parametrize(
    "described, told",
    [
        ("[1]", "hf/config.json: expected one object {...}"),
        ('{"vocab_size": 1e308}', "hf/config.json: vocab_size is 1e+308; expected a whole number from 0 to 1000000000"),
        ('{"num_hidden_layers": 1000000000000}', "hf/config.json: num_hidden_layers is 1000000000000; expected"),
        ('{"model_type": "roberta", "pad_token_id": null}', "hf/config.json: pad_token_id is null; expected the row"),
        ('{"vocab_size": ' + "9" * 5000 + "}", "hf/config.json: not JSON that can be read: Exceeds the limit"),
        ('{"id2label": {"0": [[]]}, "architectures": ["BertForSequenceClassification"]}', "id2label is {'0': [[]]}"),
        ("[" * 100_000, "hf/config.json: nested more than 100 deep"),
        ('{"layers_num": 2, "attention_head_size": "ab", "heads_num": 900000000}', "attention_head_size is 'ab'"),
    ],
)
def test_what_a_config_json_cannot_mean_is_told_with_its_key(described, told, tmp_path):
    folder = tmp_path / "hf"
    folder.mkdir()
    (folder / "config.json").write_text(described)
    with pytest.raises(ConfigError) as error:
        resolve("question_answering", "hf")
    assert told in str(error.value) and len(str(error.value)) < 2000


def test_architectures_that_are_none_are_none(tmp_path):
    folder = tmp_path / "hf"
    folder.mkdir()
    (folder / "config.json").write_text('{"model_type": "bert", "architectures": 5, "id2label": {"0": "a"}}')
    assert describe(folder).head is None


@pytest.mark.parametrize("layers, vocabulary", [(10**9, 100), (2, 10**12)])
def test_a_network_that_no_machine_holds_is_refused(layers, vocabulary):
    sizes = [f"model.num_hidden_layers={layers}", f"model.vocab_size={vocabulary}"]
    with pytest.raises(ConfigError, match="no machine holds such a network"):
        resolve("question_answering", "tiny", sizes)


def test_rotary_frequencies_are_stretched_between_two_borders():
    with pytest.raises(ConfigError, match=r"model.rope_low_freq_factor 4.0 has to be less than .*high_freq_factor 4.0"):
        resolve("question_answering", "tiny", ["model.rope_low_freq_factor=4.0"])


@pytest.mark.parametrize("name", ["../../escaped", "/tmp/x", "..", "a\nb"])
def test_a_name_is_no_way_out_of_the_folder_of_runs(name):
    with pytest.raises(ConfigError, match="expected a plain file name without /"):
        resolve("question_answering", "tiny", {"name": name})


@pytest.mark.parametrize("text", ["a\0b", "\ud800"])
def test_what_cannot_be_a_path_is_no_text(text):
    with pytest.raises(ConfigError, match="expected text"):
        resolve("question_answering", "tiny", {"output_dir": text})
