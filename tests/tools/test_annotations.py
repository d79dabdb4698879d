"""Annotated texts of every program: the four layouts of doccano, Label Studio, brat; what is wrong with others."""

import json

import pytest

from tasklab.data.extraction.annotated import AnnotatedText, Entity, Relation
from tasklab.errors import DataError
from tasklab.tools.annotations import read_annotated, read_classified

TEXT = "Ann is in Rome"
ENTITIES = (Entity("1", "person", 0, 3), Entity("2", "city", 10, 14))
RELATED = (Relation("1", "home", "2"),)
SPANS = [{"id": e.id, "label": e.kind, "start_offset": e.start, "end_offset": e.end} for e in ENTITIES]
LINKS = [{"id": 1, "from_id": 1, "to_id": 2, "type": "home"}]
TRIPLES = [[e.start, e.end, e.kind] for e in ENTITIES]


def read(tmp_path, *rows, name="all.jsonl"):
    (tmp_path / name).write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
    return read_annotated(tmp_path / name)


@pytest.mark.parametrize(
    "row, ids, relations",
    [
        ({"text": TEXT, "entities": SPANS, "relations": LINKS}, "12", RELATED),
        ({"data": TEXT, "label": {"entities": SPANS, "relations": LINKS}}, "12", RELATED),
        ({"text": TEXT, "label": TRIPLES}, ("T1", "T2"), ()),
        ({"data": TEXT, "label": TRIPLES}, ("T1", "T2"), ()),
    ],
)
def test_each_of_doccano_s_layouts_gives_the_same_text(tmp_path, row, ids, relations):
    (text,), bad, remarks = read(tmp_path, row)
    assert text.text == TEXT and not bad and not remarks
    assert text.entities == tuple(e._replace(id=i) for e, i in zip(ENTITIES, ids, strict=True))
    assert text.relations == relations


def test_label_studio_s_regions_and_relations(tmp_path):
    regions = [
        {"id": e.id, "type": "labels", "from_name": "label", "to_name": "text",
         "value": {"start": e.start, "end": e.end, "text": TEXT[e.start : e.end], "labels": [e.kind]}}
        for e in ENTITIES
    ]  # fmt: skip
    for direction, ends in (("right", "12"), ("left", "21")):
        link = {"type": "relation", "from_id": ends[0], "to_id": ends[1], "direction": direction, "labels": ["home"]}
        task = {"id": 7, "data": {"text": TEXT}, "annotations": [{"result": [*regions, link]}]}
        (tmp_path / "all.json").write_text(json.dumps([task]))
        (text,), bad, _ = read_annotated(tmp_path / "all.json")
        assert (text.entities, text.relations) == (ENTITIES, RELATED) and not bad


def test_brat_s_lines(tmp_path):
    (tmp_path / "a.txt").write_text(TEXT)
    marks = ["T1\tperson 0 3\tAnn", "T2\tcity 10 14\tRome", "R1\thome Arg1:T1 Arg2:T2", "#1\tNote T1\tx"]
    (tmp_path / "a.ann").write_text("\n".join(marks) + "\n")
    (text,), bad, remarks = read_annotated(tmp_path)
    assert [e[1:] for e in text.entities] == [e[1:] for e in ENTITIES]
    assert text.relations == (Relation("T1", "home", "T2"),)
    assert not bad and remarks == {"lines of .ann files that mark no text, which are not read": 1}


def test_overlapping_spans_are_kept(tmp_path):
    row = {"text": TEXT, "label": [[0, 14, "claim"], [0, 3, "person"]]}
    (text,), bad, _ = read(tmp_path, row)
    assert len(text.entities) == 2 and not bad


@pytest.mark.parametrize(
    "row, told",
    [
        ({"entities": [{**SPANS[0], "label": None}]}, "span 0 to 3 has no type, expected its name"),
        ({"entities": [{**SPANS[0], "end_offset": 99}]}, "person from 0 to 99, but the text has 14 characters"),
        ({"entities": [{**SPANS[0], "text": "Bob"}]}, "person 'Bob' is said to be characters 0 to 3, where 'Ann' is"),
        ({"relations": [{"from_id": 1, "to_id": 9, "type": "home"}]},
         r":1: relations\[0\]: no entity of the text has the id '9'"),
        ({"relations": [{**LINKS[0], "type": ""}]}, r"relations\[0\]: its type is '', expected its name"),
        ({"entities": [SPANS[0], {**SPANS[1], "id": "1"}]}, "two entities go by the id '1'"),
        ({"text": "  "}, "text is '  ', expected a text"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_its_place(tmp_path, row, told):
    row = {"text": TEXT, "entities": SPANS, "relations": [], **row}
    texts, bad, _ = read(tmp_path, row)
    assert not texts
    with pytest.raises(DataError, match=told):
        bad.raise_if_fatal()


def test_texts_with_labels(tmp_path):
    rows = [{"text": "a", "label": ["good"]}, {"data": "b", "label": "bad"}, {"text": "c", "label": []}, {"text": " "}]
    (tmp_path / "all.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows) + "\n\n")
    texts, bad = read_classified(tmp_path)
    assert [(t.text, t.labels) for t in texts] == [("a", ("good",)), ("b", ("bad",))]
    assert dict(bad.counts) == {"no label": 1, "no text": 1}
    assert isinstance(texts[0], AnnotatedText)
