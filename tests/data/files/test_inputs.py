"""What is handed to predict: when a text is a file's name, and where each item of the input stands."""

import json
import os
import re
from pathlib import Path

import pytest

from tasklab.data.choices.input import choice_examples_from_input
from tasklab.data.choices.reading import ChoiceDataConfig
from tasklab.data.corpus.cloze import cloze_examples_from_input
from tasklab.data.corpus.rows import MaskedWordsDataConfig
from tasklab.data.files.inputs import OBJECT, Inputs, is_pair_alone
from tasklab.data.questions.input import qa_examples_from_input
from tasklab.data.tagging.input import tagged_examples_from_input
from tasklab.data.tagging.reading import TaggingDataConfig
from tasklab.data.texts.candidates import questions_from_input
from tasklab.data.texts.input import text_examples_from_input
from tasklab.data.texts.settings import TextDataConfig
from tasklab.errors import DataError

TEXTS = Inputs('"a text"')
LONG = "说明" * 200  # 1,200 bytes: longer than any file's name may be


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize(
    "text",
    [
        "请看说明.txt", "参考data.json", "见附件/说明.csv", "이것은.txt", "ดูไฟล์.txt", "これは「表」です。a.tsv",
        "I like a.txt", "and / or.txt", "see readme,dev.csv", "what?.json", "https://example.org/a.txt", ".txt",
        "no suffix", "a.docx", "", "line\nreadme.txt", "~你好.txt", "~ a.txt", f"{LONG}.txt", f"{LONG} a/b.csv",
        "\ud800.txt", "\0.txt",
    ],
)  # fmt: skip
def test_a_text_that_only_ends_like_a_file_is_a_text(text):
    assert TEXTS.file(text) is None


@pytest.mark.parametrize("name", ["readme.txt", "dev-v1.1.json", "trian.tsv", "data/dev.tsv", "/nowhere/dev.csv",
                                  "C:\\data\\dev.csv", "an_example.parquet", "für.txt", "данные.txt"])  # fmt: skip
def test_what_is_written_as_a_file_s_name_is_one_though_it_is_not_there(name):
    assert TEXTS.file(name) == Path(name)


def test_a_name_with_any_letters_is_a_file_s_where_its_folder_is_there(folder):
    (folder / "数据").mkdir()
    for name in ("数据/测试.txt", "数据/没有/测试.txt", f"{folder}/我的 数据.csv", "./我的 数据.csv", "../说明.txt"):
        assert TEXTS.file(name) == Path(name)
    assert TEXTS.file("~/说明.txt") == folder / "说明.txt"


def test_the_name_of_a_file_that_is_there_is_a_path_whatever_it_looks_like(folder):
    for name in ("请看说明.txt", "I like a.txt", "{a} - b.json"):
        (folder / name).touch()
        assert TEXTS.file(name) == Inputs("", sign=OBJECT).file(name) == Path(name)
        assert Inputs("", sign=re.compile(" - ")).file(name) == Path(name)


def test_a_path_is_always_a_file(folder):
    class Like(os.PathLike):
        def __fspath__(self):
            return "说明"

    for name in ("说明 1", "说明", "a"):
        (folder / name).touch()
    assert TEXTS.file(Path("说明 1")) == Path("说明 1")
    assert TEXTS.file(Like()) == Path("说明")
    assert TEXTS.file(Path("~/a")) == folder / "a"


def test_without_the_sign_of_a_text_every_name_is_a_file_and_with_it_none_that_is_not_there():
    inputs = Inputs("", (".json",), sign=re.compile(" - "))
    assert inputs.file("请看说明.json") == Path("请看说明.json")
    assert inputs.file("my data.json") == Path("my data.json")
    assert inputs.file("see a.json - which.json") is None
    assert inputs.file("a\nb.json") is inputs.file("说明.txt") is None


