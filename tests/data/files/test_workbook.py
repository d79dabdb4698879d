"""Excel workbooks become a CSV of what Excel shows; bombs and damage are refused in words."""

import datetime
import subprocess
import sys
import zipfile

import pytest

from tasklab.data.files import workbook
from tasklab.data.files.inputs import Inputs
from tasklab.data.files.splits import find_split
from tasklab.data.files.table import Table
from tasklab.data.files.unpacked import plain_file
from tasklab.errors import DataError, MissingDependency

openpyxl = pytest.importorskip("openpyxl")


def saved(path, *rows, **others):
    book = openpyxl.Workbook()
    book.active.title = "Data"
    for row in rows:
        book.active.append(row)
    for title, cells in others.items():
        book.create_sheet(title).append(cells)
    book.save(path)
    return path


def test_cells_are_read_as_excel_shows_them(tmp_path):
    day = datetime.datetime(2026, 1, 31)
    path = saved(
        tmp_path / "t.xlsx",
        ("text", "value"),
        ('He said "no", twice\nand left; really', 3),
        ("sum", 0.1 + 0.2), ("whole", 3.0), ("yes", True), ("day", day), ("moment", day.replace(hour=12, minute=30)),
        ("hour", datetime.time(9, 5)), ("number as text", "007"), ("nothing", None), ("naïve – 好", "x"),
    )  # fmt: skip
    found = plain_file(path)
    assert found.name == "Data.csv" and found.parent.name == "t.xlsx"
    assert [tuple(row.values()) for _, row in Table(found)] == [
        ('He said "no", twice\nand left; really', "3"), ("sum", "0.3"), ("whole", "3"), ("yes", "TRUE"),
        ("day", "2026-01-31"), ("moment", "2026-01-31 12:30:00"), ("hour", "09:05:00"), ("number as text", "007"),
        ("nothing", ""), ("naïve – 好", "x"),
    ]  # fmt: skip


def test_a_formula_is_the_value_that_excel_kept(tmp_path):
    path = saved(tmp_path / "t.xlsx", ("text", "label"), ("a", "=1+1"))
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    sheet = "xl/worksheets/sheet1.xml"
    parts[sheet] = parts[sheet].replace(b"<f>1+1</f><v />", b"<f>1+1</f><v>2</v>").replace(b"<v></v>", b"<v>2</v>")
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    assert [row["label"] for _, row in Table(plain_file(path))] == ["2"]


def test_blank_cells_at_the_right_and_blank_rows_below_are_left_out_and_blank_rows_between_stay(tmp_path):
    path = saved(tmp_path / "t.xlsx", ("a", "b", None), ("1", None, " "), (None,), ("2", "x"), (None, ""), ("",))
    assert plain_file(path).read_text() == "a,b\n1,\n,\n2,x\n".replace("\n,\n", "\n\n")


def test_other_sheets_are_named_and_a_hidden_one_is_not_the_first(tmp_path, caplog):
    path = saved(tmp_path / "t.xlsx", ("old", "older"), Tickets=("text", "label"), Notes=("n",))
    book = openpyxl.load_workbook(path)
    book.active = 1
    book["Data"].sheet_state = "hidden"
    book.save(path)
    with caplog.at_level("INFO", "tasklab"):
        assert plain_file(path).read_text() == "text,label\n"
    assert f"{path}: sheet Tickets, 1 rows; not read: Data, Notes" in caplog.text


def test_a_workbook_is_found_in_a_folder_and_among_inputs(tmp_path):
    path = saved(tmp_path / "train.xlsx", ("text", "label"), ("a", "b"))
    assert find_split(tmp_path, "train", ("train.csv",), (".csv",)).name == "Data.csv"
    assert Inputs("").file(str(path)).name == Inputs("").file(path).name == "Data.csv"
    assert Inputs("", (".txt",)).file(str(path)) is None


def test_a_header_with_semicolons_stays_one_of_commas(tmp_path):
    path = saved(tmp_path / "t.xlsx", ("text; as written; by hand", "label"), ("a", "b"))
    assert Table(plain_file(path)).columns == ["text; as written; by hand", "label"]


@pytest.mark.parametrize("content", [b"PK\x03\x04" + b"0" * 200, b"", b"text,label\na,b\n", b"\xd0\xcf\x11\xe0" * 100])
def test_what_is_no_workbook_inside_is_refused(tmp_path, content):
    (tmp_path / "t.xlsx").write_bytes(content)
    with pytest.raises(DataError, match="t.xlsx: cannot be read as an Excel workbook .*; open it and save"):
        plain_file(tmp_path / "t.xlsx")


def altered(path, part: str, old: bytes, new: bytes):
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    assert old in parts[part]
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content.replace(old, new) if name == part else content)
    return path


def test_what_unpacks_to_much_more_is_refused_before_it_is_parsed(tmp_path):
    path = saved(tmp_path / "t.xlsx", ("text",), ("a",))
    altered(path, "xl/worksheets/sheet1.xml", b"</sheetData>", b" " * (workbook.MOST + 1) + b"</sheetData>")
    assert path.stat().st_size < 1 << 20
    code = f"""
import resource; resource.setrlimit(resource.RLIMIT_DATA, (1 << 28, 1 << 28))
from pathlib import Path; from tasklab.data.files.unpacked import plain_file; plain_file(Path({str(path)!r}))"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert "DataError" in done.stderr and "unpacks to more than 256 MiB of XML; save the sheet as CSV" in done.stderr


def test_entities_and_endless_rows_are_refused(tmp_path):
    path = saved(tmp_path / "t.xlsx", ("text",), ("a",))
    altered(path, "xl/worksheets/sheet1.xml", b"<worksheet", b'<!DOCTYPE w [<!ENTITY a "aaaa">]><worksheet')
    with pytest.raises(DataError, match="sheet1.xml declares a document type, as no workbook does"):
        plain_file(path)
    path = saved(tmp_path / "u.xlsx", ("text",), ("a",))
    altered(path, "xl/worksheets/sheet1.xml", b'<row r="2"', b'<row r="99999999999"')
    with pytest.raises(DataError, match="has more than 1048576 rows or 50000000 cells; save the sheet as CSV UTF-8"):
        plain_file(path)


def test_without_openpyxl_the_two_ways_are_named(tmp_path, monkeypatch):
    path = saved(tmp_path / "t.xlsx", ("text",))
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    with pytest.raises(MissingDependency) as error:
        plain_file(path)
    told = 'an Excel workbook: pip install openpyxl (or "tasklab[excel]"), or save the sheet as CSV UTF-8'
    assert str(error.value) == f"{path}: {told}"
