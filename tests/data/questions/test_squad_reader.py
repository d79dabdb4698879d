"""Files in the SQuAD layout: what loads, and the exact words for what does not."""

import json
from pathlib import Path

import pytest

from tasklab.data.questions.reading import Answer, QAExample, find_squad_file, read_squad
from tasklab.errors import DataError

SHARED = Path(__file__).parents[3].parent / "shared/data"
CONTEXT = "Charles Babbage designed the engine."


def qa(identity="q1", question="who?", text="Babbage", start=8, **more):
    return {"id": identity, "question": question, "answers": [{"text": text, "answer_start": start}], **more}


def write(folder, *questions, context=CONTEXT, name="train.json", **top):
    document = {"data": [{"paragraphs": [{"context": context, "qas": list(questions)}]}], **top}
    (folder / name).write_text(json.dumps(document), encoding="utf-8")
    return folder / name


def message(path, **options):
    with pytest.raises(DataError) as caught:
        read_squad(path, **options)
    return str(caught.value).replace(str(path), "FILE")


def test_a_row_comes_back_as_it_is_in_the_file(tmp_path):
    path = write(tmp_path, qa())
    examples, bad = read_squad(path)
    place = f"{path}: data[0].paragraphs[0].qas[0]"
    assert examples == [QAExample("q1", "who?", CONTEXT, (Answer("Babbage", 8),), False, place)]
    assert len(bad) == 0 and bad.summary() == ""


