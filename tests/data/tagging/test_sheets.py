"""Which column holds the words: numbered lines, sheets of a table program, comments, tags in another column."""

import pytest

from tasklab.data.files.sample import sample_of
from tasklab.data.tagging.input import tagged_examples_from_input
from tasklab.data.tagging.reading import TaggingDataConfig, looks_tagged, read_tagged
from tasklab.errors import DataError, MissingColumns

NUMBERED = "1\tEU\tB-ORG\n2\trejects\tO\n\n1\tPeter\tB-PER\n2\tBlackburn\tI-PER\n"
SHEET = [
    'Sentence #,Word,POS,Tag\nSentence: 1,Ann,NNP,B-per\n,"a,b",VBZ,O\nSentence: 2,Rome,NNP,B-geo\n',
    'sentence_id;token;ner_tag\n7;Ann;B-per\n7;"a,b";O\n8;Rome;B-geo\n',
    'sep=;\nner_tag;token;sentence_id\nB-per;Ann;7\nO;"a,b";7\nB-geo;Rome;8\n',
    'token,tag\nAnn,B-per\n"a,b",O\n\nRome,B-geo\n',
    'Ann,B-per\n"a,b",O\n\nRome,B-geo\n',
    'text_a,label\n"Ann a,b",B-per O\nRome,B-geo\n',
]


def read(folder, text, name="train.conll", **settings):
    (folder / name).write_text(text, encoding="utf-8")
    data = TaggingDataConfig()
    for key, value in settings.items():
        data[key] = value
    return read_tagged(folder / name, data)


def found(file):
    return [(e.text, [(kind, e.text[e.tokens[a][0] : e.tokens[b][1]]) for kind, a, b in e.entities]) for e in
            file.examples]  # fmt: skip


@pytest.mark.parametrize("text", [NUMBERED, NUMBERED.replace("\t", " "), NUMBERED.replace("1\t", "17\t")])
def test_numbers_are_not_taken_for_words_and_the_column_is_named(tmp_path, text):
    with pytest.raises(DataError, match="first column holds numbers alone .*such as data.token=2 .EU, rejects, Peter"):
        read(tmp_path, text)
    assert found(read(tmp_path, text, token="2"))[1] == ("Peter Blackburn", [("PER", "Peter Blackburn")])
    assert read(tmp_path, text, token="1").examples[0].text[:2] in ("12", "17")
    assert looks_tagged(sample_of(tmp_path / "train.conll"))


def test_years_among_words_are_words(tmp_path):
    assert read(tmp_path, "1999\tCD\tO\nwas\tVB\tO\n").examples[0].text == "1999 was"


@pytest.mark.parametrize("text", SHEET)
def test_a_sheet_has_a_word_per_row_and_tells_its_sentences(tmp_path, text):
    assert found(read(tmp_path, text, "train.csv")) == [("Ann a,b", [("per", "Ann")]), ("Rome", [("geo", "Rome")])]
    examples = tagged_examples_from_input(tmp_path / "train.csv", TaggingDataConfig())
    assert [e.text for e in examples] == ["Ann a,b", "Rome"]


def test_a_header_line_between_tabs_names_the_columns_too(tmp_path):
    assert found(read(tmp_path, "tag\tpos\tword\nB-LOC\tN\tOslo\n")) == [("Oslo", [("LOC", "Oslo")])]


def test_columns_are_named_by_what_the_header_calls_them(tmp_path):
    text = "mot,etiquette\nOslo,B-LOC\n"
    assert found(read(tmp_path, text, "t.csv", token="mot", tag="etiquette")) == [("Oslo", [("LOC", "Oslo")])]
    with pytest.raises(DataError, match=r"no column 'wort' \(data.token\); give its number, 1 to 2, or its name"):
        read(tmp_path, text, "t.csv", token="wort")


def test_comments_that_begin_a_sentence_are_passed_over_and_told(tmp_path):
    tabs = "# id 7f\tdomain=train\nOslo\tO\n#tag\tO\n\n# text = b c\n#x\tO\n"
    blanks = "# id 7\nOslo O\n#tag O\n\n#x O\n"
    for text in (tabs, blanks):
        file = read(tmp_path, text)
        assert [e.text for e in file.examples] == ["Oslo #tag", "#x"]
        assert "comment" in file.note and not file.bad.fatal
    assert read(tmp_path, "# O\na O\n").examples[0].text == "#a"


def test_tags_that_stand_in_another_column_are_named(tmp_path):
    with pytest.raises(DataError, match="column 2 holds no tags .'Oslo'., but column 1 does; name both: data.tag=1"):
        read(tmp_path, "B-LOC Oslo\nO sleeps\n")
    assert found(read(tmp_path, "B-LOC Oslo\nO sleeps\n", tag="1", token="2")) == [("Oslo sleeps", [("LOC", "Oslo")])]


def test_commas_in_a_conll_file_are_named_as_the_cause(tmp_path):
    with pytest.raises(DataError, match="'Oslo,B-LOC' is one column; a file with commas between the columns must be"):
        read(tmp_path, "Oslo,B-LOC\nsleeps,O\n")


def test_the_log_says_which_column_is_taken_for_what(tmp_path, caplog):
    with caplog.at_level("INFO", "tasklab"):
        for name, text in (("a.csv", SHEET[0]), ("b.conll", "Oslo N B-NP B-LOC\n"), ("c.conll", "a O\n")):
            read(tmp_path, text, name)
    assert "a.csv: columns: token is Word, tag is Tag, sentence is Sentence #; unused: POS" in caplog.text
    assert "b.conll: columns: token is column 1, tag is column 4; unused: column 2, column 3" in caplog.text
    assert "c.conll" not in caplog.text


def test_a_sheet_beside_the_usual_file_of_a_folder_is_left_alone(tmp_path):
    read(tmp_path, "Rome,B-LOC\n", "train.csv")
    assert read_tagged(tmp_path, TaggingDataConfig()).examples[0].text == "Rome"
    read(tmp_path, "Oslo B-LOC\n", "train.conll")
    assert read_tagged(tmp_path, TaggingDataConfig()).examples[0].text == "Oslo"


@pytest.mark.parametrize("rows, settings", [
    ("Satz,Wort,Etikett\nS 1,Ann,B-PER\n,lives,O\n,here,O\nS 2,Bob,B-PER\n,sleeps,O\n",
     ["data.token=Wort", "data.tag=Etikett", "data.sentence=Satz"]),
    ("mot,genre,etiquette\nOslo,N,B-LOC\nreste,V,O\nici,A,O\n", ["data.token=mot", "data.tag=etiquette"]),
])  # fmt: skip
def test_columns_of_other_names_are_guessed_by_what_they_hold(tmp_path, rows, settings):
    with pytest.raises(MissingColumns) as caught:
        read(tmp_path, rows, "t.csv")
    assert caught.value.settings == settings
    told = str(caught.value).split("\n  ")
    assert told[0].endswith(":1: no column for data.token, known names: token, word, words, form, character, char")
    assert told[3].startswith("by what they hold: " + " ".join(settings))
    assert looks_tagged(sample_of(tmp_path / "t.csv"))
    named = dict(word.removeprefix("data.").split("=") for word in settings)
    assert read(tmp_path, rows, "t.csv", **named).examples[0].text in ("Ann lives here", "Oslo reste ici")
