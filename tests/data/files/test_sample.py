"""How a file begins: its first value, its columns, and which file of a folder is looked at."""

import json

import pytest

from tasklab.data.files.sample import HEAD, sample_of
from tasklab.errors import DataError


def write(path, text):
    path.write_text(text, encoding="utf-8")
    return sample_of(path)


def test_the_first_value_of_json_is_read_however_it_is_laid_out(tmp_path):
    for text in ('[\n {"a": 1}, {"b": 2}]', '{"a": 1}\n{"b": 2}', '{"a":\n 1}', '\ufeff[{"a": 1}'):
        sample = write(tmp_path / "t.json", text)
        assert sample.first == {"a": 1} and sample.columns[0] == "a"
    assert write(tmp_path / "t.json", '[[["a line"], []]]').first == [["a line"], []]
    assert write(tmp_path / "t.json", '{"a": ').first is None
    assert write(tmp_path / "t.txt", '{"a": 1}').first is None  # JSON is known by its name


def test_a_value_longer_than_the_head_is_read_whole(tmp_path):
    value = {"data": "x" * HEAD, "version": "1.1"}
    assert write(tmp_path / "t.json", json.dumps(value)).columns == ("data", "version")


def test_the_head_ends_with_a_line_and_names_its_columns(tmp_path):
    sample = write(tmp_path / "t.csv", "text,label\n" + "龙,a\n" * HEAD)
    assert sample.columns == ("text", "label") and sample.text.endswith("龙,a") and len(sample.text) < HEAD


def test_of_a_folder_the_training_file_is_looked_at(tmp_path):
    for name in (".hidden", "dev.tsv", "label2id.json", "set_train_1.tsv"):
        (tmp_path / name).write_text("a\tb\n")
    assert sample_of(tmp_path).file.name == "set_train_1.tsv"
    (tmp_path / "set_train_1.tsv").unlink()
    assert sample_of(tmp_path).file.name == "dev.tsv"
    (tmp_path / "none").mkdir()
    with pytest.raises(DataError, match="none: holds no file; .*none holds nothing"):
        sample_of(tmp_path / "none")


@pytest.mark.parametrize("text", ['{"a": 1}\n{"b": 2, "a": 3}\n{"c', '[{"a": 1}, {"b": 2, "a": 3}, {"c'])
def test_the_columns_are_the_keys_of_all_objects_in_the_head(tmp_path, text):
    (tmp_path / "t.json").write_text(text)
    assert sample_of(tmp_path / "t.json").columns == ("a", "b")