def test_items_carry_their_place():
    inputs = Inputs('"a text"', alone=is_pair_alone)
    assert list(inputs.items("a")) == [("input[0]", "a")]
    assert list(inputs.items(("a", "b"))) == [("input[0]", ("a", "b"))]
    assert list(inputs.items(["a", "b"])) == list(TEXTS.items(("a", "b"))) == [("input[0]", "a"), ("input[1]", "b")]
    assert list(inputs.items(c for c in "ab")) == [("input[0]", "a"), ("input[1]", "b")]
    with pytest.raises(DataError, match='input is int; expected "a text", a list of these, or a path'):
        inputs.items(3)


def test_lines_carry_their_number(folder):
    (folder / "a.txt").write_bytes(b"\xef\xbb\xbfa\r\n b \n")
    assert list(TEXTS.lines(Path("a.txt"))) == [("a.txt:1", "a"), ("a.txt:2", " b ")]


FILES = {  # what predict reads line by line: a file with a blank line, and a setting of how
    "texts": ("a.txt", "a\n \nb\n\n"), "tagging": ("a.txt", "a\n\nb\n"), "cloze": ("a.txt", "[MASK]\n\n[MASK]\n"),
    "questions": ("a.txt", "a - b\n\nc - d\n"), "candidates": ("a.tsv", "text_a\ttext_b\n\na\tb\n"),
    "choices": ("a.jsonl", '{"question": "q", "choices": ["a", "b"]}\n\n{"question": "q", "choices": ["a", "b"]}\n'),
}  # fmt: skip


@pytest.mark.parametrize("kind", FILES)
def test_a_blank_line_above_an_input_is_told_as_its_answers_would_move_up(kind, folder):
    name, text = FILES[kind]
    (folder / name).write_text(text)
    with pytest.raises(DataError, match=f"{name}:2: is blank, so no answer would stand for it"):
        KINDS[kind][0](Path(name))
    (folder / name).write_text("\n".join(line for line in text.split("\n") if line.strip()) + "\n\n\n")
    assert KINDS[kind][0](Path(name))


@pytest.mark.parametrize("name, text", [("a.tsv", "text\na\n\nb\n"), ("a.jsonl", '{"text": "a"}\n\n{"text": "b"}\n')])
def test_blank_lines_of_a_table_may_be_skipped_and_are_told(name, text, folder, caplog):
    (folder / name).write_text(text)
    data = TextDataConfig()
    with pytest.raises(DataError, match=f"{name}:[23]: is blank, so no answer .*; correct the line or set"):
        text_examples_from_input(Path(name), data, "regression")
    data.on_bad_row = "skip"
    assert [e.text_a for e in text_examples_from_input(Path(name), data, "regression")] == ["a", "b"]
    assert "left out 1: blank line (1)" in caplog.text


def test_an_object_may_come_as_its_json():
    named, only = Inputs("", keys=("text",)), Inputs("", sign=OBJECT)
    assert [item for _, item in named.items([' {"text": "a"}', '{"a": 1}', "{text}", '[{"text": 1}]'])] == [
        {"text": "a"}, '{"a": 1}', "{text}", '[{"text": 1}]',
    ]  # fmt: skip
    assert [item for _, item in only.items(['{"a": 1}', "text"])] == [{"a": 1}, "text"]
    with pytest.raises(DataError, match=r"input\[1\]: not JSON at line 1, column 2"):
        list(only.items(["{}", "{a}"]))
    assert [item for _, item in TEXTS.items('{"text": "a"}')] == ['{"text": "a"}']


def test_an_object_of_other_keys_is_a_text_and_told_once_with_the_keys_there_are(caplog):
    named = Inputs("", keys=("text", "tokens"))
    given = ["{}", '{"txt": "a"}', '{"txt": "b"}']
    assert [item for _, item in named.items(given)] == given
    (record,) = caplog.records
    assert record.message == "input[0]: '{}' is taken for a text; an object has a key text or tokens"
    caplog.clear()
    assert list(named.items(["{smile}", "[1]", '{"text": "a"}'])) and list(TEXTS.items('{"a": 1}'))
    assert not caplog.records


def test_a_folder_is_told_to_be_one(folder):
    (folder / "run").mkdir()
    (folder / "run/best").touch()
    with pytest.raises(DataError, match="run: a folder; name the one file in it that holds the inputs; run holds best"):
        TEXTS.file(Path("run"))


