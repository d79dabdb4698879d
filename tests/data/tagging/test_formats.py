"""Texts with spans as annotation programs export them: what each layout says, and which program is named."""

import json

import pytest

from tasklab.data.files.sample import sample_of
from tasklab.data.tagging.input import tagged_examples_from_input
from tasklab.data.tagging.reading import TaggingDataConfig, looks_tagged, usable_sentences

TEXT = "Ann Lee flew to Oslo."
PER, LOC = (0, 7, "PER"), (16, 20, "LOC")
FOUND = [("PER", "Ann Lee"), ("LOC", "Oslo")]


def named(keys, spans=(PER, LOC)):
    return [dict(zip(keys, span, strict=True)) for span in spans]


def region(start, end, kind, **more):
    return {"value": {"start": start, "end": end, "text": TEXT[start:end], "labels": [kind]}, "type": "labels",
            "from_name": "label", "to_name": "text"} | more  # fmt: skip


def task(*annotations, text=TEXT):
    return {"id": 1, "data": {"text": text}, "annotations": list(annotations), "predictions": []}


OFFSETS = ("start_offset", "end_offset", "label")
START_END = ("start", "end", "label")
MIN = {"annotator": 1, "annotation_id": 1, "lead_time": 2.5}
LAYOUTS = {
    "doccano, label": ("doccano", {"id": 1, "text": TEXT, "label": [PER, LOC]}),
    "doccano, labels": ("doccano", {"id": 1, "text": TEXT, "labels": [PER, LOC]}),
    "doccano, data": ("doccano", {"id": 1, "data": TEXT, "label": [PER, LOC]}),
    "doccano, relations": (
        "doccano", {"id": 1, "text": TEXT, "entities": named(OFFSETS), "relations": [], "Comments": []},
    ),
    "doccano, annotations": ("doccano", {"id": 1, "text": TEXT, "annotations": named(OFFSETS), "meta": {}}),
    "Label Studio": ("Label Studio", task({"result": [region(*PER), region(*LOC)], "was_cancelled": False})),
    "Label Studio before 1": (
        "Label Studio", {"data": {"text": TEXT}, "completions": [{"result": [region(*PER), region(*LOC)]}]},
    ),
    "JSON-MIN": ("Label Studio", {"text": TEXT, "ner": [region(*PER)["value"], region(*LOC)["value"]], **MIN}),
    "spaCy 2": ("spaCy", [TEXT, {"entities": [PER, LOC]}]),
    "spaCy 3": ("spaCy", {"text": TEXT, "ents": named(START_END), "tokens": [{"id": 0, "start": 0, "end": 3}]}),
    "Prodigy": ("Prodigy", {
        "text": TEXT, "_task_hash": 7, "tokens": [{"text": "Ann", "start": 0, "end": 3, "id": 0}],
        "spans": named(START_END), "answer": "accept",
    }),
    "entities": ("", {"text": TEXT, "entities": named(START_END)}),
    "spans": ("", {"text": TEXT, "spans": named(("start", "end", "type"))}),
    "null beside spans": ("", {"text": TEXT, "entities": None, "spans": named(START_END)}),
    "answers of ours": ("", {"text": TEXT, "entities": named(("start", "end", "entity_group"))}),
}  # fmt: skip


def write(path, items, lines=True):
    text = "\n".join(map(json.dumps, items)) if lines else json.dumps(items, indent=1)
    path.write_text(text + "\n", encoding="utf-8")
    return path


def read(path, labelled=True, **settings):
    data = TaggingDataConfig()
    for name, value in settings.items():
        data[name] = value
    return usable_sentences(path, data, labelled=labelled)


def found(file):
    """Named entities of each text."""
    return [[(kind, e.text[e.tokens[a][0] : e.tokens[b][1]]) for kind, a, b in e.entities] for e in file.examples]


@pytest.mark.parametrize("name", LAYOUTS)
@pytest.mark.parametrize("suffix", [".jsonl", ".json"])
def test_each_layout_is_read_and_its_program_named(name, suffix, tmp_path):
    writer, item = LAYOUTS[name]
    path = write(tmp_path / f"t{suffix}", [item, item], suffix == ".jsonl")
    file = read(path)
    assert found(file) == [FOUND, FOUND] and not file.bad
    assert (file.source.writer, file.units, [e.text for e in file.examples]) == (writer, "words", [TEXT, TEXT])
    assert file.examples[1].place == f"{path}:2" if suffix == ".jsonl" else f"{path}: [1]"
    assert looks_tagged(sample_of(path))


