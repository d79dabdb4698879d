"""The file of a split in a folder, packed or not."""

import gzip

import pytest

from tasklab.data.choices.reading import ChoiceDataConfig, usable_questions
from tasklab.data.files.splits import find_split
from tasklab.errors import DataError

NAMES, SUFFIXES = ("train.tsv", "train.jsonl"), (".tsv", ".jsonl")


def lay(folder, **contents):
    for name, text in contents.items():
        name = name.replace("_", ".")
        (folder / name).write_bytes(gzip.compress(text.encode()) if name.endswith(".gz") else text.encode())


@pytest.mark.parametrize("name", ["train_tsv_gz", "train_jsonl_gz", "my-train_tsv_gz"])
def test_a_packed_file_of_the_split_is_found_and_unpacked(tmp_path, name):
    lay(tmp_path, **{name: "a\tb\n", "dev_tsv": "c\n"})
    found = find_split(tmp_path, "train", NAMES, SUFFIXES)
    assert (found.name, found.read_text()) == (name.replace("_", ".").removesuffix(".gz"), "a\tb\n")


def test_a_usual_name_counts_before_others_whether_packed_or_not(tmp_path):
    lay(tmp_path, **{"train_tsv_gz": "a\n", "old-train_tsv": "b\n"})
    assert find_split(tmp_path, "train", NAMES, SUFFIXES).read_text() == "a\n"


@pytest.mark.parametrize("name", ["train_tsv", "my-train_tsv"])
def test_of_a_file_that_lies_there_packed_as_well_the_plain_one_is_taken(tmp_path, name):
    lay(tmp_path, **{name: "plain\n", name + "_gz": "packed\n"})
    assert find_split(tmp_path, "train", NAMES, SUFFIXES).read_text() == "plain\n"


def test_two_files_of_a_split_are_named(tmp_path):
    lay(tmp_path, **{"a-train_tsv": "1\n", "b-train_tsv_gz": "2\n"})
    with pytest.raises(DataError, match="a-train.tsv, b-train.tsv.gz all fit train"):
        find_split(tmp_path, "train", NAMES, SUFFIXES)


def test_both_parts_of_a_data_set_of_choices_may_be_packed(tmp_path):
    row = '[[["a text"], [{"question": "who?", "choice": ["a", "b"], "answer": "a"}], "1"]]'
    lay(tmp_path, **{"c3-d-train_json_gz": row, "c3-m-train_json": row.replace('"1"', '"2"')})
    assert [len(file.examples) for file in usable_questions(tmp_path, ChoiceDataConfig(), True)] == [1, 1]