KINDS = {  # what each kind of data makes of an input, and a text that ends like a file
    "texts": (lambda given: text_examples_from_input(given, TextDataConfig(), "regression"), "请看说明.txt"),
    "tagging": (lambda given: tagged_examples_from_input(given, TaggingDataConfig()), "请看说明.conll"),
    "questions": (qa_examples_from_input, "说明在这里。 - 请看哪个a.json"),
    "cloze": (lambda given: cloze_examples_from_input(given, MaskedWordsDataConfig()), "请看[MASK]明.txt"),
    "choices": (lambda given: choice_examples_from_input(given, ChoiceDataConfig()), None),
    "candidates": (lambda given: questions_from_input(given, TextDataConfig()), None),
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_data_knows_a_mistyped_file_from_a_text(kind):
    examples, text = KINDS[kind]
    name = "missing.txt" if kind == "cloze" else "missing.json"
    for missing in (name, Path(name), Path("说明")):
        with pytest.raises(DataError, match=f"{Path(missing).name}: no such file; .* holds nothing"):
            examples(missing)
    if text:
        (example,) = examples(text)
        assert example == examples([text])[0]


def test_a_masked_text_may_do_without_a_mask_where_words_are_masked_at_random():
    data = MaskedWordsDataConfig()
    data.cloze_masks = 1
    assert cloze_examples_from_input("请看说明.txt", data)[0].text == "请看说明.txt"
    with pytest.raises(DataError, match="missing.txt: no such file"):
        cloze_examples_from_input("missing.txt", data)


def test_rows_left_out_of_a_file_of_candidates_are_told(folder, caplog):
    (folder / "a.tsv").write_text("text_a\ttext_b\nwho\ta\nwho\t \n")
    data = TextDataConfig()
    data.on_bad_row = "skip"
    assert [q.candidates for q in questions_from_input("a.tsv", data)] == [["a"]]
    assert "a.tsv: left out 1: empty text (1); first: " in caplog.text


def test_questions_with_candidates_may_come_as_json():
    asked = {"question": "who", "candidates": ["a", "b"]}
    (question,) = questions_from_input(json.dumps(asked), TextDataConfig())
    assert (question.text, question.candidates, question.place) == ("who", ["a", "b"], "input[0]")


def test_every_kind_of_data_takes_json_as_on_a_command_line():
    (asked,) = qa_examples_from_input('{"context": "I live in Berlin - Mitte.", "question": "Where - now?"}')
    assert (asked.context, asked.question) == ("I live in Berlin - Mitte.", "Where - now?")
    (pair,) = text_examples_from_input('{"text_a": "a", "text_b": "b"}', TextDataConfig(), "regression")
    assert (pair.text_a, pair.text_b) == ("a", "b")
    named = TextDataConfig()
    named.text_a = "review"
    assert text_examples_from_input(['{"review": "a"}'], named, "regression")[0].text_a == "a"
    (cloze,) = cloze_examples_from_input('{"text": "a [MASK]"}', MaskedWordsDataConfig())
    assert cloze.text == "a [MASK]"


@pytest.mark.parametrize("kind", ["questions", "texts", "tagging", "cloze"])
def test_broken_json_of_an_object_is_told_and_not_taken_for_a_text(kind):
    examples, _ = KINDS[kind]
    text = '{"question": "who" - "context": , "text": "[MASK]"'
    with pytest.raises(DataError, match=r"input\[0\]: not JSON at line 1"):
        examples(text)


@pytest.mark.parametrize("kind", ["questions", "texts", "candidates"])
def test_half_a_surrogate_pair_is_told_before_anything_is_computed(kind):
    given = {
        "questions": ("\ud800 a", "who"), "texts": "\ud800 a", "candidates": {"question": "a", "candidates": ["\ud800"]}
    }  # fmt: skip
    with pytest.raises(DataError, match=r"input\[0\]: .*half of a surrogate pair; correct it"):
        KINDS[kind][0](given[kind])