@pytest.mark.parametrize("name", LAYOUTS)
def test_prediction_reads_the_texts_of_each_layout_and_no_span(name, tmp_path):
    path = write(tmp_path / "t.jsonl", [LAYOUTS[name][1]])
    (example,) = tagged_examples_from_input(path, TaggingDataConfig())
    assert (example.text, example.entities) == (TEXT, None)
    assert [TEXT[a:b] for a, b in example.tokens] == ["Ann", "Lee", "flew", "to", "Oslo", "."]


def test_prediction_answers_texts_that_training_leaves_out(tmp_path):
    items = [task({"was_cancelled": True, "result": []}), task(), {"text": "no", "spans": [], "answer": "reject"}]
    path = write(tmp_path / "t.jsonl", [*items, {"text": "bare"}])
    assert [e.text for e in tagged_examples_from_input(path, TaggingDataConfig())] == [TEXT, TEXT, "no", "bare"]


def test_doccano_s_numbers_are_named_by_its_export_of_the_labels(tmp_path):
    item = {"text": TEXT, "annotations": named((*OFFSETS, "user"), [(0, 7, 3, 1), (16, 20, 4, 1)])}
    path = write(tmp_path / "t.jsonl", [item])
    assert looks_tagged(sample_of(path)) and not read(path).examples
    told = read(path).bad.first[0].message
    assert "the span 0 to 7 has the type '3', expected its name; where doccano wrote numbers" in told
    write(tmp_path / "label_config.json", [{"id": 3, "text": "PER"}, {"id": 4, "text": "LOC"}], lines=False)
    assert found(read(path)) == [FOUND]


def test_doccano_s_unlabelled_texts_are_counted_since_nobody_may_have_seen_them(tmp_path):
    file = read(write(tmp_path / "t.jsonl", [{"text": TEXT, "label": [PER]}, {"text": "Oh.", "label": []}]))
    assert found(file) == [[("PER", "Ann Lee")], []]
    assert "without an entity (doccano writes those that nobody has annotated yet in the same way): 1;" in file.note


def test_nothing_in_place_of_spans_is_a_text_without_any(tmp_path):
    file = read(write(tmp_path / "t.jsonl", [{"text": TEXT, "entities": None}, {"text": TEXT, "label": None}]))
    assert found(file) == [[]] and file.bad.first[0].message.startswith(f"{file.bad.file}:2: label is 'None', expected")


def test_relations_are_passed_over_with_a_word(tmp_path):
    item = {"text": TEXT, "entities": named(OFFSETS), "relations": [{"from_id": 1, "to_id": 2, "type": "to"}]}
    assert "texts whose relations are not read: 1" in read(write(tmp_path / "t.jsonl", [item])).note


def test_of_several_annotations_the_ground_truth_counts_or_else_the_latest(tmp_path):
    dated = ((PER, "2024-01-02"), (LOC, "2024-01-03"))
    early, late = ({"result": [region(*span)], "updated_at": at} for span, at in dated)
    cancelled = {"result": [], "updated_at": "2024-01-04", "was_cancelled": True}
    items = [task(late, early, cancelled), task(late, early | {"ground_truth": True}), task(cancelled), task()]
    file = read(write(tmp_path / "t.json", items, lines=False))
    assert found(file) == [[("LOC", "Oslo")], [("PER", "Ann Lee")]]
    assert "more than once, of which the ground truth counts, or else the latest annotation: 2; first" in file.note
    assert file.bad.counts == {"task that the annotator skipped": 1, "task that nobody has annotated": 1}
    assert not file.bad.fatal


def test_label_studio_s_classes_are_no_spans(tmp_path):
    choice = {"type": "choices", "value": {"choices": ["good"]}, "to_name": "text"}
    path = write(tmp_path / "t.json", [task({"result": [choice]})], lines=False)
    assert "has choices and no labels of a text" in read(path).bad.first[0].message
    assert not looks_tagged(sample_of(path))


