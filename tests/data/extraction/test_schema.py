"""Schemas: every shape that PaddleNLP's Taskflow takes, and what is said about others."""

import pytest

from tasklab.config import resolve
from tasklab.data.extraction.reading import ExtractionDataConfig
from tasklab.data.extraction.schema import Node, schema_of, tree_of, worded, wording_problem
from tasklab.errors import ConfigError


def test_types_relations_and_what_lies_deeper():
    assert schema_of("人物") == (Node("人物"),)
    assert schema_of(["人物", "地点"]) == (Node("人物"), Node("地点"))
    tree = ["地点", {"人物": ["父亲", {"公司": [{"总部": "人口"}]}]}]
    deep = Node("公司", (Node("总部", (Node("人口"),)),))
    assert schema_of(tree) == (Node("地点"), Node("人物", (Node("父亲"), deep)))
    assert schema_of(tree_of(schema_of(tree))) == schema_of(tree)
    assert schema_of({"情感倾向[正向,负向]": []}) == (Node("情感倾向[正向,负向]"),)


@pytest.mark.parametrize(
    "value, told",
    [
        (7, r"data.schema is '7'; expected a list of types"),
        (["人物", 7], r"data.schema\[1\] is '7'; expected"),
        ([""], "'' is no name of a type"),
        ({"人物": ["父亲", "父亲"]}, r"data.schema.人物 asks for '父亲' twice"),
        ([{}], r"data.schema\[0\] is '{}'"),
        (["x[a,,b]"], "has an empty option"),
        (["x[a, a]"], "has an option twice"),
        (["x[a"], "opens options and does not close them"),
        (["情感[]"], r"data.schema: '情感\[\]' has no options; write them as in 情感倾向\[正向,负向\]"),
    ],
)
def test_another_shape_is_refused_with_its_path(value, told):
    with pytest.raises(ConfigError, match=told):
        schema_of(value)


def test_a_run_s_schema_is_a_tree_in_yaml_on_the_command_line_and_in_a_dictionary(tmp_path):
    wanted = [{"人物": ["父亲"]}, {"触发词": ["时间"]}, "地点"]
    (tmp_path / "ie.yaml").write_text(
        "base: ie_minilm_l6\ndata:\n  schema:\n    - 人物: [父亲]\n    - 触发词: [时间]\n    - 地点\n", encoding="utf-8"
    )
    options = {"data_class": ExtractionDataConfig}
    assert resolve("information_extraction", tmp_path / "ie.yaml", **options).data.schema == wanted
    override = "data.schema=[{人物: [父亲]}, {触发词: [时间]}, 地点]"
    said = resolve("information_extraction", "ie_minilm_l6", [override], **options)
    assert said.data.schema == wanted and 'schema: [{"人物": ["父亲"]}' in said.to_yaml()
    given = resolve("information_extraction", "ie_minilm_l6", args={"data.schema": wanted}, **options)
    assert given.data.schema == wanted
    with pytest.raises(ConfigError, match=r"data.schema asks for '人物' twice"):
        resolve("information_extraction", "ie_minilm_l6", ["data.schema=[人物, 人物]"], **options)


def test_prompts_are_worded_as_the_language_wants():
    assert worded("{subject}的{predicate}", "谭孝曾", "父亲") == "谭孝曾的父亲"
    assert worded("{predicate} of {subject}", "{predicate}", "age") == "age of {predicate}"
    assert worded("{subject}的{predicate}", "苹果", "情感倾向[正向,负向]") == "苹果的情感倾向[正向,负向]"
    assert worded("{predicate} of {subject}", "apple", "mood[good,bad]") == "mood of apple[good,bad]"
    for wrong in ("{subject}的", "的", "{subject}{predicate}{x}", "{subject", "{subject}{subject}{predicate}"):
        assert "needs {subject} and {predicate}" in wording_problem(wrong)
    with pytest.raises(ConfigError, match="data.wording '的' needs"):
        resolve("information_extraction", "ie_minilm_l6", ["data.wording=的"], data_class=ExtractionDataConfig)
    told = "data.max_prompt_length 64 leaves no room for a text in data.max_seq_length 64"
    with pytest.raises(ConfigError, match=told):
        said = ["data.max_seq_length=64", "data.max_prompt_length=64"]
        resolve("information_extraction", "ie_minilm_l6", said, data_class=ExtractionDataConfig)
