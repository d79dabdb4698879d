"""YAML files: places, safety limits, and the round trip of a resolved config."""

import pytest
import yaml

from tasklab.config import Config, DataConfig, read_config, task_in, yaml_source
from tasklab.config.entries import from_file
from tasklab.errors import ConfigError


@pytest.fixture(autouse=True)
def in_tmp(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def write(text, name="run.yaml"):
    with open(name, "w", encoding="utf-8") as file:
        file.write(text)
    return name


def refused(text) -> str:
    with pytest.raises(ConfigError) as caught:
        from_file(write(text))
    return str(caught.value)


def test_entries_are_dotted_keys_with_their_lines():
    entries = from_file(write("# head\ntrain:\n  epochs: 2\n  batch_size: 12\noptimizer: {lr: 3e-5}\ndata.train: x\n"))
    assert [(e.key, e.value, e.place) for e in entries] == [
        ("train.epochs", "2", "run.yaml:3"),
        ("train.batch_size", "12", "run.yaml:4"),
        ("optimizer.lr", "3e-5", "run.yaml:5"),
        ("data.train", "x", "run.yaml:6"),
    ]


def test_an_item_of_a_list_of_mappings_is_named_by_its_type():
    entries = from_file(write("callbacks:\n  - type: Monitor\n    step: 3\n  - other: 1\n"))
    assert [e.key for e in entries] == ["callbacks.Monitor.type", "callbacks.Monitor.step", "callbacks.1.other"]


@pytest.mark.parametrize(
    "text, message",
    [
        ("seed: 1\ntrain: {epochs: 1}\nseed: 2\n", "run.yaml:3: key 'seed' is given twice, first at run.yaml:1"),
        ("a: !!python/object/apply:os.system ['true']\n",
         "run.yaml:1: the tag 'tag:yaml.org,2002:python/object/apply:os.system' is not allowed; write a plain value"),
        ("train:\n\tepochs: 1\n", "run.yaml:2: not valid YAML: found character '\\t' that cannot start any token"),
        ("a: [1\nb: 2\n", "run.yaml:2: not valid YAML: expected ',' or ']', but got ':'"),
        ("a: 1\n---\nb: 2\n", "run.yaml:2: not valid YAML: but found another document"),
        ("- a\n- b\n", "run.yaml:1: expected 'key: value' lines at the top of a config"),
        ("a: &x {b: 1}\nc:\n  <<: *x\n",
         "run.yaml:3: keys are plain words; merge keys are not read, use 'base:' instead"),
        ("a: " + "[" * 30 + "]" * 30 + "\n",
         "run.yaml:1: more than 20 levels once aliases are expanded, so this is no config file"),
        ("a: &a [*a]\n", "run.yaml:1: more than 20 levels once aliases are expanded, so this is no config file"),
        ("a: " + "[" * 5000 + "\n", "run.yaml:1: not valid YAML: nested too deeply"),
    ],
)  # fmt: skip
def test_what_is_no_plain_config_is_refused_with_its_line(text, message):
    assert refused(text) == message


def test_all_duplicate_keys_of_a_file_are_listed():
    assert len(refused("a: 1\na: 2\nb: 1\nb: 2\n").splitlines()) == 2


def test_a_billion_laughs_end_early():
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 12)]
    assert "more than 10000 values once aliases are expanded" in refused("\n".join(lines))


def test_a_large_file_is_refused():
    assert refused("#" * (1 << 20) + "\n") == "run.yaml: larger than 1 MiB, so this is no config file"


def test_a_file_in_another_encoding_is_refused_with_its_line():
    with open("run.yaml", "wb") as file:
        file.write("a: 1\nname: café\n".encode("latin-1"))
    with pytest.raises(ConfigError, match="run.yaml:2: not UTF-8 text; save the file as UTF-8"):
        from_file("run.yaml")


def test_a_missing_file_is_named():
    with pytest.raises(ConfigError, match=r"nowhere.yaml: cannot be read \(No such file or directory\)"):
        from_file("nowhere.yaml")


def test_an_empty_file_says_nothing():
    assert from_file(write("# only a comment\n")) == []


AWKWARD = Config.create(
    task="question_answering",
    name="no",
    output_dir="C:\\out: a #1 \u2028 \x85 \U0001f600 'x' \"y\"",
    model={
        "vocab_size": 30522, "hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 1, "intermediate_size": 8,
        "layer_norm_eps": 1e-12, "initializer_range": 0.1 + 0.2,
    },
    data={"train": "./1.json", "eval": "null"},
    optimizer={"lr": 3e-5, "betas": [0.9, 1 / 3], "eps": 5e-324},
)  # fmt: skip


def test_a_resolved_config_reads_back_equal():
    assert read_config(write(AWKWARD.to_yaml())) == AWKWARD


def test_any_yaml_reader_sees_the_same_values():
    assert yaml.safe_load(AWKWARD.to_yaml()) == AWKWARD.to_dict()


def test_lists_are_inline_and_floats_keep_their_point():
    text = AWKWARD.to_yaml()
    assert "\n  layer_norm_eps: 1.0e-12\n" in text
    assert "\n  betas: [0.9, 0.3333333333333333]\n" in text


def test_reading_a_config_reports_its_lines():
    path = write(AWKWARD.to_yaml().replace("  max_seq_length: 128", "  max_seq_length: 1024"))
    with pytest.raises(ConfigError, match=r"^run.yaml:\d+: data.max_seq_length 1024 is more than model.max_position"):
        read_config(path, data_class=DataConfig)


def test_the_task_of_a_file_is_known_without_its_data_class():
    write("task: tagging\ndata: {own_field: 3}\n", "b.yaml")
    assert task_in(write("base: b.yaml\n")) == "tagging"
    with pytest.raises(ConfigError, match="c.yaml: names no task; add a line such as"):
        task_in(write("seed: 1\n", "c.yaml"))


@pytest.mark.parametrize(
    "text",
    ["a: 2020-02-31\n", "a: " + "9" * 5000, "? [1]\n: 2\n", "a: !!python/name:os.system x\n", "a: &x [*x]\n", "a: [\n"],
)  # a day that is none, too many digits, a list as a key, a tag, a list in itself, an open bracket
def test_plain_values_are_bounded_and_told_like_the_others(text):
    with pytest.raises(ConfigError, match="^line 1|^line 2"):
        yaml_source.values(text, lambda line: f"line {line}")


def test_plain_values_have_the_types_of_yaml():
    assert yaml_source.values("a: [1, 2.5, yes, null, x]", str) == {"a": [1, 2.5, True, None, "x"]}