def test_the_text_is_the_one_that_the_regions_quote(tmp_path):
    item = task({"result": [region(*LOC, to_name="body")]})
    item["data"] = {"title": "Oslo", "article": TEXT, "link": "http://x"}
    item["annotations"][0]["result"].append(region(*PER, to_name="body"))
    assert found(read(write(tmp_path / "t.json", [item], lines=False))) == [FOUND]


def test_prodigy_s_rejected_and_ignored_texts_are_left_out_with_a_word(tmp_path):
    items = [{"text": TEXT, "spans": named(START_END), "answer": answer} for answer in ("reject", "accept", "ignore")]
    file = read(write(tmp_path / "t.jsonl", items))
    assert found(file) == [FOUND] and not file.bad.fatal
    assert [*file.bad.counts] == ["text that the annotator chose to reject", "text that the annotator chose to ignore"]


@pytest.mark.parametrize(
    "item",
    [
        task({"result": True}), task(3), task({"result": [3, {"type": "labels"}, {"type": "labels", "value": 3}]}),
        {"text": TEXT, "spans": 1.5, "tokens": [{}], "answer": "accept"}, {"text": TEXT, "spans": [], "answer": [1]},
        {"text": TEXT, "label": [[0, 7]]}, [TEXT, {"entities": [3]}], {"classes": 1, "annotations": [3]}, None, True,
    ],
)  # fmt: skip
def test_what_no_program_writes_is_a_bad_row_and_no_crash(item, tmp_path):
    path = write(tmp_path / "t.jsonl", [item, LAYOUTS["entities"][1]])
    assert [e.text for e in read(path).examples][-1] == TEXT and looks_tagged(sample_of(path))


def test_ner_annotator_s_file_is_one_object(tmp_path):
    whole = {"classes": ["PER", "LOC"], "annotations": [[TEXT, {"entities": [PER, LOC]}], None]}
    path = write(tmp_path / "t.json", whole, lines=False)
    assert found(read(path)) == [FOUND] and looks_tagged(sample_of(path))
    assert read(path).bad.counts == {"text that was skipped": 1}


def test_a_table_may_have_a_row_for_each_span(tmp_path):
    rows = '1,"Ann, Lee",PER,0,3\n2,Oslo,LOC,0,4\n1,"Ann, Lee",PER,5,8\n3,"No\none",,,\n'
    path = tmp_path / "t.csv"
    path.write_text(f"id,text,label,start_offset,end_offset\n{rows}")
    file = read(path)
    assert found(file) == [[("PER", "Ann"), ("PER", "Lee")], [("LOC", "Oslo")], []] and not file.bad
    assert [e.place for e in file.examples] == [f"{path}:2", f"{path}:3", f"{path}:5"]
    assert looks_tagged(sample_of(path))


@pytest.mark.parametrize("name, between", [("t.csv", ","), ("t.tsv", "\t")])
def test_label_studio_s_tables_hold_json_in_a_cell(name, between, tmp_path):
    cell = json.dumps([region(*PER)["value"], region(*LOC)["value"]]).replace('"', '""')
    rows = [["annotation_id", "id", "label", "lead_time", "text"], ["1", "7", f'"{cell}"', "2.5", TEXT]]
    path = tmp_path / name
    path.write_text("\n".join(map(between.join, rows)) + "\n")
    assert found(read(path)) == [FOUND] and looks_tagged(sample_of(path))


def test_a_table_of_texts_and_classes_is_none_of_spans(tmp_path):
    (tmp_path / "t.csv").write_text("text,label\nstart,end\n")
    assert not looks_tagged(sample_of(tmp_path / "t.csv"))
    for item in ({"text": "a", "label": ["x"]}, {"text": "a", "label": "x"}, {"text": "a", "label": []}):
        assert not looks_tagged(sample_of(write(tmp_path / "t.jsonl", [item])))


def brat(folder, text, marks):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "a.txt").write_text(text)
    (folder / "a.ann").write_text(marks)
    return folder


