"""Pairs out of tables, lines and two files, and what is refused with its place."""

import json

import pytest

from tasklab.data.text2text.input import pairs_from_input
from tasklab.data.text2text.pairs import Pair, Text2TextDataConfig
from tasklab.data.text2text.reading import read_pairs
from tasklab.data.text2text.templates import Template
from tasklab.errors import DataError, MissingColumns

ABOUT = "question: {question} context: {context}"


def read(path, training=True, answered=True, special=(), **settings):
    found, bad = read_pairs(path, Text2TextDataConfig(**settings), training, answered, special)
    bad.raise_if_fatal()
    return found


def write(path, *lines):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    "name, lines, settings",
    [
        ("a.tsv", ["target\tsource", "B\tA"], {}),
        ("a.tsv", ["label\ttext_a", "B\tA"], {}),  # UER-py's run_text2text
        ("a.tsv", ["x\tA\tB"], {"columns": ["instruction", "source", "target"]}),
        ("a.tsv", ["en\tzh", "A\tB"], {"source": "en", "target": "zh"}),
        ("a.txt", ["A\tB"], {}),  # UER-py's corpora of translations
        ("a.txt", ["source\ttarget", "A\tB"], {}),
        ("a.jsonl", ['{"src": "A", "tgt": "B"}'], {}),
        ("a.json", ['[{"document": "A", "summary": "B"}]'], {}),
        ("a.csv", ["text,highlights", '"A",B'], {}),
    ],
)
def test_columns_are_known_by_their_names(tmp_path, name, lines, settings):
    (pair,) = read(write(tmp_path / name, *lines), **settings)
    assert (pair.source, pair.references) == ("A", ("B",))


def test_a_template_names_columns_and_braces_in_texts_stay(tmp_path):
    rows = [{"id": 7, "question": "Who {x}?", "context": "Ann.", "answer": "Ann"}]
    path = write(tmp_path / "a.jsonl", *map(json.dumps, rows))
    (pair,) = read(path, template=ABOUT)
    assert pair == Pair("7", "question: Who {x}? context: Ann.", ("Who {x}?", "Ann."), ("Ann",), f"{path}:1")
    assert pair.documents == ("Ann.",) and read(path, template="{question}")[0].documents == ()
    with pytest.raises(MissingColumns, match=r"no column 'passage' \(data.template\)"):
        read(path, template="{passage}")


@pytest.mark.parametrize("wrong", ["no column", "a {} b", "{a!r}", "{a:3}", "{open"])
def test_a_template_without_columns_is_refused(wrong):
    with pytest.raises(ValueError, match="expected text with columns in braces"):
        Template.of(wrong)
    assert any("data.template" in message for _, message in Text2TextDataConfig(template=wrong).problems())


@pytest.mark.parametrize(
    "answer", [["one", "two"], [{"text": "one"}, {"text": "two"}], {"text": ["one", "two"], "answer_start": [0, 1]}]
)
def test_a_source_has_several_references(tmp_path, answer):
    path = write(tmp_path / "a.jsonl", json.dumps({"source": "A", "answers": answer}))
    assert read(path)[0].references == ("one", "two")


def test_two_files_are_read_line_by_line(tmp_path):
    write(tmp_path / "set/train.en", "one", "two")
    write(tmp_path / "set/train.zh", "一", "二")
    write(tmp_path / "set/val.en", "three")
    write(tmp_path / "set/val.zh", "三")
    asked = {"source": "en", "target": "zh"}
    pairs = read(tmp_path / "set", **asked)
    assert [(p.source, *p.references) for p in pairs] == [("one", "一"), ("two", "二")]
    assert pairs[1].place == f"{tmp_path}/set/train.en:2"
    assert read(tmp_path / "set", training=False, **asked)[0].source == "three"
    with pytest.raises(DataError, match=r"train.en, train.zh: which is read.*data.source=en data.target=zh"):
        read(tmp_path / "set")
    write(tmp_path / "set/train.zh", "一")
    with pytest.raises(DataError, match=r"train.en: has 2 lines, train.zh has 1;.* \S+train.en:2 is the first without"):
        read(tmp_path / "set", **asked)
    with pytest.raises(DataError, match=r"train.en: is no table by its name.*put both sides into a folder"):
        read(tmp_path / "set/train.en")


