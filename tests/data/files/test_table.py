"""Table files as people have them: what loads, and the exact words for what does not."""

import tracemalloc

import pytest

from tasklab.data.files.columns import find_column
from tasklab.data.files.table import Table
from tasklab.errors import DataError


def write(folder, text: str, name="t.tsv"):
    (folder / name).write_bytes(text.encode())
    return folder / name


def rows(path, **options):
    return [(place.removeprefix(str(path)), row) for place, row in Table(path, **options)]


def message(path, **options) -> str:
    with pytest.raises(DataError) as caught:
        table = Table(path, **options)
        list(table)
        table.bad.raise_if_fatal()
    return str(caught.value).replace(str(path), "FILE")


def test_a_byte_order_mark_crlf_and_a_missing_last_newline_do_no_harm(tmp_path):
    path = write(tmp_path, "\ufefftext\tlabel\r\nA \u2028 B\t1\r\nC\t0")
    assert rows(path) == [(":2", {"text": "A \u2028 B", "label": "1"}), (":3", {"text": "C", "label": "0"})]


def test_quotes_are_plain_characters_between_tabs_and_wrap_cells_between_commas(tmp_path):
    assert rows(write(tmp_path, 'text\tlabel\n"A\t1\n'))[0][1] == {"text": '"A', "label": "1"}
    path = write(tmp_path, 'text,label\n"A, ""B""\nC",1\nD,0\n', "t.csv")
    assert rows(path) == [(":2", {"text": 'A, "B"\nC', "label": "1"}), (":4", {"text": "D", "label": "0"})]
    assert rows(write(tmp_path, 'text\tlabel\n"A\tB"\t1\n'), quotes=True)[0][1] == {"text": "A\tB", "label": "1"}


def test_an_open_quote_is_told_where_it_opens(tmp_path):
    path = write(tmp_path, 'text,label\nA,1\n"B,0\nC,1\n', "t.csv")
    assert message(path) == (
        "FILE:3: unexpected end of data; close the quote, or set data.quotes: false when quotes are plain characters"
    )


def test_semicolons_separate_a_csv_whose_header_has_them(tmp_path):
    assert rows(write(tmp_path, "text;label\nA, B;1\n", "t.csv"))[0][1] == {"text": "A, B", "label": "1"}


@pytest.mark.parametrize("line, cells", [("A", 1), ("A\t1\tB", 3), ("A\t1\t", 3)])
def test_too_few_and_too_many_tabs_are_named_with_the_line(tmp_path, line, cells):
    path = write(tmp_path, f"text\tlabel\nok\t1\n{line}\n")
    last = line.split("\t")[-1]
    assert message(path) == (
        f"FILE:3: has {cells} cells instead of 2 (text, label), the last is {last!r}; "
        "correct the line or set data.on_bad_row: skip"
    )


def test_blank_lines_are_counted_and_passed_over(tmp_path):
    table = Table(write(tmp_path, "text\tlabel\n\nA\t1\n\t\n"))
    assert [row["text"] for _, row in table] == ["A"]
    assert dict(table.bad.counts) == {"blank line": 2} and table.bad.fatal == 0


def test_named_columns_stand_for_a_header_unless_the_first_line_is_one(tmp_path):
    # CoLA: train.tsv has no header, test.tsv has one
    names = {"columns": ["source", "label", "star", "sentence"], "heading": "sentence"}
    assert rows(write(tmp_path, "gj04\t1\t\tA\n"), **names) == [
        (":1", {"source": "gj04", "label": "1", "star": "", "sentence": "A"})
    ]
    assert rows(write(tmp_path, "index\tsentence\n0\tA\n"), **names) == [(":2", {"index": "0", "sentence": "A"})]


def test_columns_that_contradict_the_header_or_themselves_are_refused(tmp_path):
    path = write(tmp_path, "source\ttarget\na\tb\n")
    with pytest.raises(DataError, match="1: the header names .*, in another order than data.columns; leave that out"):
        Table(path, ["target", "source"], "source")
    with pytest.raises(DataError, match="data.columns names source twice; give each column its own name"):
        Table(write(tmp_path, "a\tb\tc\n"), ["source", "source", "target"], "source")


def test_a_column_named_twice_is_refused(tmp_path):
    path = write(tmp_path, "text\ttext\nA\tB\n")
    assert message(path).startswith("FILE:1: the header names text twice; for a file without a header name its 2 col")


@pytest.mark.parametrize("text", ['{"a": 1}\n\n{"a": "x"}\n', '[{"a": 1}, {"a": "x"}]'])
def test_json_comes_in_lines_or_as_a_list_whatever_the_name(tmp_path, text):
    for name in ("t.json", "t.jsonl"):
        assert [row for _, row in rows(write(tmp_path, text, name))] == [{"a": 1}, {"a": "x"}]


