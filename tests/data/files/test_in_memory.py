"""Tables in memory of every library become the same file, called by its content; what is no table is told."""

import datetime
import hashlib
import json
import sys

import numpy as np
import pytest

from tasklab.data.files.in_memory import is_nested, table_rows
from tasklab.data.files.inputs import Inputs
from tasklab.data.files.kept import check_kept, keep_table, take_along
from tasklab.errors import ConfigError, DataError

ROWS = [{"text": "I was billed twice", "label": "billing"}, {"text": "it crashes", "label": "technical"}]


def kept(table, tmp_path):
    return keep_table(table_rows(table, "train_dataset"), tmp_path, "train_dataset")


def read(table, tmp_path):
    return [json.loads(line) for line in kept(table, tmp_path).read_text(encoding="utf-8").splitlines()]


def pandas_frame():
    return pytest.importorskip("pandas").DataFrame(ROWS)


def arrow_table():
    return pytest.importorskip("pyarrow").Table.from_pylist(ROWS)


def data_set():
    return pytest.importorskip("datasets").Dataset.from_list(ROWS)


class Polars:
    """As much of a DataFrame of polars as is asked of it."""

    def to_dicts(self):
        return [dict(row) for row in ROWS]


KINDS = {
    "pandas": pandas_frame, "pyarrow": arrow_table, "datasets": data_set,
    "streamed": lambda: data_set().to_iterable_dataset(), "polars": Polars, "list": lambda: ROWS,
    "generator": lambda: (row for row in ROWS),
    "columns": lambda: {"text": [row["text"] for row in ROWS], "label": np.array([row["label"] for row in ROWS])},
}  # fmt: skip


@pytest.mark.parametrize("make", KINDS.values(), ids=KINDS)
def test_equal_rows_are_one_file_whatever_holds_them(make, tmp_path):
    lines = "".join(json.dumps(row) + "\n" for row in ROWS)
    file = kept(make(), tmp_path)
    assert file.name == f"table-{hashlib.sha256(lines.encode()).hexdigest()[:16]}.jsonl"
    assert file.read_text() == lines and [path.name for path in tmp_path.iterdir()] == [file.name]


def test_no_library_is_imported_for_plain_rows(tmp_path, monkeypatch):
    for name in ("pandas", "datasets", "pyarrow", "polars"):
        monkeypatch.setitem(sys.modules, name, None)
    assert read(ROWS, tmp_path) == ROWS


def test_numbers_of_classes_get_their_names(tmp_path):
    datasets = pytest.importorskip("datasets")
    tag = datasets.ClassLabel(names=["O", "B-PER"])
    words = datasets.Sequence(datasets.Value("string"))
    kinds = {"tokens": words, "ner_tags": datasets.Sequence(tag), "label": tag}
    table = datasets.Dataset.from_dict(
        {"tokens": [["Anna", "sings"]], "ner_tags": [[1, 0]], "label": [-1]}, features=datasets.Features(kinds)
    )
    assert read(table, tmp_path) == [{"tokens": ["Anna", "sings"], "ner_tags": ["B-PER", "O"], "label": None}]


def test_values_of_pandas_and_numpy_are_json(tmp_path):
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame(
        {
            "text": ["a", None], "n": [1.0, np.nan], "when": pd.to_datetime(["2020-01-02", None]),
            5: [np.arange(2), (1,)], "kind": pd.Categorical(["x", "y"]), "whole": pd.array([1, None], dtype="Int64"),
        },
        index=pd.Index([7, 9], name="id"),
    )  # fmt: skip
    assert read(frame, tmp_path) == [
        {"id": 7, "text": "a", "n": 1.0, "when": "2020-01-02T00:00:00", "5": [0, 1], "kind": "x", "whole": 1},
        {"id": 9, "text": None, "n": None, "when": None, "5": [1], "kind": "y", "whole": None},
    ]