def test_a_misaligned_answer_shows_what_is_there_and_where_the_answer_is(tmp_path):
    path = write(tmp_path, qa(start=9))
    assert message(path) == (
        "FILE: data[0].paragraphs[0].qas[0] (id q1): answer_start 9 points at 'abbage ', not at the answer 'Babbage' "
        "(the answer begins at 8); correct the offset or set data.on_bad_row: skip"
    )


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (qa(start=-1), "answer_start -1 points nowhere, not at the answer 'Babbage' (the answer begins at 8)"),
        (qa(start=10**30), "points behind the context of 36 characters, not at the answer 'Babbage' (the answer begi"),
        (qa(text="Ada", start=0), "points at 'Cha', not at the answer 'Ada', which is nowhere in the context"),
        (qa(text=" Babbage?", start=8), "points at 'Babbage d', not at the answer ' Babbage?', which is nowhere"),
        (qa(text="Babbage  ", start=8), "(the answer without its outer blanks begins at 8)"),
        (qa(question=" \n"), "(id q1): question is empty; correct the row or set data.on_bad_row: skip"),
        (qa(identity=""), "qas[0]: id is empty"),
        (qa(identity=1.5), "qas[0].id is a number with a fraction, expected text"),
        (qa(identity=True), "qas[0].id is true or false, expected text"),
        (qa(question=None), "qas[0].question is null, expected text"),
        (qa(start="8"), "(id q1): answers[0] has as text text and as answer_start text; expected an object with"),
        (qa(start=True), "answers[0] has as text text and as answer_start true or false"),
        (qa(text=""), "answers[0]: the text is empty; correct the row"),
        (qa(text="a\ud800"), "answers[0]: the text holds half of a surrogate pair"),
        (qa(question="a\ud800"), "question holds half of a surrogate pair"),
        (qa(is_impossible=True), "is_impossible is true, but there are 1 answers"),
        (qa(is_impossible="no"), "(id q1).is_impossible is text, expected true or false"),
        ({**qa(), "answers": []}, '(id q1) answers is []; add one, write "is_impossible": true, or set data.on_bad'),
        ({**qa(), "answers": {}}, "(id q1).answers is an object, expected a list"),
        ({**qa(), "answers": ["Babbage"]}, "answers[0] is text; expected an object with 'text'"),
        ({**qa(), "answers": [{"text": "x"}]}, "answers[0] has the keys text; expected an object"),
        ({"id": "q1", "question": "who?"}, "(id q1) lacks 'answers' (a list); it has the keys id, question"),
        ({"question": "who?", "answers": []}, "qas[0] lacks 'id' (text); it has the keys question, answers"),
        ("who?", "qas[0] is text, expected an object"),
    ],
)
def test_a_bad_row_is_named_with_place_value_and_expectation(tmp_path, row, expected):
    path = write(tmp_path, row)
    text = message(path)
    assert text.startswith("FILE: data[0].paragraphs[0].qas[0]") and expected in text
    good = write(tmp_path, row, qa("q2"), name="two.json")
    examples, bad = read_squad(good, on_bad_row="skip")
    assert [e.id for e in examples] == ["q2"] and len(bad) == 1
    told = bad.first[0].line()  # what may be done instead this reader has done already
    assert "on_bad_row" not in told and bad.summary() == f"left out 1: {next(iter(bad.counts))} (1); first: {told}"


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ([], "FILE: not the SQuAD layout: the top level is a list; expected an object whose 'data' is a list"),
        ({"rows": []}, "FILE: not the SQuAD layout: the top level has the keys rows;"),
        ({"data": [{"title": "x"}]}, "FILE: data[0] lacks 'paragraphs' (a list); it has the keys title"),
        ({"data": [3]}, "FILE: data[0] is a whole number, expected an object with 'paragraphs'"),
        ({"data": [{"paragraphs": [{"qas": []}]}]}, "FILE: data[0].paragraphs[0] lacks 'context' (text)"),
        ({"data": [{"paragraphs": [{"context": "", "qas": []}]}]}, "data[0].paragraphs[0]: context is empty"),
        ({"data": [{"paragraphs": [{"context": "x"}]}]}, "data[0].paragraphs[0] lacks 'qas' (a list)"),
        ({"data": []}, "FILE: holds no usable question"),
    ],
)
def test_another_layout_names_the_missing_key(tmp_path, document, expected):
    path = tmp_path / "train.json"
    path.write_text(json.dumps(document))
    assert expected in message(path)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b'{"data": [\n  1,,]}', "FILE: not JSON at line 2, column 5 (character 15): Expecting value"),
        (b'{"a": 1}\n{"a": 2}', "Extra data; a file with one JSON value per line must be named .jsonl"),
        (b"", "FILE: is empty; expected JSON"),
        ('{"data": "\u4e2d\u6587"}'.encode("gbk"), "not UTF-8; in gb18030 it reads '{\"data\": \"中文\"}'"),
        ('{"data": []}'.encode("utf-16"), "FILE: byte 0: UTF-16, not UTF-8; convert it with: iconv -f UTF-16 -t UTF-8"),
        (b"\x1f\x8b\x08", "FILE: byte 0: compressed with gzip"),
        (b"[" * 200_000, "FILE: nested more than 100 deep"),
        (b'{"data": ' + b"9" * 5000 + b"}", "FILE: not JSON that can be read"),
    ],
)
def test_a_file_that_is_not_json_says_where(tmp_path, content, expected):
    path = tmp_path / "train.json"
    path.write_bytes(content)
    assert expected in message(path)


def test_a_byte_order_mark_is_tolerated(tmp_path):
    path = write(tmp_path, qa())
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert len(read_squad(path)[0]) == 1


def test_a_missing_file_says_what_is_in_the_folder(tmp_path):
    write(tmp_path, qa(), name="trian.json")
    assert message(tmp_path / "train.json") == f"FILE: no such file; {tmp_path} holds trian.json"
    assert f"no such file; {tmp_path} holds trian.json" in message(tmp_path / "a/b/train.json")


def test_a_folder_gives_the_file_of_the_split(tmp_path):
    for name in ("train-v1.1.json", "dev-v1.1.json", "notes.json"):
        write(tmp_path, qa(name), name=name)
    assert read_squad(tmp_path)[0][0].id == "train-v1.1.json"
    assert read_squad(tmp_path, training=False)[0][0].id == "dev-v1.1.json"
    assert read_squad(tmp_path, split="dev")[0][0].id == "dev-v1.1.json"
    write(tmp_path, qa(), name="train-v2.0.json")
    with pytest.raises(DataError, match=r"train-v1.1.json, train-v2.0.json all fit train; give the path"):
        read_squad(tmp_path)


