"""Schemas asked in stages by a model that knows the answers: what is asked, how often, and what comes out."""

import pytest

from tasklab.config import Config
from tasklab.data.extraction.example import SchemaExample
from tasklab.data.extraction.input import texts_from_input
from tasklab.data.extraction.reading import ExtractionDataConfig
from tasklab.data.extraction.schema import schema_of
from tasklab.data.extraction.shapes import alone, plain_shapes
from tasklab.data.extraction.stages import extracted, without_overlaps
from tasklab.errors import ConfigError, DataError

TEXT = "谭孝曾是谭元寿的长子"
RIGHT = {"人物": ["谭孝曾", "谭元寿"], "谭孝曾的父亲": ["谭元寿"], "长子触发词": ["长子"], "长子的父亲": ["谭元寿"]}


def span(text, said, probability=0.9):
    start = text.index(said)
    return {"text": said, "start": start, "end": start + len(said), "probability": probability}


def asked_of(examples, wording="{subject}的{predicate}", **options):
    """(results, the prompts of each stage)."""
    stages = []

    def ask(questions):
        stages.append([q.prompt for q in questions])
        return [[span(examples[q.text].text, said) for said in RIGHT.get(q.prompt, ())] for q in questions]

    return extracted(examples, ask, wording, **options), stages


def example(schema, text=TEXT):
    return SchemaExample("0", text, schema_of(schema))


def shape(schema):
    one = example(schema)
    (result,), _ = asked_of([one])
    return alone(plain_shapes(result, one.schema))


def test_types_come_out_by_type():
    assert shape(["人物", "地点"]) == {"人物": ["谭孝曾", "谭元寿"], "地点": []}


def test_relations_come_out_by_subject():
    assert shape({"人物": ["父亲"]}) == {"谭孝曾": {"父亲": ["谭元寿"]}, "谭元寿": {"父亲": []}}


def test_events_come_out_by_trigger_each_in_a_list():
    assert shape({"长子触发词": ["父亲", "时间"]}) == {
        "长子触发词": [{"trigger": "长子", "父亲": ["谭元寿"], "时间": []}]
    }


def test_several_forms_stand_under_their_names():
    assert shape(["地点", {"人物": ["父亲"]}]) == {
        "entities": {"地点": []}, "relations": {"谭孝曾": {"父亲": ["谭元寿"]}, "谭元寿": {"父亲": []}},
    }  # fmt: skip


def test_deeper_levels_are_asked_about_what_was_found():
    schema = {"人物": [{"父亲": ["父亲"]}]}
    assert shape(schema) == {"谭孝曾": {"父亲": {"谭元寿": {"父亲": []}}}, "谭元寿": {"父亲": {}}}
    _, stages = asked_of([example(schema)])
    assert stages == [["人物"], ["谭孝曾的父亲", "谭元寿的父亲"], ["谭元寿的父亲"]]


def test_a_stage_is_asked_once_for_all_texts_and_equal_prompts_of_a_text_once():
    examples = [example({"人物": ["父亲"]}), example(["人物"]), example({"人物": ["父亲"], "长子触发词": ["父亲"]})]
    results, stages = asked_of(examples)
    assert len(stages) == 2
    assert sorted(stages[0]) == ["人物", "人物", "人物", "长子触发词"]
    assert sorted(stages[1]) == ["谭元寿的父亲"] * 2 + ["谭孝曾的父亲"] * 2 + ["长子的父亲"]
    assert results[0]["人物"][0]["relations"] == {"父亲": [span(TEXT, "谭元寿")]}
    assert "relations" not in results[1]["人物"][0]


def test_names_tell_of_options_and_subjects_do_not():
    text, asked = "fox [3] is quick", []

    def ask(questions):
        asked.extend((q.prompt, q.options) for q in questions)
        return [[span(text, "fox [3]")] if q.prompt == "animal" else [] for q in questions]

    extracted([example({"animal": ["city", "mood[good,bad]"]}, text)], ask, "{predicate} of {subject}")
    # as training files have it, the options stand last
    assert asked == [("animal", False), ("city of fox [3]", False), ("mood of fox [3][good,bad]", True)]


