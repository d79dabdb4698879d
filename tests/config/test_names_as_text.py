"""Names that YAML or Python read as something else than text: types of a schema, labels, their words, patterns."""

import datetime

import pytest

from tasklab.commands.names import tell_unused
from tasklab.config import TRAINING, resolve
from tasklab.data.extraction.reading import ExtractionDataConfig
from tasklab.data.texts.prompts.wording import PromptDataConfig
from tasklab.errors import ConfigError

QUOTES = 'expected text: what reads as null, true, false or a date needs quotes, such as "yes" or "2024-01-01"'
SPELLED = "[2024, 007, 1.10, yes, 2024-01-01, {no: [on, {1e3: null}]}]"
AS_WRITTEN = ["2024", "007", "1.10", "yes", "2024-01-01", {"no": ["on", {"1e3": None}]}]


def extraction(*overrides, args=None):
    options = {"data_class": ExtractionDataConfig, "args": args}
    return resolve("information_extraction", "ie_minilm_l6", overrides, **options).data.schema


def prompts(*overrides, args=None):
    options = {"data_class": PromptDataConfig, "args": args}
    return resolve("prompt_classification", "prompt_minilm_l6", overrides, **options).data


def refused(ask, *overrides, args=None) -> str:
    with pytest.raises(ConfigError) as caught:
        ask(*overrides, args=args)
    return str(caught.value)


def test_names_in_yaml_and_on_the_command_line_count_as_they_are_written(tmp_path):
    assert extraction(f"data.schema={SPELLED}") == AS_WRITTEN
    (tmp_path / "ie.yaml").write_text(f"data: {{schema: {SPELLED}}}\n")
    assert extraction(args=tmp_path / "ie.yaml") == AS_WRITTEN
    said = prompts("data.label_words={yes: [1, on], no: [0, 1.0], null: [2024-01-01]}", "data.content_free=[no]")
    assert said.label_words == {"yes": ["1", "on"], "no": ["0", "1.0"], "null": ["2024-01-01"]}
    assert said.content_free == ["no"]


def test_names_as_they_are_written_survive_the_file_of_a_run(tmp_path):
    options = {"data_class": ExtractionDataConfig}
    first = resolve("information_extraction", "ie_minilm_l6", [f"data.schema={SPELLED}"], **options)
    (tmp_path / "run.yaml").write_text(first.to_yaml(), encoding="utf-8")
    again = resolve("information_extraction", tmp_path / "run.yaml", **options)
    assert again.data.schema == AS_WRITTEN


def test_numbers_of_python_are_names_as_python_writes_them():
    assert extraction(args={"data": {"schema": [2024, {1.5: [7]}]}}) == ["2024", {"1.5": ["7"]}]
    assert prompts(args={"data.label_words": {0: ["bad"], 1: [10]}}).label_words == {"0": ["bad"], "1": ["10"]}


def test_what_lost_its_spelling_is_refused_with_its_place(tmp_path):
    (tmp_path / "ie.yaml").write_text("data:\n  schema:\n    - a\n    - b: [c, null]\n")
    told = refused(extraction, args=tmp_path / "ie.yaml")
    assert told.endswith(f"ie.yaml:2: data.schema[1].b[1] is null; {QUOTES}")
    for value, shown in ((True, "True"), (None, "null"), (datetime.date(2024, 1, 1), "2024-01-01")):
        assert refused(extraction, args={"data.schema": ["a", value]}) == f"args: data.schema[1] is {shown}; {QUOTES}"
        assert refused(extraction, args={"data.schema": {value: ["a"]}}) == f"args: a key is {shown}; {QUOTES}"
        told = refused(prompts, args={"data.label_words": {"good": ["great", value]}})
        assert told == f"args: data.label_words.good[1] is {shown}; {QUOTES}"
        assert refused(prompts, args={"data.patterns": [value]}) == f"args: data.patterns[0] is {shown}; {QUOTES}"
    assert refused(extraction, args={"data.schema": {b"a": []}}) == "args: a key is b'a'; expected text"


def test_a_number_and_the_text_of_it_are_one_name():
    told = refused(prompts, args={"data.label_words": {1: ["good"], "1": ["bad"]}})
    assert told == "args: key '1' is given twice, as text and as a number"
    with pytest.raises(ConfigError, match="data.schema is {1: .*, '1': .*}; expected names, or a tree of them"):
        ExtractionDataConfig(schema={1: ["good"], "1": ["bad"]})


def test_words_that_are_no_list_are_told_as_such():
    told = refused(prompts, "data.label_words={good: great}")
    assert told == (
        "override 'data.label_words={good: great}': data.label_words is {'good': 'great'}; "
        "expected a mapping, each value a list"
    )


def test_an_entry_of_a_mapping_stands_under_the_name_of_its_setting(caplog):
    word = "data.label_words={good: [great], bad: [poor]}"
    data = {"data_class": PromptDataConfig}
    config = resolve("prompt_classification", "prompt_minilm_l6", [word, "optimizer.rates={head: 2}"], **data)
    assert config.places["data.label_words"] == f"override '{word}'"
    tell_unused(config, (TRAINING,))  # as an evaluation does
    assert caplog.messages == ["settings that change nothing here: optimizer.rates"]


def test_patterns_without_quotes_are_told_where_quotes_belong():
    told = refused(prompts, "data.patterns=[{MASK}: {textA}]")
    assert """texts of a list may need quotes: 'KEY=["...", "..."]'; """ in told
