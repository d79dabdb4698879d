"""Annotations through every program and back, training files out of them, and what a model confuses."""

import json
from dataclasses import replace
from types import SimpleNamespace

import pytest

from tasklab.cli import main
from tasklab.data.extraction.annotated import AnnotatedText, Entity, Relation
from tasklab.data.extraction.reading import ExtractionDataConfig
from tasklab.errors import CheckpointError, DataError
from tasklab.tools.annotation_writers import WRITERS
from tasklab.tools.annotations import read_annotated
from tasklab.tools.augment_annotations import augment_annotations, convert_annotations
from tasklab.tools.extraction_confusions import extraction_confusions
from tasklab.tools.extraction_data import extraction_data

TEXTS = [
    AnnotatedText(
        "🙂 谭孝曾是\n谭元寿的长子", (Entity("1", "人物", 2, 5), Entity("2", "人物", 7, 10), Entity("3", "称呼", 2, 5)),
        (Relation("1", "父亲", "2"), Relation("2", "长子", "1")),
    ),
    AnnotatedText("nothing here"),
]  # fmt: skip


def bare(texts):
    """Without places, entities by number: brat has ids of its own."""
    numbered = []
    for text in texts:
        number = {entity.id: place for place, entity in enumerate(text.entities)}
        relations = [(number[r.subject], r.predicate, number[r.object]) for r in text.relations]
        numbered.append((text.text, [entity[1:] for entity in text.entities], relations))
    return numbered


@pytest.mark.parametrize("program, name", [("doccano", "a.jsonl"), ("label-studio", "a.json"), ("brat", "a")])
def test_what_is_written_is_read_again(tmp_path, program, name):
    WRITERS[program](TEXTS, tmp_path / name)
    texts, bad, _ = read_annotated(tmp_path / name)
    assert not bad and bare(texts) == bare(TEXTS)
    convert_annotations(str(tmp_path / name), to=str(tmp_path / "b.jsonl"), program="doccano")
    assert bare(read_annotated(tmp_path / "b.jsonl")[0]) == bare(TEXTS)


def test_brat_is_refused_names_with_blanks(tmp_path):
    with pytest.raises(DataError, match="brat takes no blanks in names, and 'a b' has some"):
        WRITERS["brat"]([AnnotatedText("x", (Entity("1", "a b", 0, 1),), place="here")], tmp_path / "a")


def test_lines_of_a_seed_are_the_same_and_the_index_says_which_texts(tmp_path, capsys):
    ends = ("", " alpha", " over there", " in rome", " at last")  # less than 0.8 of their trigrams are the same
    several = [replace(text, text=text.text + end) for end in ends for text in TEXTS]
    WRITERS["doccano"](several, tmp_path / "a.jsonl")
    options = {"splits": [0.8, 0.2], "shuffle": True}
    for name in ("one", "two"):
        told = extraction_data(str(tmp_path / "a.jsonl"), to=str(tmp_path / name), **options)
    assert (tmp_path / "one/train.txt").read_bytes() == (tmp_path / "two/train.txt").read_bytes()
    index = json.loads((tmp_path / "one/sample_index.json").read_text())
    assert sorted(index["train_ids"] + index["dev_ids"]) == list(range(10)) and len(index["dev_ids"]) == 2
    assert f"examples to {tmp_path / 'two' / 'dev'}.txt." in str(told)
    rows = [json.loads(line) for line in (tmp_path / "one/train.txt").read_text(encoding="utf-8").splitlines()]
    assert {r["subject"] for r in rows if r["result_list"] and "subject" in r} == {"谭孝曾", "谭元寿"}


@pytest.mark.parametrize(
    "options, told",
    [
        ({"splits": [0.5, 0.4]}, "expected up to three shares that add up to 1"),
        ({"wording": "of"}, "--wording 'of' needs {subject} and {predicate}"),
        ({"negative_ratio": -2}, "--negative-ratio -2: expected 0 or more, or -1"),
    ],
)
def test_options_that_cannot_be_are_refused(tmp_path, options, told):
    WRITERS["doccano"](TEXTS, tmp_path / "a.jsonl")
    with pytest.raises(DataError, match=told):
        extraction_data(str(tmp_path / "a.jsonl"), to=str(tmp_path / "out"), **options)


def test_equal_texts_are_in_one_file(tmp_path):
    name = (Entity("1", "name", 0, 4),)
    anna, bert = AnnotatedText("anna lives in rome", name), AnnotatedText("bert sleeps", name)
    WRITERS["doccano"]([anna, bert, anna, bert], tmp_path / "a.jsonl")
    for shuffle in (False, True):
        folder = tmp_path / f"shuffled_{shuffle}"
        extraction_data(str(tmp_path / "a.jsonl"), to=str(folder), splits=[0.5, 0.5], shuffle=shuffle)
        index = json.loads((folder / "sample_index.json").read_text())
        assert sorted(map(sorted, index.values())) == [[0, 2], [1, 3]]
    WRITERS["doccano"]([anna] * 4, tmp_path / "b.jsonl")
    with pytest.raises(DataError, match="--splits: most of 4 texts are equal; leave repeated ones out"):
        extraction_data(str(tmp_path / "b.jsonl"), to=str(tmp_path / "new"), splits=[0.5, 0.5])
    assert extraction_data(str(tmp_path / "b.jsonl"), to=str(tmp_path / "new")).counts == {"train": (4, 4)}