def test_brat_s_folder_has_a_text_and_its_marks_side_by_side(tmp_path):
    marks = "T1\tPER 0 7\tAnn Lee\nR1\tin Arg1:T1 Arg2:T2\t\nT2\tLOC 16 19;20 24\tNew York\n#1\tNotes T1\tsure?\n"
    folder = brat(tmp_path / "b", "Ann Lee\nflew to New\nYork.\n", marks)
    (folder / "b.txt").write_text("Nobody has seen it.")
    file = read(folder)
    assert found(file) == [[("PER", "Ann Lee"), ("LOC", "New\nYork")]]
    assert file.source.writer == "brat" and "left out 1: text without .ann (1)" in file.note
    assert "lines of .ann files that mark no text, which are not read: 2" in file.note
    assert looks_tagged(sample_of(folder)) and found(read(folder / "a.ann")) == found(file)
    assert [e.text for e in tagged_examples_from_input(folder, TaggingDataConfig())][1] == "Nobody has seen it."


def test_of_brat_s_folders_that_of_the_split_is_read(tmp_path):
    brat(tmp_path / "b" / "train", "Oslo", "T1\tLOC 0 4\tOslo\n")
    brat(tmp_path / "b" / "dev", "Rome", "T1\tLOC 0 4\tRome\n")
    assert found(read(tmp_path / "b")) == [[("LOC", "Oslo")]]
    assert usable_sentences(tmp_path / "b", TaggingDataConfig(), training=False).examples[0].text == "Rome"
    assert looks_tagged(sample_of(tmp_path / "b"))


def test_spans_in_several_pieces_are_refused_with_their_place(tmp_path):
    folder = brat(tmp_path / "b", "north and south Oslo", "T1\tLOC 0 4;16 20\tnort Oslo\nT2 LOC 16 20 Oslo\n")
    file = read(folder)
    first, second = (problem.message for problem in file.bad.first)
    assert first.startswith(f"{folder / 'a.ann'}:1: LOC 'nort Oslo' is in several pieces (0 4;16 20) with others")
    assert second.startswith(f"{folder / 'a.ann'}:2: is 'T2 LOC 16 20 Oslo', expected T1, a tab, a type with")
    assert not file.examples


def test_parquet_holds_spans_as_structs_and_tags_as_named_numbers(tmp_path):
    datasets = pytest.importorskip("datasets")
    spans = datasets.Dataset.from_list([{"text": TEXT, "entities": named(START_END)}])
    spans.to_parquet(tmp_path / "s.parquet")
    assert found(read(tmp_path / "s.parquet")) == [FOUND] and looks_tagged(sample_of(tmp_path / "s.parquet"))
    tags = datasets.Sequence(datasets.ClassLabel(names=["O", "B-LOC", "I-LOC"]))
    features = datasets.Features({"tokens": datasets.Sequence(datasets.Value("string")), "ner_tags": tags})
    rows = [{"tokens": ["New", "York", "sleeps"], "ner_tags": [1, 2, 0]}]
    datasets.Dataset.from_list(rows, features=features).to_parquet(tmp_path / "t.parquet")
    assert found(read(tmp_path / "t.parquet")) == [[("LOC", "New York")]]


NAMES = [{"O": 0, "B-LOC": 1, "I-LOC": 2}, {"0": "O", "1": "B-LOC", "2": "I-LOC"}, ["O", "B-LOC", "I-LOC"]]


def test_the_file_of_names_is_opened_for_numbers_alone(tmp_path):
    path = write(tmp_path / "t.jsonl", [{"tokens": ["Oslo"], "tags": ["B-LOC"]}])
    assert found(read(path, label2id=str(tmp_path / "gone.json"))) == [[("LOC", "Oslo")]]


@pytest.mark.parametrize("names", NAMES)
def test_numbers_for_tags_are_named_by_a_file(names, tmp_path):
    path = write(tmp_path / "t.jsonl", [{"tokens": ["New", "York", "sleeps"], "ner_tags": [1, 2, 0]}])
    told = read(path).bad.first[0].message
    assert told.startswith(f"{path}:1: token 1: the tag 1 is a number without a name; name them all: data.label2id")
    assert looks_tagged(sample_of(path))
    write(tmp_path / "names.json", names, lines=False)
    assert found(read(path, label2id=str(tmp_path / "names.json"))) == [[("LOC", "New York")]]
    (tmp_path / "t.conll").write_text("New 1\nYork 2\nsleeps 0\n")
    assert found(read(tmp_path / "t.conll", label2id=str(tmp_path / "names.json"))) == [[("LOC", "New York")]]
