"""Patterns: what is one, and how each mistake in a file is told with its line."""

import pytest

from tasklab.data.texts.prompts.pattern import FORM, Pattern, read_patterns
from tasklab.errors import DataError


def test_pieces_are_literals_and_the_field_behind_each():
    pattern = Pattern.of("这是一条{MASK}评论：{textA}。")
    assert pattern.pieces == (("这是一条", "MASK"), ("评论：", "textA"), ("。", ""))
    assert not pattern.paired and not pattern.spaced


def test_doubled_braces_are_braces_and_blanks_before_the_mask_are_known():
    pattern = Pattern.of("{{{textA}}} and {textB}: {MASK}")
    assert pattern.pieces == (("{", "textA"), ("} and ", "textB"), (": ", "MASK"))
    assert pattern.paired and pattern.spaced


@pytest.mark.parametrize(
    "text, told",
    [
        ("It was {MASK}: {textA}}", "has a brace without its other one"),
        ("It was {MASK: {textA}", "has a brace without its other one"),
        ("It was {", "has a brace without its other one"),
        ("It was {textA}", "has no {MASK}"),
        ("It was {MASK} {MASK} {textA}", "has 2 {MASK}"),
        ("It was {MASK}", "has no {textA}"),
        ("It was {MASK} {text}", "{text} is no field"),
        ("It was {MASK!r} {textA}", "{MASK} is no field"),
        ("It was {MASK:>9} {textA}", "{MASK} is no field"),
        ("{} was {MASK} {textA}", "{} is no field"),
    ],
)
def test_what_is_no_pattern_is_told_with_its_line_and_what_is_one(text, told, tmp_path):
    file = tmp_path / "prompt.txt"
    file.write_text(f"{{textA}} {{MASK}}\n\n{text}\n", encoding="utf-8")
    with pytest.raises(DataError) as error:
        read_patterns(file)
    assert str(error.value).startswith(f"{file}:3: '{text}'") and told in str(error.value)
    assert str(error.value).endswith(FORM)


def test_a_file_has_a_pattern_a_line_whatever_ends_it(tmp_path):
    file = tmp_path / "prompt.txt"
    file.write_bytes("\ufeffa {MASK} {textA}\r\n\r\n{textA} b {MASK}".encode())
    assert read_patterns(file) == ["a {MASK} {textA}", "{textA} b {MASK}"]


def test_an_empty_file_holds_no_pattern(tmp_path):
    (tmp_path / "prompt.txt").write_text("\n \n")
    with pytest.raises(DataError, match="prompt.txt: holds no pattern"):
        read_patterns(tmp_path / "prompt.txt")
