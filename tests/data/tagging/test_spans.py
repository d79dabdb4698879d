"""Spans of characters as entities of tokens: cuts, borders, faults, and what other programs count."""

import json

import pytest

from tasklab.data.tagging.examples import CHARACTERS, split_text
from tasklab.data.tagging.reading import TaggingDataConfig, read_tagged, usable_sentences
from tasklab.errors import DataError


def read(tmp_path, *items, **settings):
    path = tmp_path / "t.jsonl"
    path.write_text("".join(json.dumps(item) + "\n" for item in items), encoding="utf-8")
    data = TaggingDataConfig()
    for name, value in settings.items():
        data[name] = value
    return usable_sentences(path, data)


def of(text, *spans):
    return {"text": text, "label": list(spans)}


def tokens(example):
    return [example.text[a:b] for a, b in example.tokens]


def test_a_word_is_cut_where_a_span_begins_or_ends_and_nowhere_else(tmp_path):
    file = read(tmp_path, of("preMunichbased firms.", [3, 9, "LOC"]), of("Munichbased firms", [12, 17, "X"]))
    assert [tokens(e) for e in file.examples] == [["pre", "Munich", "based", "firms", "."], ["Munichbased", "firms"]]
    assert [e.entities for e in file.examples] == [(("LOC", 1, 1),), (("X", 1, 1),)]
    told = "words cut where a span begins or ends inside them: 1; first: "
    assert f"{told}{file.bad.file}:1: 'preMunichbased' into 'pre' 'Munich' 'based'" in file.note


def test_spans_that_touch_inside_a_word_cut_it_once(tmp_path):
    (example,) = read(tmp_path, of("ab cdef", [0, 2, "A"], [3, 5, "B"], [5, 7, "C"])).examples
    assert tokens(example) == ["ab", "cd", "ef"] and example.entities == (("A", 0, 0), ("B", 1, 1), ("C", 2, 2))


def test_chinese_texts_are_cut_into_characters_as_in_prediction(tmp_path):
    text = "我在北京的大学学习中文,很好 2024"
    (example,) = read(tmp_path, of(text, [2, 4, "LOC"])).examples
    assert example.text == text and example.entities == (("LOC", 2, 3),)
    file = read(tmp_path, of(text * 3, [2, 4, "LOC"]))
    assert file.units == CHARACTERS and file.examples[0].tokens == split_text(text * 3, CHARACTERS)


def test_blank_edges_are_left_out_and_equal_spans_count_once(tmp_path):
    file = read(tmp_path, of("to  Oslo  now", [2, 10, "LOC"], [4, 8, "LOC"], [4, 8, "LOC"]))
    assert file.examples[0].entities == (("LOC", 1, 1),)
    assert "spans with blanks at an edge, which are left out of them: 1" in file.note
    assert "spans that are there twice and count once: 2" in file.note


