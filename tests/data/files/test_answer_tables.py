"""Answers as CSV and Parquet, on the standard output and in pipes; the cells by hand."""

import json
import os
import subprocess
import sys
import threading

import numpy as np
import pytest

from tasklab.data.files.answer_tables import answer_rows, with_input
from tasklab.data.files.answers import AnswerFile
from tasklab.errors import MissingDependency

ENTITIES = [
    {"id": "0", "text": "Ann in Rome", "answers": [{"word": "Ann", "start": 0}, {"word": "Rome", "start": 7}]},
    {"id": "1", "text": "Nobody", "answers": []},
]
CSV_OF_ENTITIES = "id,text,word,start\n0,Ann in Rome,Ann,0\n0,Ann in Rome,Rome,7\n1,Nobody,,\n"


def written(path, parts, *layout) -> str:
    AnswerFile(path, *layout).write(parts)
    return path.read_text(encoding="utf-8")


def test_a_csv_has_a_row_per_answer_with_what_was_asked(tmp_path):
    answers = [{"id": "a", "text": 'He said "no",\nand left', "label": "x"}, {"id": "b", "text": "好", "label": "y"}]
    assert written(tmp_path / "a.csv", [answers[:1], answers[1:]]) == (
        'id,text,label\na,"He said ""no"",\nand left",x\nb,好,y\n'
    )
    assert written(tmp_path / "e.csv", [ENTITIES], "spans") == CSV_OF_ENTITIES


def test_several_answers_of_an_input_are_ranked_and_objects_become_columns(tmp_path):
    best = [[{"label": "x", "score": 0.75}, {"label": "y", "score": 0.25}]]
    assert written(tmp_path / "a.csv", [best], "answers", True) == "rank,label,score\n1,x,0.75\n2,y,0.25\n"
    # two masks in a text, the two best words for each: a row per rank and mask
    masks = [with_input({"id": "0"}, [[{"token": "a"}, {"token": "b"}], [{"token": "c"}, {"token": "d"}]])]
    assert [tuple(row.values()) for row in answer_rows(masks, ranked=True)] == [
        ("0", 1, "a"), ("0", 1, "b"), ("0", 2, "c"), ("0", 2, "d")
    ]  # fmt: skip
    mixed = [{"film": {"label": "good", "prob": [0.25, 0.75]}, "book": {"label": "x"}}]
    assert written(tmp_path / "m.csv", [mixed]) == "film.label,film.prob,book.label\ngood,0.25 0.75,x\n"
    assert written(tmp_path / "l.csv", [[{"label": ["a,b", "c"]}]]) == 'label\n"[""a,b"", ""c""]"\n'


def test_parquet_keeps_lists_and_numbers(tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet")
    answers = [{"id": "0", "label": "x", "prob": [0.25, 0.75]}, {"id": "1", "label": "y", "prob": [0.5, 0.5]}]
    AnswerFile(tmp_path / "a.parquet").write([answers])
    assert parquet.read_table(tmp_path / "a.parquet").to_pylist() == answers
    AnswerFile(tmp_path / "e.parquet", "spans").write([ENTITIES])
    assert parquet.read_table(tmp_path / "e.parquet").column("word").to_pylist() == ["Ann", "Rome", None]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.parquet", "e.parquet"]


def test_parquet_without_its_library_is_refused_before_the_work(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(MissingDependency, match='a.parquet: writing it needs pyarrow: pip install "tasklab'):
        AnswerFile(tmp_path / "a.parquet")


def test_vectors_in_a_table_are_cells_of_numbers(tmp_path):
    vectors = np.array([[0.1, -2.0], [0.5, 0.0]], np.float32)  # 0.1 as the nine digits of its float32
    assert written(tmp_path / "v.csv", iter([vectors[:1], vectors[1:]]), "vectors") == (
        "vector\n0.100000001 -2.0\n0.5 0.0\n"
    )
    assert with_input({"id": "7"}, vectors[1]) == {"id": "7", "vector": [0.5, 0.0]}


def test_the_standard_output_takes_json_lines_in_any_encoding(capsys):
    AnswerFile("-").write([[{"label": "好"}], [{"label": "b"}]])
    assert capsys.readouterr().out == '{"label": "好"}\n{"label": "b"}\n'
    code = "from tasklab.data.files.answers import AnswerFile; AnswerFile('-').write([[{'label': '好😀'}]])"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, env={**os.environ, "PYTHONIOENCODING": "ascii"}
    )
    assert json.loads(done.stdout) == {"label": "好😀"} and done.stdout.isascii()


@pytest.mark.parametrize("name, expected", [("pipe", '{"label": "a"}\n'), ("pipe.csv", "label\na\n")])
def test_a_pipe_is_written_to_and_stays_one(tmp_path, name, expected):
    os.mkfifo(tmp_path / name)
    read = []
    reader = threading.Thread(target=lambda: read.append((tmp_path / name).read_text()))
    reader.start()
    AnswerFile(tmp_path / name).write([[{"label": "a"}]])
    reader.join(timeout=10)
    assert read == [expected] and (tmp_path / name).is_fifo()