def test_values_of_plain_rows_are_json(tmp_path):
    row = {"a": np.float32(0.5), "b": np.int64(3), "d": datetime.date(2020, 1, 2), "e": {1: [np.nan]}}
    assert read([row], tmp_path) == [{"a": 0.5, "b": 3, "d": "2020-01-02", "e": {"1": [None]}}]
    row = {"a": np.bool_(True), "s": np.str_("x"), "b": np.datetime64("2020-01-02"), "c": np.timedelta64("nat")}
    assert read([row], tmp_path) == [{"a": True, "s": "x", "b": "2020-01-02", "c": None}]


@pytest.mark.parametrize(
    "table, place",
    [
        ([{"text": "a"}, {"text": object()}], "train_dataset: row 1, column 'text': is object"),
        ([{"x": [1, {2}]}], "row 0, column 'x': is set"),
        ([{"x": float("inf")}], "row 0, column 'x': is inf, which is no number of JSON"),
        ([{1: "a", "1": "b"}], "row 0: two columns are called '1'"),
        ([], "train_dataset: holds no row"),
        ({"text": []}, "train_dataset: holds no row"),
    ],
)
def test_what_a_file_of_rows_cannot_hold_is_told_with_row_and_column(table, place, tmp_path):
    with pytest.raises(DataError) as told:
        kept(table, tmp_path)
    assert place in str(told.value) and not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "table, said",
    [
        (5, "train_dataset is 5; expected a file or folder, a pandas"),
        ((text for text in ["a", "b"]), "train_dataset[0] is str ('a'), where a dict is expected"),
        ([{"text": "a"}, 3], "train_dataset[1] is int (3)"),
        ((["a"], ["b"]), "train_dataset[0] is list (['a'])"),
        ({"text": "a"}, "train_dataset['text'] is 'a', where a list is expected"),
        ({"a": [1], "b": [1, 2]}, "its columns have different lengths (a 1, b 2)"),
    ],
)
def test_what_is_no_table_is_refused_with_what_is(table, said, tmp_path):
    with pytest.raises(ConfigError) as told:
        kept(table, tmp_path)
    assert said in str(told.value)


def test_a_column_that_comes_twice_and_a_dict_of_splits_are_refused(tmp_path):
    with pytest.raises(DataError, match="two columns are called 'a'"):
        kept(pytest.importorskip("pandas").DataFrame([[1, 2]], columns=["a", "a"]), tmp_path)
    with pytest.raises(ConfigError, match=r"several tables, train; pass one, such as \['train'\]"):
        kept({"train": data_set()}, tmp_path)


def test_nested_objects_are_the_json_file_that_holds_them(tmp_path):
    articles = [{"title": "t", "paragraphs": []}]
    documents = [[["a line"], [{"question": "q", "choice": ["a"], "answer": "a"}], "id"]]
    squad = {"data": articles}
    for table, wanted in ((articles, squad), (squad, squad), (documents, documents)):
        file = kept(table, tmp_path)
        assert file.suffix == ".json" and json.loads(file.read_text()) == wanted
    assert is_nested(articles) and is_nested(documents) and not is_nested(ROWS) and not is_nested(["a text"])


def test_rows_of_a_frame_are_the_inputs_of_predict():
    items = list(Inputs("text").items(pandas_frame()))
    assert items == [("input[0]", ROWS[0]), ("input[1]", ROWS[1])]


def test_a_copy_goes_along_and_a_change_is_noticed(tmp_path):
    file = kept(ROWS, tmp_path / "cache")
    assert take_along(str(file), tmp_path / "run") == file.name and take_along("train.tsv", tmp_path) is None
    copy = tmp_path / "run" / file.name
    check_kept(copy)
    copy.write_text(copy.read_text().replace("twice", "thrice"))
    with pytest.raises(DataError, match="was changed since it was kept"):
        check_kept(copy)


def test_names_of_files_among_texts_are_refused(tmp_path):
    assert read(["one", "two\nlines"], tmp_path) == [{"text": "one"}, {"text": "two\nlines"}]
    (tmp_path / "a.txt").write_text("text")
    with pytest.raises(ConfigError, match=r"train_dataset\[1\] is '.*a.txt', the name of a file; give one file"):
        kept(["one", str(tmp_path / "a.txt")], tmp_path)