@pytest.mark.parametrize(
    "text, spans, told",
    [
        ("Ann Lee", [[0, 7, "PER"], [4, 7, "LOC"]], "PER 0-7 'Ann Lee' and LOC 4-7 'Lee' overlap; a token can have"),
        ("Ann Lee", [[4, 7, "LOC"], [0, 5, "PER"]], "PER 0-5 'Ann L' and LOC 4-7 'Lee' overlap"),
        ("Oslo", [[0, 4, "LOC"], [0, 4, "ORG"]], "LOC 0-4 'Oslo' and ORG 0-4 'Oslo' overlap"),
        ("Oslo", [[0, 5, "LOC"]], "LOC from 0 to 5, but the text has 4 characters; correct the line"),
        ("Ôslo", [[0, 5, "LOC"]], "LOC from 0 to 5, but the text has 4 characters; are these bytes, or UTF-16 units?"),
        ("Oslo", [[-4, 4, "LOC"]], "LOC from -4 to 4, but the text has 4"),
        ("Oslo", [[2, 2, "LOC"]], "LOC from 2 to 2 holds no character"),
        ("Oslo", [[4, 0, "LOC"]], "LOC from 4 to 0 holds no character"),
        ("a b", [[1, 2, "LOC"]], "LOC from 1 to 2 holds blanks alone"),
        ("Oslo", [[0, True, "LOC"]], "the span \"[0, True, 'LOC']\" is not where two characters are; expected [start,"),
        ("Oslo", [[0, 4]], "the span '[0, 4]' is not where two"),
        ("Oslo", [[0, 4, None]], "the span 0 to 4 has no type, expected its name"),
        ("Oslo", [[0, 4, " "]], "the span 0 to 4 has the type ' ', expected its name"),
        ("Oslo", [[0, 4, "\ud800"]], "the span 0 to 4 has the type '\\ud800', expected its name"),
    ],
)
def test_a_faulty_span_is_a_bad_row_with_its_place(text, spans, told, tmp_path):
    with pytest.raises(DataError) as error:
        read(tmp_path, of("a", [0, 1, "LOC"]), of(text, *spans))
        read_tagged(tmp_path / "t.jsonl", TaggingDataConfig())
    assert str(error.value).startswith(f"{tmp_path / 't.jsonl'}:2: {told}")
    file = read(tmp_path, of("a", [0, 1, "LOC"]), of(text, *spans))
    assert [e.text for e in file.examples] == ["a"] and file.bad.fatal == 1


def test_a_type_that_the_model_lacks_is_refused_at_its_text(tmp_path):
    read(tmp_path, of("in Oslo", [3, 7, "LOK"]))
    with pytest.raises(DataError, match=":1: the type 'LOK' is none of the model's: LOC; did you mean 'LOC'"):
        read_tagged(tmp_path / "t.jsonl", TaggingDataConfig(), ["LOC"])


def quoting(text, start, end, words):
    return {"text": text, "entities": [{"start": start, "end": end, "label": "LOC", "text": words}]}


@pytest.mark.parametrize(
    "text, start, end, told",
    [
        ("\U0001f600 in Oslo", 6, 10, "offsets that count UTF-16 units"),  # the face counts 2: 2 + " in " is 6
        ("Æ in Oslo", 6, 10, "offsets that count bytes of UTF-8"),  # Æ is 2 bytes
        ("a\r\nb Oslo", 4, 8, "offsets that count line ends of two characters as one"),
    ],
)
def test_what_other_programs_count_is_seen_by_the_words_that_they_quote(text, start, end, told, tmp_path):
    file = read(tmp_path, quoting(text, start, end, "Oslo"))
    (example,) = file.examples
    (_, first, last) = example.entities[0]
    assert text[example.tokens[first][0] : example.tokens[last][1]] == "Oslo" and told in file.note


def test_words_that_stand_nowhere_near_are_a_bad_row(tmp_path):
    file = read(tmp_path, quoting("in Oslo \U0001f600", 2, 6, "Oslo"))
    message = f"{file.bad.file}:1: LOC 'Oslo' is said to be characters 2 to 6, where ' Osl' is"
    assert file.bad.first == [(message, "correct the line")]


def test_line_ends_inside_quoted_words_do_not_matter(tmp_path):
    assert not read(tmp_path, quoting("New\nYork", 0, 8, "New York"), quoting("New\nYork", 0, 8, "New\\nYork")).bad


def test_long_texts_of_several_lines_stay_one_text(tmp_path):
    text = "One line.\n\nAnother in Oslo.\n"
    (example,) = read(tmp_path, of(text, [22, 26, "LOC"])).examples
    assert example.text == text and tokens(example)[5] == "Oslo" and example.entities == (("LOC", 5, 5),)


def test_ten_thousand_spans_of_one_text_are_read_at_once(tmp_path):
    file = read(tmp_path, of("ab " * 10_000, *([3 * i, 3 * i + 1, "X"] for i in range(10_000))))
    (example,) = file.examples
    assert len(example.tokens) == 20_000 and example.entities[-1] == ("X", 19_998, 19_998)