def test_a_folder_without_the_split_says_what_it_holds(tmp_path):
    write(tmp_path, qa(), name="DRCD_dev_part.json")
    assert find_squad_file(tmp_path, "dev").name == "DRCD_dev_part.json"
    with pytest.raises(DataError, match=r"no file for train \(train-v1.1.json, .*\); .* holds DRCD_dev_part.json"):
        find_squad_file(tmp_path, "train")


def test_all_problems_are_told_at_once_the_first_twenty_in_full(tmp_path):
    path = write(tmp_path, *[qa(f"q{i}", start=9) for i in range(22)], qa("x", question=""), qa("fine"))
    lines = message(path).split("\n")
    assert lines[0] == "FILE: 23 problems: misaligned answer (22), empty question (1)"
    assert len(lines) == 22 and "(id q19)" in lines[20] and lines[-1] == "  ... and 3 more"


def test_a_repeated_id_names_both_places(tmp_path):
    assert message(write(tmp_path, qa(), qa())) == (
        "FILE: data[0].paragraphs[0].qas[1] (id q1) is taken by data[0].paragraphs[0].qas[0]; ids must differ"
    )


def test_one_good_answer_makes_a_question_trainable(tmp_path):
    row = qa()
    row["answers"] = [{"text": "Ada", "answer_start": -1}, {"text": "Babbage", "answer_start": 8}]
    path = write(tmp_path, row)
    examples, bad = read_squad(path)
    assert examples[0].answers == (Answer("Babbage", 8),)
    assert bad.counts == {"misaligned answer": 1}


def test_evaluation_keeps_a_misaligned_answer_as_reference(tmp_path):
    examples, bad = read_squad(write(tmp_path, qa(text="Ada", start=3)), training=False)
    assert examples[0].answers == (Answer("Ada", -1),) and not bad


def test_whole_number_ids_become_text(tmp_path):
    assert read_squad(write(tmp_path, qa(identity=262)))[0][0].id == "262"


def test_unanswerable_questions_of_version_two(tmp_path):
    rows = [{"id": "a", "question": "?", "answers": [], "is_impossible": True, "plausible_answers": [1]},
            {"id": "b", "question": "?", "answers": []}]  # fmt: skip
    examples, _ = read_squad(write(tmp_path, *rows, version="v2.0"))
    assert [e.is_impossible for e in examples] == [True, True]


def test_a_file_too_large_is_refused_before_reading(tmp_path, monkeypatch):
    monkeypatch.setattr("tasklab.data.files.textfile.MAX_BYTES", 10)
    assert "more than the 10 that are read at once; split the file" in message(write(tmp_path, qa()))


@pytest.mark.skipif(not SHARED.is_dir(), reason="needs the real data sets")
@pytest.mark.parametrize(
    ("file", "questions", "usable", "left_out"),  # the first and the last as the data sets' own README counts them
    [
        ("squad_v1.1/train.json", 11877, 11877, 0),
        ("squad_v1.1/dev.json", 5609, 5609, 0),
        ("squad_v2/dev_part.json", 1160, 1160, 0),
        ("xquad/xquad.en.json", 561, 561, 0),
        ("xquad/xquad.zh.json", 561, 561, 0),
        ("covid_qa/200423_covidQA_part.json", 213, 201, 12),
        ("cmrc2018/cmrc2018_trial.json", 1002, 995, 5 + 2),
        ("cmrc2018/cmrc2018_dev_part.json", 1493, 1490, 132),
        ("drcd/DRCD_dev_part.json", 2123, 2123, 0),
    ],
)
def test_real_files_load_with_their_known_anomalies(file, questions, usable, left_out):
    examples, bad = read_squad(SHARED / file, on_bad_row="skip")
    assert (len(examples), len(bad)) == (usable, left_out)
    examples, bad = read_squad(SHARED / file, on_bad_row="skip", training=False)
    assert len(examples) + len(bad) == questions
    assert sum(e.is_impossible for e in examples) == (579 if "v2" in file else 0)
