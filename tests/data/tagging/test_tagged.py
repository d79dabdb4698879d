"""Tagged sentences from files: every layout, every quirk of the real ones, every bad row with its place."""

import json
from pathlib import Path

import pytest

from tasklab.data.tagging.examples import CHARACTERS, WORDS, split_text
from tasklab.data.tagging.input import tagged_examples_from_input
from tasklab.data.tagging.json_files import json_items
from tasklab.data.tagging.reading import TaggingDataConfig, read_tagged
from tasklab.errors import DataError

NESTED = {"text": "在银行工作", "label": {"company": {"银行": [[1, 2]]}, "place": {"银行工": [[1, 3]]}}}


def write(folder, text, name="train.txt"):
    (folder / name).write_text(text, encoding="utf-8")
    return folder / name


def read(path, kinds=(), labelled=True, **settings):
    data = TaggingDataConfig()
    for name, value in settings.items():
        data[name] = value
    return read_tagged(path, data, kinds, labelled=labelled)


def found(file):
    """Text and named entities of each sentence."""
    return [
        (e.text, [(kind, e.text[e.tokens[a][0] : e.tokens[b][1]]) for kind, a, b in e.entities]) for e in file.examples
    ]


def message(path, kinds=(), **settings) -> str:
    with pytest.raises(DataError) as error:
        read(path, kinds, **settings)
    return str(error.value).replace(str(path), "FILE")


def test_a_token_per_line_whatever_stands_between_the_columns(tmp_path):
    for between in ("\t", " ", "  "):
        path = write(tmp_path, f"I{between}O\nlive{between}O\nNew{between}B-LOC\nYork{between}I-LOC\n")
        file = read(path)
        assert found(file) == [("I live New York", [("LOC", "New York")])]
        assert (file.units, file.scheme, file.note) == (WORDS, "bio", "")


def test_sentence_ends_may_hold_a_tab_and_the_last_one_may_be_missing(tmp_path):
    file = read(write(tmp_path, "\nAnna\tB-PER\r\n\t\nlives\tO\n\n\nBen\tB-PER"))
    assert found(file) == [("Anna", [("PER", "Anna")]), ("lives", []), ("Ben", [("PER", "Ben")])]


def test_the_tag_is_the_last_of_many_columns_and_documents_begin_with_a_line_of_their_own(tmp_path):
    file = read(write(tmp_path, "-DOCSTART- -X- -X- O\n\nOslo NNP B-NP B-LOC\nsleeps VB B-VP O\n"))
    assert found(file) == [("Oslo sleeps", [("LOC", "Oslo")])]


def test_uer_has_a_sentence_per_line_in_columns_of_any_order(tmp_path):
    table = "label\ttext_a\nB-LOC I-LOC O\t北 京 大\nO O \t很 好 \n"
    assert found(read(write(tmp_path, table, "train.tsv"))) == [("北京大", [("LOC", "北京")]), ("很好", [])]


@pytest.mark.parametrize("indent", [None, 2])
def test_cluener_s_objects_follow_each_other_in_one_line_or_in_many(tmp_path, indent):
    items = [{"text": "我在 New York", "label": {"place": {"New York": [[3, 10]]}}}, {"text": "好", "label": {}}]
    lines = "\n".join(json.dumps(item, ensure_ascii=False, indent=indent) for item in items)
    assert found(read(write(tmp_path, lines, "t.json"))) == [("我在 New York", [("place", "New York")]), ("好", [])]
    listed = json.dumps(items, indent=indent)
    assert len(read(write(tmp_path, listed, "t.json")).examples) == 2


def test_lists_of_tokens_and_tags_are_read_too(tmp_path):
    path = write(tmp_path, '{"tokens": ["in", "Oslo"], "ner_tags": ["O", "S-LOC"]}\n', "t.jsonl")
    assert found(read(path)) == [("in Oslo", [("LOC", "Oslo")])] and read(path).scheme == "bios"


def test_of_nested_entities_the_outer_one_stays_and_that_is_told(tmp_path):
    file = read(write(tmp_path, json.dumps(NESTED), "t.json"))
    assert found(file) == [("在银行工作", [("place", "银行工")])]
    assert "left out 1: nested entity (1)" in file.note and "t.json:1: company '银行' overlaps another" in file.note


def test_positions_behind_the_characters_are_taken_off(tmp_path):
    # 12 letters make a position of two digits; the 9 of 2019 is not one
    tokens = ["科0", "技1", *(f"{c}{i}" for i, c in enumerate("abcdefghijkl")), "20", "01", "12", "93"]
    file = read(write(tmp_path, "".join(f"{token}\tO\n" for token in tokens)))
    assert file.examples[0].text == "科技abcdefghijkl2019" and file.units == CHARACTERS
    assert "position in the word" in file.note
    assert read(write(tmp_path, "a1\tO\nb\tO\n")).examples[0].text == "a1 b"
    digits = "9" * 5000  # more than Python turns into a number
    assert read(write(tmp_path, f"a{digits}\tO\n")).examples[0].text == f"a{digits}"