def test_a_prompt_of_a_training_file_is_asked_whole_with_its_subject():
    lines = [{"text": "a", "prompt": prompt, "subject": "fox [3]"} for prompt in ("city of fox [3]", "of fox [3][a,b]")]
    asked = []

    def ask(questions):
        asked.extend(q.options for q in questions)
        return [[] for _ in questions]

    extracted(texts_from_input(lines, data()), ask, "{predicate} of {subject}")
    assert asked == [False, True]


def test_flat_keeps_the_most_probable_of_spans_that_overlap():
    text = "new york city"
    spans = {"a": [span(text, "new york", 0.6), span(text, "city", 0.5)], "b": [span(text, "york city", 0.9)]}
    without_overlaps(spans)
    assert spans == {"a": [], "b": [span(text, "york city", 0.9)]}
    equal = {"a": [span(text, "york")], "b": [span(text, "new york")]}
    without_overlaps(equal)
    assert equal == {"a": [], "b": [span(text, "new york")]}


def test_flat_keeps_the_options_of_every_prompt():
    # mood[good,bad] has 14 characters and good begins at the 5th of them: 5 - 14 - 1; side[left,right] has 16
    good = {"text": "good", "start": 5 - 15, "end": 9 - 15, "probability": 0.9}
    left = {"text": "left", "start": 5 - 17, "end": 9 - 17, "probability": 0.8}
    spans = {"mood[good,bad]": [good], "side[left,right]": [left]}
    without_overlaps(spans)
    assert spans == {"mood[good,bad]": [good], "side[left,right]": [left]}
    whole = {"text": "good,bad", "start": 5 - 15, "end": 13 - 15, "probability": 0.6}  # of one prompt they do overlap
    spans = {"mood[good,bad]": [good, whole]}
    without_overlaps(spans)
    assert spans == {"mood[good,bad]": [good]}


def data(**settings):
    section = Config.create(ExtractionDataConfig, task="information_extraction", name="toy").data
    for key, value in settings.items():
        section[key] = value
    return section


def test_inputs_have_the_schema_of_the_run_or_their_own(tmp_path):
    asked = texts_from_input(["a b", {"text": "c", "id": "x", "schema": {"人物": ["父亲"]}}], data(schema=["地点"]))
    assert [(e.id, e.text, e.schema) for e in asked] == [
        ("0", "a b", schema_of(["地点"])), ("x", "c", schema_of({"人物": ["父亲"]})),
    ]  # fmt: skip
    (line,) = texts_from_input({"content": "c", "prompt": "甲的父亲", "result_list": []}, data(schema=["地点"]))
    assert line.schema == schema_of("甲的父亲")  # as a training file has it
    (tmp_path / "texts.txt").write_text("one\ntwo\n")
    assert [e.text for e in texts_from_input("texts.txt", data(schema="地点"))] == ["one", "two"]
    with pytest.raises(ConfigError, match=r"input\[0\]: nothing is asked about it; set data.schema, or predict"):
        texts_from_input("a b", data())
    (numbered,) = texts_from_input({"text": "a", "schema": {2024: [7]}}, data())
    assert numbered.schema == schema_of({"2024": ["7"]})
    with pytest.raises(DataError, match=r"input\[0\]: schema\.a\[0\] is null; expected text: .* needs quotes"):
        texts_from_input({"text": "a", "schema": {"a": [None]}}, data())
    with pytest.raises(DataError, match=r"input\[0\]: has a schema and a prompt; keep the one that is to be asked"):
        texts_from_input({"text": "a", "schema": ["地点"], "prompt": "人物"}, data())
    with pytest.raises(DataError, match=r"input\[0\]: schema is \"\[b'a'\]\"; expected a list of types"):
        texts_from_input({"text": "a", "schema": [b"a"]}, data())
    with pytest.raises(DataError, match=r"input\[1\]: is ' '"):
        texts_from_input(["a", " "], data(schema="x"))
