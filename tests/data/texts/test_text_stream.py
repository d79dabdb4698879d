"""Files of texts that are read as they are needed."""

import pytest

from tasklab.data.texts.settings import TextDataConfig
from tasklab.data.texts.stream import TextFile
from tasklab.errors import DataError


def read(path, **settings):
    data = TextDataConfig()
    for key, value in settings.items():
        data[key] = value
    return TextFile(path, data)


def texts(file):
    return [(e.id, e.text_a, e.text_b) for e in file]


def test_lines_of_a_text_file_are_texts_or_pairs_as_often_as_they_are_asked_for(tmp_path):
    (tmp_path / "a.txt").write_text("\ufeffA \u2028 B\r\nC")
    (tmp_path / "b.txt").write_text("A\tB\nC\tD\n")
    file = read(tmp_path / "a.txt")
    assert file.count == 2 and texts(file) == texts(file) == [("0", "A \u2028 B", None), ("1", "C", None)]
    assert texts(read(tmp_path / "b.txt")) == [("0", "A", "B"), ("1", "C", "D")]


@pytest.mark.parametrize(
    "name, text",
    [("t.tsv", "id\tsentence1\tsentence2\n7\tA\tB\n"), ("t.csv", 'sentence1,sentence2\n"A",B\n'),
     ("t.jsonl", '{"sentence1": "A", "sentence2": "B"}\n'), ("t.json", '[{"sentence1": "A", "sentence2": "B"}]')],
)  # fmt: skip
def test_columns_of_tables_are_found_or_named(name, text, tmp_path):
    (tmp_path / name).write_text(text)
    identity = "7" if text.startswith("id") else "0"
    assert texts(read(tmp_path / name)) == [(identity, "A", "B")]
    assert texts(read(tmp_path / name, text_a="sentence2")) == [(identity, "B", None)]


def test_every_bad_row_is_told_before_the_first_text(tmp_path):
    (tmp_path / "a.txt").write_text("A\n\nB\n \nC\n\n")
    with pytest.raises(DataError) as refused:
        read(tmp_path / "a.txt")
    assert "2 problems: empty text (2)" in str(refused.value)
    assert "a.txt:2: empty text; correct the line or set data.on_bad_row: skip" in str(refused.value)
    file = read(tmp_path / "a.txt", on_bad_row="skip")
    assert file.count == 3 and "left out 2: empty text (2)" in file.bad.summary()
    (tmp_path / "b.jsonl").write_text('{"text": "A"}\n{"text": null}\n{"text": "\\ud800"}\n')
    with pytest.raises(DataError, match=r"no text \(1\), broken text \(1\)"):
        read(tmp_path / "b.jsonl")


def test_single_texts_among_pairs_and_files_without_any_are_refused(tmp_path):
    (tmp_path / "a.txt").write_text("A\tB\nC\n")
    with pytest.raises(DataError, match="a.txt:2: has 1 texts, the rows before it 2; give all rows as many"):
        read(tmp_path / "a.txt")
    (tmp_path / "b.txt").write_text("")
    with pytest.raises(DataError, match="b.txt: holds no usable row"):
        read(tmp_path / "b.txt")