def test_a_text_without_entities_is_asked_for_every_type_at_ratio_0_too(tmp_path):
    texts = [AnnotatedText("anna in rome", (Entity("1", "name", 0, 4), Entity("2", "city", 8, 12))), TEXTS[1]]
    WRITERS["doccano"](texts, tmp_path / "a.jsonl")
    told = extraction_data(str(tmp_path / "a.jsonl"), to=str(tmp_path / "out"), negative_ratio=0)
    assert told.counts == {"train": (4, 2)}  # name and city of either text


def test_classes_that_are_no_options_are_named_with_their_places(tmp_path):
    reviews = [{"text": "fine", "label": ["good"]}, {"text": "dull", "label": "bad"}]
    (tmp_path / "a.jsonl").write_text("".join(json.dumps(one) + "\n" for one in reviews))
    asked = {"to": str(tmp_path / "out"), "task_type": "cls"}
    with pytest.raises(DataError, match=r"--options 正向 负向: lacks 'good' \(.*:1\), 'bad' \(.*:2\); name all"):
        extraction_data(str(tmp_path / "a.jsonl"), **asked)
    assert extraction_data(str(tmp_path / "a.jsonl"), **asked, options=["good", "bad"]).counts == {"train": (2, 2)}
    fruit = AnnotatedText("the apple", (Entity("1", "fruit##ripe", 4, 9),))
    WRITERS["doccano"]([fruit], tmp_path / "b.jsonl")
    with pytest.raises(DataError, match=r"lacks 'ripe' \(.*b.jsonl:1\)"):
        extraction_data(str(tmp_path / "b.jsonl"), to=str(tmp_path / "new"))


def test_swapped_texts_are_written_for_the_program(tmp_path, capsys):
    marked = (Entity("1", "人物", 0, 1), Entity("2", "人物", 2, 3)), (Relation("1", "父亲", "2"),)
    WRITERS["doccano"]([AnnotatedText("甲和乙", *marked), AnnotatedText("丙和丁", *marked)], tmp_path / "a.jsonl")
    assert main(["tools", "augment-annotations", str(tmp_path / "a.jsonl"), "--to", str(tmp_path / "b.jsonl")]) == 0
    assert "0 texts" in capsys.readouterr().out  # each is the other one, which is there
    with pytest.raises(DataError, match="--model MODEL is what fills"):
        augment_annotations(str(tmp_path / "a.jsonl"), to="c.jsonl", method="fill")


def test_confused_predicates_are_counted_and_become_lines(tmp_path, monkeypatch):
    rows = [
        {"content": "甲是乙的父亲", "prompt": "乙的父亲", "subject": "乙", "predicate": "父亲", "subject_type": "人物",
         "result_list": [{"text": "甲", "start": 0, "end": 1}]},
        {"content": "丙生于丁", "prompt": "丙的籍贯", "subject": "丙", "predicate": "籍贯", "subject_type": "人物",
         "result_list": [{"text": "丁", "start": 3, "end": 4}]},
    ]  # fmt: skip
    (tmp_path / "train.txt").write_text("".join(json.dumps(row) + "\n" for row in rows))

    def predict(input_data):
        said = {"乙的籍贯": [{"text": "甲"}], "丙的父亲": []}
        return [{one["prompt"]: said[one["prompt"]]} for one in input_data]

    trainer = SimpleNamespace(config=SimpleNamespace(data=ExtractionDataConfig()), predict=predict)
    monkeypatch.setattr("tasklab.tools.extraction_confusions.Trainer", lambda **_: trainer)
    told = extraction_confusions("model", str(tmp_path / "train.txt"), to=str(tmp_path / "out"))
    assert told.details == {"父亲": {"total_error": 1, "confused_predicates": {"籍贯": {"count": 1, "error_samples": [
        {"content": "甲是乙的父亲", "prompt": "乙的籍贯", "answer": "甲"}]}}}}  # fmt: skip
    assert json.loads((tmp_path / "out/summary.json").read_text()) == {"父亲": ["籍贯"]}
    (line,) = map(json.loads, (tmp_path / "out/negatives.txt").read_text(encoding="utf-8").splitlines())
    assert (line["prompt"], line["result_list"], line["predicate"]) == ("乙的籍贯", [], "籍贯")
    assert "父亲" in str(told)


def test_no_tool_writes_over_what_is_there(tmp_path):
    WRITERS["doccano"](TEXTS, tmp_path / "a.jsonl")
    (tmp_path / "kept").mkdir()
    for tool, more in (extraction_data, {}), (augment_annotations, {}), (convert_annotations, {"program": "brat"}):
        with pytest.raises(CheckpointError, match="kept exists already; choose another place, or remove it first"):
            tool(str(tmp_path / "a.jsonl"), to=str(tmp_path / "kept"), **more)
    with pytest.raises(CheckpointError, match="kept exists already"):
        extraction_confusions("model", "train.txt", to=str(tmp_path / "kept"))


def test_what_is_wrong_with_annotations_is_told_with_a_remedy_that_the_tool_has(tmp_path):
    span = {"start_offset": 0, "end_offset": 9, "label": "x"}
    (tmp_path / "a.jsonl").write_text(json.dumps({"text": "ab", "entities": [span]}))
    with pytest.raises(DataError, match="has 2 characters; correct the line or give --skip-bad$"):
        extraction_data(str(tmp_path / "a.jsonl"), to=str(tmp_path / "new"))
    with pytest.raises(DataError, match="holds no usable text; left out 1: .*; correct the line$"):
        extraction_data(str(tmp_path / "a.jsonl"), to=str(tmp_path / "new"), skip_bad=True)
    with pytest.raises(DataError, match="correct the line or leave it out$"):
        convert_annotations(str(tmp_path / "a.jsonl"), to=str(tmp_path / "b.jsonl"), program="doccano")