def test_two_files_of_which_one_or_both_are_missing_or_empty_are_told(tmp_path):
    asked, texts = {"source": "en", "target": "zh"}, tmp_path / "train.zh"
    write(tmp_path / "train.en", "one")
    with pytest.raises(DataError, match=r"has train.en, but no train.zh whose lines belong to it; add that"):
        read(tmp_path, **asked)
    texts.write_text("")
    with pytest.raises(DataError, match=r"train.en: has 1 lines, train.zh has 0;.* \S+train.en:1 is the first without"):
        read(tmp_path, **asked)
    (tmp_path / "train.en").write_text("")
    with pytest.raises(DataError, match=r"train.en: is empty, and so is train.zh; expected a text in each line"):
        read(tmp_path, **asked)
    texts.unlink()
    write(tmp_path / "train.tsv", "source\ttarget", "A\tB")  # a table beside a single file is the set
    assert [(p.source, *p.references) for p in read(tmp_path)] == [("A", "B")]
    (tmp_path / "train.en").unlink()
    assert [(p.source, *p.references) for p in read(tmp_path)] == [("A", "B")]


def test_mindformers_folder_needs_no_settings(tmp_path):
    write(tmp_path / "train.source", "A")
    write(tmp_path / "train.target", "B")
    assert [(p.source, *p.references) for p in read(tmp_path)] == [("A", "B")]


@pytest.mark.parametrize(
    "lines, told",
    [
        (["source\ttarget", "A\tB", "A\t"], r"a.tsv:3: the target is empty; correct the row or set data.on_bad_row"),
        (["source\ttarget", "\tB"], "a.tsv:2: the source is empty"),
        (["source\ttarget", "A"], "a.tsv:2: has 1 cells instead of 2"),
        (["source\ttarget", "A\t </s> <pad>"], r"a.tsv:2: the target is '</s> <pad>', special tokens alone"),
    ],
)
def test_what_cannot_be_learned_is_told_with_its_line(tmp_path, lines, told):
    with pytest.raises(DataError, match=told):
        read(write(tmp_path / "a.tsv", *lines), special=["</s>", "<pad>"])


def test_predict_takes_texts_objects_and_files(tmp_path):
    data = Text2TextDataConfig()
    assert [p.source for p in pairs_from_input(["a", {"text": "b"}, '{"source": "c"}'], data)] == ["a", "b", "c"]
    assert [p.source for p in pairs_from_input(str(write(tmp_path / "a.txt", "x\ty", "z")), data)] == ["x\ty", "z"]
    assert pairs_from_input(write(tmp_path / "a.tsv", "source\ttarget", "A\t"), data)[0].source == "A"
    about = Text2TextDataConfig(template=ABOUT)
    asked = {"question": "Q", "context": "C"}
    assert {p.source for p in pairs_from_input([asked, ("Q", "C"), json.dumps(asked)], about)} == {
        "question: Q context: C"
    }
    assert len(pairs_from_input(("Q", "C"), about)) == 1
    with pytest.raises(DataError, match=r'input\[0\]: is \'Q\'; expected \{"question": "...", "context": "..."\}'):
        pairs_from_input("Q", about)
    with pytest.raises(DataError, match=r"input\[0\]: has the keys question, expected context"):
        pairs_from_input({"question": "Q"}, about)
    prefixed = Text2TextDataConfig(template="translate: {source}")
    assert pairs_from_input("a", prefixed)[0].source == "translate: a"


@pytest.mark.parametrize("key", ["source", "target"])
def test_a_column_of_plain_text_is_refused_by_name(tmp_path, key):
    (tmp_path / "a.txt").write_text("one two\n")
    data = Text2TextDataConfig(**{key: "body"})
    with pytest.raises(DataError, match=rf"a\.txt: is read as plain text, .*'body', as data\.{key} says; take it out"):
        read_pairs(tmp_path / "a.txt", data, texts=True)


def test_the_template_is_that_of_plain_texts_too(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("one two\n\n {three} \n", encoding="utf-8")
    examples, _ = read_pairs(path, Text2TextDataConfig(template="fill: {source}"), texts=True)
    told = [(pair.id, pair.source, pair.cells, pair.place) for pair in examples]
    assert told == [
        ("0", "fill: one two", ("one two",), f"{path}:1"), ("1", "fill: {three}", ("{three}",), f"{path}:3"),
    ]  # fmt: skip
    with pytest.raises(DataError, match=r"a.txt: has one text per line, but data.template asks for"):
        read_pairs(path, Text2TextDataConfig(template="{question} {context}"), texts=True)
