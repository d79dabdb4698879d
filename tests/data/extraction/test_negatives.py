"""Prompts with and without answers: by hand, by their pools, and the counts of a published sample."""

import json
import random
from pathlib import Path

import pytest

from tasklab.data.extraction.annotated import AnnotatedText, Entity, Relation
from tasklab.data.extraction.negatives import with_negatives
from tasklab.data.extraction.prompts import Wording, class_prompts, line_of
from tasklab.tools.annotations import read_annotated

DUIE = Path(__file__).parents[4] / "shared/data/duie"


def annotated(text, kinds, relations=()):
    """kinds: {words: type}; relations: (subject, predicate, object) in words."""
    entities = [Entity(words, kind, text.index(words), text.index(words) + len(words)) for words, kind in kinds.items()]
    return AnnotatedText(text, tuple(entities), tuple(Relation(*r) for r in relations))


TEXTS = [
    annotated("甲是乙的兄弟", {"甲": "人物", "乙": "人物"}, [("甲", "兄弟", "乙"), ("乙", "兄弟", "甲")]),
    annotated("丙住在丁", {"丙": "人物", "丁": "城市"}, [("丙", "住址", "丁")]),
    annotated("没有", {}),
]


def prompts(examples, text):
    return sorted(e.prompt for e in examples if e.text == text)


def test_answered_prompts_are_one_per_type_and_one_per_subject_and_predicate():
    positives, _ = with_negatives(TEXTS, Wording(), 0, True, random.Random(0))
    assert prompts(positives, "甲是乙的兄弟") == ["乙的兄弟", "人物", "甲的兄弟"]
    (both,) = [e for e in positives if e.prompt == "人物" and e.text == "甲是乙的兄弟"]
    assert [m.text for m in both.answers] == ["甲", "乙"]
    (relation,) = [e for e in positives if e.prompt == "丙的住址"]
    assert (relation.subject, relation.predicate, relation.subject_type) == ("丙", "住址", "人物")


def test_what_is_known_to_be_answered_is_no_negative():
    # 兄弟 is symmetric: turned round it is a fact of the same text
    positives, negatives = with_negatives(TEXTS, Wording(), 30, True, random.Random(0))
    assert not {(e.text, e.prompt) for e in positives} & {(e.text, e.prompt) for e in negatives}
    # types that are not there; of relations reversed, others with its predicate, types as predicates
    assert prompts(negatives, "丙住在丁") == ["丁的住址", "乙的住址", "甲的住址"]
    assert prompts(negatives, "甲是乙的兄弟") == ["丁的兄弟", "丙的兄弟", "城市", *sorted(
        e.prompt for e in negatives if e.prompt.endswith("的城市")
    )]  # fmt: skip
    assert prompts(negatives, "没有") == ["人物", "城市"]


def test_an_evaluation_gets_every_subject_with_every_predicate():
    _, negatives = with_negatives(TEXTS, Wording(), 1, False, random.Random(0))
    assert prompts(negatives, "甲是乙的兄弟") == ["乙的住址", "城市", "甲的住址"]
    assert prompts(negatives, "丙住在丁") == ["丙的兄弟"]


def test_an_evaluation_asks_for_what_the_training_has_too():
    _, negatives = with_negatives(TEXTS[1:2], Wording(), 1, False, random.Random(0), asked_of=TEXTS[:1])
    # 人物 and 城市 are there; of the training alone is the predicate 兄弟
    assert prompts(negatives, "丙住在丁") == ["丙的兄弟"]
    seen = [annotated("戊", {"戊": "公司"})]
    _, negatives = with_negatives(TEXTS[1:2], Wording(), 1, False, random.Random(0), asked_of=seen)
    assert prompts(negatives, "丙住在丁") == ["公司"]


def test_a_seed_gives_the_same_prompts_again():
    first, again, other = (with_negatives(TEXTS * 3, Wording(), 1, True, random.Random(s)) for s in (1, 1, 2))
    assert first == again and first != other


def test_the_answer_of_a_classification_is_in_the_prompt():
    text = AnnotatedText("很好的手机", (Entity("1", "产品##正向", 3, 5),), labels=("负向",))
    whole, entity = class_prompts(text, Wording(options=("正向", "负向"), prefix="情感倾向"), random.Random(0))
    for example, prefix, label in ((whole, "情感倾向", "负向"), (entity, "手机的情感倾向", "正向")):
        assert example.prompt in (f"{prefix}[正向,负向]", f"{prefix}[负向,正向]")
        (answer,) = example.answers
        begin = answer.start + len(example.prompt) + 1
        assert example.prompt[begin : begin + 2] == answer.text == label and answer.end == answer.start + 2
    assert json.loads(line_of(entity))["subject"] == "手机"


@pytest.mark.skipif(not DUIE.is_dir(), reason="without the shared data sets")
def test_the_published_sample_gives_the_published_counts():
    texts, bad, _ = read_annotated(DUIE / "doccano_ext.jsonl")
    rows = [json.loads(line) for line in (DUIE / "train.txt").read_text(encoding="utf-8").splitlines()]
    dev = [json.loads(line) for line in (DUIE / "dev_part.txt").read_text(encoding="utf-8").splitlines()]
    part = {row["content"] for row in rows}
    positives, negatives = with_negatives([t for t in texts if t.text in part], Wording(), 5, True, random.Random(1000))
    assert (len(bad), len(positives), len(positives) + len(negatives)) == (0, 366, 2087)
    assert content(positives) == {key for key in map(answered, rows) if key[2]}
    held_out = with_negatives([t for t in texts if t.text not in part], Wording(), 5, False, random.Random(1000))[0]
    assert content(held_out) == {key for key in map(answered, dev) if key[2]}  # 27 of 42: half of the texts are here


def answered(row):
    return row["content"], row["prompt"], tuple(sorted({(s["start"], s["end"]) for s in row["result_list"]}))


def content(examples):
    return {(e.text, e.prompt, tuple((m.start, m.end) for m in e.answers)) for e in examples}
