"""Training files of prompts: what is read of a line, and what is wrong with others, with place and remedy."""

import json

import pytest

from tasklab.config import Config
from tasklab.data.extraction.example import Mention
from tasklab.data.extraction.reading import ExtractionDataConfig, read_prompts, schema_in
from tasklab.data.extraction.schema import Node
from tasklab.errors import DataError

DATA = Config.create(ExtractionDataConfig, task="information_extraction", name="toy").data


def line(**changes):
    answers = [{"text": "谭孝曾", "start": 0, "end": 3}]
    row = {"content": "谭孝曾是谭元寿的长子", "prompt": "人物", "result_list": answers}
    return json.dumps({**row, **changes}, ensure_ascii=False)


def read(tmp_path, *lines, name="train.txt"):
    (tmp_path / name).write_text("\n".join(lines), encoding="utf-8")
    return read_prompts(tmp_path / name, DATA)


def test_answers_come_in_order_once_each_and_blank_lines_are_passed_over(tmp_path):
    second = {"text": "谭元寿", "start": 4, "end": 7}
    first = {"text": "谭孝曾", "start": 0, "end": 3}
    (example, empty), bad = read(tmp_path, line(result_list=[second, first, second]), "", line(result_list=[]), "", "")
    assert example.answers == (Mention(0, 3, "谭孝曾"), Mention(4, 7, "谭元寿")) and example.kind == "人物"
    assert empty.answers == () and not bad
    assert example.place.endswith("train.txt:1") and empty.place.endswith(":3")


def test_subject_and_predicate_are_keys_of_their_own(tmp_path):
    relation = line(prompt="李的的父亲", subject="李的", predicate="父亲", subject_type="人物", result_list=[])
    (example,), _ = read(tmp_path, relation)
    assert (example.subject, example.predicate, example.kind) == ("李的", "父亲", "父亲")


def test_an_option_stands_in_front_of_the_text(tmp_path):
    # 情感倾向[正向,负向] has 11 characters; 正向 begins at the 6th: 5 - 11 - 1 = -7
    answer = [{"text": "正向", "start": -7, "end": -5}]
    (example,), _ = read(tmp_path, line(prompt="情感倾向[正向,负向]", result_list=answer))
    assert example.answers == (Mention(-7, -5, "正向"),) and example.options


def test_brackets_that_end_a_subject_are_no_options(tmp_path):
    found = [{"text": "b", "start": 11, "end": 12}]
    relation = {"content": "fox [3] in b", "prompt": "city of fox [3]", "subject": "fox [3]", "predicate": "city"}
    lines = [
        line(**relation, result_list=found), line(**relation, result_list=[]),
        line(**{**relation, "subject": None, "predicate": None}, result_list=found),  # the answer tells it
        line(**{**relation, "prompt": "mood of fox [3][good,bad]", "predicate": "mood"}, result_list=[]),
        line(prompt="情感倾向[正向,负向]", result_list=[]),
    ]  # fmt: skip
    examples, bad = read(tmp_path, *lines)
    assert [e.options for e in examples] == [False, False, False, True, True] and not bad


@pytest.mark.parametrize(
    "row, told",
    [
        (line(result_list=[{"text": "谭元寿", "start": 0, "end": 3}]),
         r":1: result_list\[0\]: characters 0 to 3 are '谭孝曾', not '谭元寿'; it is at 4 to 7; correct"),
        (line(result_list=[{"text": "李", "start": 90, "end": 91}]), "characters 90 to 91 are '', not '李'; correct"),
        (line(result_list=[{"text": " ", "start": 0, "end": 0}]), "text is ' ', which holds no character"),
        (line(prompt="情感倾向[正向,负向]", result_list=[{"text": "正向", "start": -8, "end": -6}]),  # 5 - 11 - 1 = -7
         r"characters -8 to -6 are '\[正', not '正向'; it is at -7 to -5; correct"),
        (line(result_list=[{"text": "谭", "start": "0", "end": 1}]), "start '0', end '1'; expected two whole"),
        (line(result_list=[{"text": "人", "start": -3, "end": -2}]), "start -3 is before the text; only an option"),
        (line(prompt="情感倾向[正向,负向]", result_list=[{"text": "正向", "start": -7, "end": -5},
              {"text": "谭", "start": 0, "end": 1}]), "has answers in the text and options of the prompt; keep one"),
        (line(result_list="谭孝曾"), "result_list is '谭孝曾'; expected a list, which is empty where"),
        (line(result_list=["谭孝曾"]), r"result_list\[0\]: is '谭孝曾'; expected {\"text\""),
        (line(content=" "), "content is ' '; expected {\"content\": text"),
        (line(prompt=None), "prompt is 'None'; expected"),
        (line(subject="谭孝曾"), "has only one of 'subject' and 'predicate'"),
        ("{", "train.txt:1: not JSON"),
        ("[1]", r"expected an object"),
    ],
)  # fmt: skip
def test_a_bad_line_is_told_with_place_and_remedy(tmp_path, row, told):
    with pytest.raises(DataError, match=told):
        read(tmp_path, row)[1].raise_if_fatal()


def test_the_schema_of_a_file_is_told_by_its_keys(tmp_path):
    keys = {"subject": "谭孝曾", "predicate": "父亲", "subject_type": "人物"}
    answer = [{"text": "谭元寿", "start": 4, "end": 7}]
    asked = [line(), line(prompt="城市", result_list=[]), line(prompt="谭孝曾的父亲", result_list=answer, **keys),
             line(prompt="谭孝曾的城市", result_list=[], **{**keys, "predicate": "城市"})]  # fmt: skip
    examples, _ = read(tmp_path, *asked)
    assert schema_in(examples, "{subject}的{predicate}") == (Node("人物", (Node("父亲"),)), Node("城市"))
    untold, _ = read(tmp_path, line(), line(prompt="谭孝曾的父亲", result_list=answer))
    # no key says which prompts are about a relation: what is worded like one is no type
    assert schema_in(untold, "{subject}的{predicate}") == (Node("人物"),)