def test_tokens_are_joined_as_people_write(tmp_path):
    for tokens, text in (("New York 的 天气", "New York的天气"), ("a 5 %", "a 5 %")):
        path = write(tmp_path, "".join(f"{token} O\n" for token in tokens.split()))
        assert read(path, units=WORDS).examples[0].text == text
    assert read(path, units=CHARACTERS).examples[0].text == "a5%"


@pytest.mark.parametrize(
    "text, told",
    [
        ("a\tO\nb\tI-PER\n", "FILE:2: I-PER after O continues no PER; correct the line, set data.repair_tags: true"),
        ("a\tO\n\nb\tI-PER\n", "FILE:3: I-PER at the start of a sentence continues no PER"),
        ("a\tB-LOC\nb\tI-PER\n", "FILE:2: I-PER after B-LOC continues no PER"),
        ("a\tO\nb\tPER\n", "FILE:2: the tag 'PER' is none; expected O, or B-, I-, M-, E-, S-, L- or U- with a type"),
        ("a\tO\nb\tx\tO\n", "FILE:2: 'b\\tx\\tO' has 3 columns and the first line 2; correct the line or set"),
        ("a\tO\n\tO\n", "FILE:2: '\\tO' has no token"),
        ("a\nb\n", "FILE:1: 'a' is one column; expected a token, a tab or blank, and its tag; or a header line"),
        ("text_a\tlabel\na b\tO\n", "FILE:2: has 2 tokens and 1 tags"),
        ("text_a\tlabel\na  b\tO O\n", "FILE:2: two blanks stand together behind token 1"),
        ("text_a\tlabel\na\tO\tO\n", "FILE:2: has 3 cells instead of 2"),
        ("text_a\tlabels\na\tO\n", "FILE:1: the header names text_a, labels; a column 'label' with"),
        ("text_a\tlabel\na b\tO I-PER\n", "FILE:2: token 2: I-PER after O continues no PER"),
    ],
)
def test_a_bad_row_is_named(tmp_path, text, told):
    assert message(write(tmp_path, text)).startswith(told)


@pytest.mark.parametrize(
    "text, told",
    [
        ('{"text": "ab", "label": {"x": {"b": [[0, 0]]}}}', "x 'b' is said to be characters 0 to 0, where 'a' stands"),
        ('{"text": "ab", "label": {"x": {"": [[1, 0]]}}}', "x '' is said to be characters 1 to 0"),
        ('{"text": "ab", "label": ["x"]}', "label is \"['x']\", expected"),
        ('{"text": "ab"}', "has text alone, expected"),
        ('{"text": ""}', "text is '', expected"),
        ("3", "is '3', expected"),
        ('{"tokens": ["a", ""], "tags": ["O", "O"]}', "tokens is "),
        ('{"tokens": ["a"], "ner_tags": [0]}', "token 1: the tag 0 is a number without a name; name them all"),
        ('{"tokens": ["a"], "ner_tags": [-1]}', "has 1 tokens and the tags '[-1]', expected one name each"),
    ],
)
def test_a_bad_object_is_named_by_its_line(tmp_path, text, told):
    assert message(write(tmp_path, '{"text": "a",\n "label": {}}\n' + text, "t.json")).startswith(f"FILE:3: {told}")


def test_broken_json_is_named_by_line_and_column(tmp_path):
    assert message(write(tmp_path, '{"text": "a", "label": {}}\n{"text" 1}', "t.json")).startswith(
        "FILE: not JSON at line 2, column 9"
    )


def test_bad_sentences_are_left_out_and_counted_on_demand_and_tags_repaired(tmp_path):
    path = write(tmp_path, "a\tI-PER\nb\tI-PER\n\nc\tB-PER\n\nd\tO\tO\ne\tO\n\nf\tO\n")
    skipped = read(path, on_bad_row="skip")
    assert found(skipped) == [("c", [("PER", "c")]), ("f", [])]
    assert "left out 2: wrong columns (1), tag that continues nothing (1)" in skipped.note
    repaired = read(path, on_bad_row="skip", repair_tags=True)
    assert found(repaired)[0] == ("ab", [("PER", "ab")])  # tokens of one letter are characters
    assert f"1 tags that continue no entity begin one; first: {path}:1: I-PER" in repaired.note