def test_json_that_cannot_be_used_names_its_place(tmp_path):
    assert message(write(tmp_path, '{"a": 1}\n{"a": }\n', "t.jsonl")).startswith("FILE:2: not JSON at line 1, column 7")
    broken = write(tmp_path, '{"a": 1}\n{"a": \n{"a": 2}\n', "t.jsonl")
    told = "FILE:2: not JSON at line 1, column 7 (character 6): Expecting value; correct the line or set data"
    assert message(broken).startswith(told)
    assert message(write(tmp_path, '{"a": 1}\n3\n', "t.jsonl")).startswith("FILE:2: is '3', expected an object {...};")
    assert message(write(tmp_path, '[{"a": 1}, "x"]', "t.json")).startswith("FILE: [1]: is 'x', expected an object")
    assert message(write(tmp_path, "[]", "t.json")) == "FILE: holds no object"


def test_an_empty_file_says_so(tmp_path):
    assert message(write(tmp_path, " \n")) == "FILE: is empty; expected a line of column names, and rows"


def test_a_table_takes_as_much_memory_as_one_row(tmp_path):
    path = write(tmp_path, "text\tlabel\n" + ("river " * 40 + "\t1\n") * 20_000)  # 4.8 MB
    tracemalloc.start()
    assert sum(1 for _ in Table(path)) == 20_000
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 1e6


def test_a_byte_that_is_no_text_is_told_with_its_place_in_the_file(tmp_path):
    (tmp_path / "t.tsv").write_bytes("text\n日\n".encode() + b"caf\xe9\n")
    assert message(tmp_path / "t.tsv").startswith("FILE: byte 12: not UTF-8")  # 5 + 4 + 3


def test_a_cell_may_be_longer_than_any_buffer(tmp_path):
    long = "word " * 30_000  # 150,000 characters
    for name, sign in (("t.csv", ","), ("t.tsv", "\t")):
        path = write(tmp_path, f"text{sign}label\n{long}{sign}a\nshort{sign}b\n", name)
        assert [row["text"] for _, row in rows(path)] == [long, "short"]


@pytest.mark.parametrize("name", ["t.json", "t.jsonl"])
def test_the_columns_of_json_are_the_keys_of_all_objects(tmp_path, name):
    for objects in (['{"a": 1}', '{"a": 2, "b": 3}'], ['{"a": 2, "b": 3}', '{"a": 1}']):
        assert Table(write(tmp_path, "\n".join(objects), name)).columns == ["a", "b"]


@pytest.mark.parametrize("first", ["sep=;", '"sep=;"'])
def test_the_separator_that_excel_writes_above_the_header_is_taken(tmp_path, first):
    path = write(tmp_path, f"{first}\ntext;label\nA, B;1\n", "t.csv")
    assert rows(path) == [(":3", {"text": "A, B", "label": "1"})]


@pytest.mark.parametrize("name, sign", [("t.tsv", "\t"), ("t.csv", ",")])
def test_old_line_ends_are_line_ends(tmp_path, name, sign):
    path = write(tmp_path, f"text{sign}label\rA{sign}1\rB{sign}0\r", name)
    assert rows(path) == [(":2", {"text": "A", "label": "1"}), (":3", {"text": "B", "label": "0"})]


def test_messages_do_not_grow_with_the_columns(tmp_path):
    path = write(tmp_path, "\t".join(map(str, range(5000))) + "\na\n")
    assert "11 and 4988 more" in message(path) and len(message(path)) < 300


def test_commas_in_a_tsv_are_named_as_the_cause(tmp_path):
    with pytest.raises(DataError) as error:
        find_column(Table(write(tmp_path, "text_a,label\nA,1\n")), "text_a", None, ["text_a"])
    assert str(error.value).endswith(
        ":1: 'text_a,label' is one cell: commas stand between the cells of this file, not tabs; "
        "name it .csv, or put tabs between them"
    )


@pytest.mark.parametrize("name, text, told", [
    ("t.jsonl", "text,label\na,b\n", "FILE: 'text,label' is no JSON; a table must be named .csv"),
    ("t.tsv", '{"text": "a", "label": "b"}\n', """'{"text": "a", "label": "b"}' is JSON; name the file .jsonl"""),
])  # fmt: skip
def test_a_file_named_after_another_kind_is_told_so(tmp_path, name, text, told):
    with pytest.raises(DataError) as error:
        find_column(Table(write(tmp_path, text, name)), "text_a", None, ["text"])
    assert told in str(error.value).replace(str(tmp_path / name), "FILE")