def test_a_type_the_model_does_not_know_is_refused(tmp_path):
    path = write(tmp_path, "a\tB-PERS\n")
    told = message(path, ["PER", "LOC"])
    assert told.startswith("FILE:1: the type 'PERS' is none of the model's: PER, LOC; did you mean 'PER'?")


class Watched(str):
    """Counts the characters that slices copy."""

    copied = 0

    def __getitem__(self, key):
        part = super().__getitem__(key)
        Watched.copied += len(part)
        return part


def test_reading_objects_copies_no_more_than_the_file():
    """A slice of all that is left at every object makes the time grow with the square."""
    text = Watched('{"tokens": ["Ann", "lives"], "tags": ["B-PER", "O"]}\n' * 500)
    assert len(list(json_items(text, Path("t.jsonl")))) == 500
    assert Watched.copied <= 2 * len(text)


def test_prediction_reads_no_tags(tmp_path):
    assert read(write(tmp_path, "an\nox\n\nc\n"), labelled=False).examples[0].text == "an ox"
    assert read(write(tmp_path, "text_a\n北 京\n", "t.tsv"), labelled=False).examples[0].entities is None


def parse(given, units=None):
    data = TaggingDataConfig()
    data.units = units
    return tagged_examples_from_input(given, data)


def test_predict_takes_texts_tokens_and_files(tmp_path):
    texts = [parse("a b"), parse(["a b", {"text": "c"}]), parse({"tokens": ["a", "b"]})]
    assert [[e.text for e in found] for found in texts] == [["a b"], ["a b", "c"], ["a b"]]
    assert [e.text for e in parse(write(tmp_path, "a b\nc\n"))] == ["a b", "c"]
    assert parse(write(tmp_path, "text_a\nan ox\n", "t.tsv"))[0].tokens == ((0, 2), (3, 5))
    assert parse("a b")[0].entities is None


def test_a_text_falls_into_words_or_characters():
    text = "@ann's 5G北京 "
    assert [text[a:b] for a, b in split_text(text, WORDS)] == ["@ann", "'", "s", "5G", "北", "京"]
    assert [text[a:b] for a, b in split_text(text, CHARACTERS)] == list("@ann's5G北京")


WRONG = (3, [""], [" "], [{"words": ["a"]}], [{"tokens": []}], [{"tokens": ["a", ""]}], [["a"]])


@pytest.mark.parametrize("given", WRONG)
def test_anything_else_is_refused(given):
    with pytest.raises(DataError, match="expected "):
        parse(given)


def test_a_folder_may_hold_files_that_end_with_their_split(tmp_path):
    write(tmp_path, "a\tO\n", "weiboNER_2nd_conll.train")
    write(tmp_path, "b\tO\n", "weiboNER_2nd_conll.dev")
    assert read(tmp_path).examples[0].text == "a"
    assert read_tagged(tmp_path, TaggingDataConfig(), training=False).examples[0].text == "b"


def test_an_object_may_come_as_json_and_a_text_with_a_brace_stays_a_text():
    data = TaggingDataConfig()
    asked = ['{"tokens": ["New", "York"]}', '{"text": "in Oslo"}', '{"a": 1}', "{ tokens"]
    texts = [example.text for example in tagged_examples_from_input(asked, data)]
    assert texts == ["New York", "in Oslo", *asked[2:]]
    with pytest.raises(DataError, match=r"input\[0\]: not JSON"):
        tagged_examples_from_input('{"tokens": ', data)
    with pytest.raises(DataError, match=r"input\[0\]: tokens is '\[\]'; expected a list of texts"):
        tagged_examples_from_input('{"tokens": []}', data)


def test_iob1_is_seen_by_where_its_b_tags_stand(tmp_path):
    # a B- only where an entity touches another one of its type (Ramshaw & Marcus 1995)
    file = read(write(tmp_path, "Ann I-PER\nLee I-PER\nBo B-PER\nin O\nOslo I-LOC\n\nRome I-LOC\n"))
    assert found(file)[0][1] == [("PER", "Ann Lee"), ("PER", "Bo"), ("LOC", "Oslo")] and file.scheme == "bio"
    assert "sentences in IOB1, where an I- begins an entity, read so: 2; first" in file.note and not file.repaired
    with pytest.raises(DataError, match="continues no"):  # a B- that touches nothing is none of IOB1
        read(write(tmp_path, "Ann B-PER\nin O\nOslo I-LOC\n\nRome I-LOC\n\nRome I-LOC\n"))


def test_a_text_alone_is_answered_as_it_stands(tmp_path):
    path = write(tmp_path, '{"text": "in New York"}\n', "t.jsonl")
    assert [(e.text, e.tokens) for e in parse(path, WORDS)] == [("in New York", ((0, 2), (3, 6), (7, 11)))]
