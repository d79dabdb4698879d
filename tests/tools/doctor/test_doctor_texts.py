"""What `tasklab doctor data` tells about tables made by hand, and about real ones whose faults are known."""

from pathlib import Path

import pytest

VOCAB = Path(__file__).parents[2] / "fixtures/tiny_wordpiece_vocab.txt"
SHARED = Path(__file__).parents[4] / "shared/data"
QQP = "data.columns=[id,qid1,qid2,question1,question2,is_duplicate]"
SETTINGS = [f"tokenizer.vocab={VOCAB}", "model.vocab_size=216", "data.max_seq_length=16"]


def write(name, *rows, header="text\tlabel"):
    Path(name).write_text("".join(f"{row}\n" for row in (header, *rows)), encoding="utf-8")


def test_sound_tables_end_with_the_command_that_trains(doctor):
    write("train.tsv", "where\tb", *(f"the fox {i}\ta" for i in range(3)))
    write("dev.tsv", "in berlin\ta")
    status, out = doctor("train.tsv", "--eval", "dev.tsv")
    assert status == 0
    assert "train  train.tsv\n       columns: text_a is text, label is label; unused: none\n" in out
    assert "none\n       4 rows\n              3  75.0%  a\n              1  25.0%  b\n" in out
    assert "text_a           1       3       3       3       3\n       row              3       5" in out
    assert "nothing has to be fixed; start with:\n  tasklab train txtcls_minilm_l6 data.train=train.tsv data" in out


def test_every_fault_has_its_place_and_its_remedy(doctor):
    write("train.tsv", "the fox\ta", "the fox\tb", "where\ta", "where\ta", "\ta", "dog\tb\tc", "in\ta")
    write("dev.tsv", "where\ta", "lazy\tc", "dog\ta")
    status, out = doctor("train.tsv", "--eval", "dev.tsv")
    assert status == 1 and "\n4 to fix before training; then start with:\n  tasklab train " in out
    assert "FIX   train: 2 unusable: empty text (1), wrong number of cells (1); correct them or set data.on_b" in out
    assert "        train.tsv:6: 'text' is empty\n" in out
    assert "FIX   train: 1 row with the texts of another and another label; keep the right one\n" in out
    assert "        train.tsv:3 as :2: 'b', 'a'\n" in out
    assert "look  train: 1 row with the texts and the label of another; one of each is enough\n" in out
    assert "        dev.tsv:3: the label 'c' is none of the model's: a, b\n" in out
    assert "FIX   1 row of eval also in train" in out and "        dev.tsv:2\n" in out


def test_files_without_a_usable_row_are_reported_too(doctor):
    write("train.tsv", "\ta", "\tb")
    write("dev.tsv", "dog\t")
    status, out = doctor("train.tsv", "--eval", "dev.tsv")
    assert status == 1 and "FIX   train: 2 unusable: empty text (2)" in out and "FIX   eval: 1 unusable" in out
    write("train.tsv", "the\ta", "fox\tb")
    assert "FIX   eval: 1 unusable: no label (1)" in doctor("train.tsv", "--eval", "dev.tsv")[1]


def test_texts_in_which_nothing_can_be_seen_are_told(doctor):
    write("train.tsv", "\u200b\ta", "the fox\tb", "\u200e\u00ad\tb")
    status, out = doctor("train.tsv")
    assert status == 0 and "look  train: 2 texts with no token at all, in which nothing can be seen; remove" in out
    assert "\n        train.tsv:2\n        train.tsv:4\n" in out


def test_bad_rows_that_the_user_skips_are_no_obstacle(doctor):
    write("train.tsv", "the fox\ta", "\ta", "dog\tb")
    assert doctor("train.tsv")[0] == 1
    status, out = doctor("train.tsv", settings=[*SETTINGS, "data.on_bad_row=skip"])
    assert status == 0 and "look  train: 1 left out, as data.on_bad_row=skip says: empty text (1)" in out


def test_what_another_setting_mends_is_told(doctor):
    write("train.tsv", *(f"{'the ' * 20}{i}\ta" for i in range(110)), *(f"fox {i}\tb" for i in range(10)))
    _, out = doctor("train.tsv")  # more than 1 % of the rows end in three digits: 20 + 3 pieces, and the special ones
    told = "the largest class is 11 times the smallest"
    assert f"{told}, so rare ones will count more; loss.balanced=false lets all rows count alike" in out
    _, unasked = doctor("train.tsv", settings=[*SETTINGS, "loss.balanced=false"])
    assert f"{told}; loss.balanced=true lets both count alike" in unasked
    assert "92% of the rows are cut at data.max_seq_length=16\n" in out
    assert "data.max_seq_length=16 cuts 92% of the rows; 26 would hold nearly all" in out
    assert "no evaluation file" in out
    write("train.tsv", "the\ta", "fox\ta")
    status, out = doctor("train.tsv")
    assert status == 1 and "FIX   train: every label is 'a'; at least two classes are needed" in out


def test_numbers_are_shown_by_their_spread(doctor):
    write("train.tsv", *(f"the fox {i}\t{i / 2}" for i in range(11)))
    _, out = doctor("train.tsv", settings=[*SETTINGS, "model.problem_type=regression"])
    assert "       labels 0, 2.5, 4.5, 5, 5 (least, half, 90 %, 99 %, most)\n" in out


def test_sets_of_classes_are_counted_by_class(doctor):
    write("train.tsv", "the\ta,b", "fox\tb", "dog\t")
    _, out = doctor("train.tsv", settings=[*SETTINGS, "model.problem_type=multi_label_classification"])
    assert "       3 rows\n              2  66.7%  b\n              1  33.3%  a\n" in out


def test_a_json_list_of_objects_is_a_table(doctor):
    Path("train.json").write_text('[{"text": "the fox", "label": "a"}, {"text": "dog", "label": "b"}]')
    assert "2 rows\n" in doctor("train.json")[1]


@pytest.mark.skipif(not SHARED.is_dir(), reason="needs the real data sets")
@pytest.mark.parametrize(
    "train, words, status, expected",
    [
        ("smp2020_ewect_virus/train.tsv", [], 0, ["8,606 rows", "60 rows with the texts of another and another label"]),
        ("glue/RTE", ["--eval", SHARED / "glue/RTE", "--model", "txtcls_minilm_l6_rte"], 0, ["2,490 rows of two"]),
        ("glue/QQP/part.tsv", ["--model", "txtcls_minilm_l6_qqp", QQP], 0, ["part.tsv:1: has 5 cells instead of 6"]),
    ],
)
def test_real_files_show_what_is_known_of_them(train, words, status, expected, doctor):
    vocabulary = [f"tokenizer.vocab={SHARED / 'vocab/google_uncased_en_vocab.txt'}"]
    found, out = doctor(SHARED / train, *words, settings=vocabulary)
    assert found == status
    assert [line for line in expected if line not in out] == []


def test_a_table_of_candidates_is_a_table_of_texts(doctor, tmp_path):
    (tmp_path / "qa.tsv").write_text("qid\ttext_a\ttext_b\tlabel\n1\twhere\there\t1\n1\twhere\tthere\t0\n")
    status, told = doctor(tmp_path / "qa.tsv", "--model", "dbqa_minilm_l6")
    assert status == 0 and "2 rows of two texts" in told


@pytest.mark.parametrize("name, model", [("only.tsv", "txtcls_minilm_l6"), ("only.tsv", "mulcho_minilm_l6")])
def test_a_file_without_rows_has_to_be_fixed(doctor, name, model):
    header = "text\tlabel" if model.startswith("txt") else "question\tA\tB\tanswer"
    write(name, header=header)
    status, out = doctor(name, "--model", model)
    assert status == 1 and "FIX   train: no rows that can be used" in out


def test_what_the_columns_are_taken_for_is_told_and_a_measure_questioned(doctor):
    rows = [f"T {i},where {i},{i / 10},{'xy'[i % 2]}" for i in range(1, 9)]
    write("two.csv", *rows, header="title,text,score,category")
    told = doctor("two.csv")[1]
    assert "\n       columns: text_a is text, label is score; unused: title, category\n" in told
    assert "look  train: 'score' is taken for the label and holds 8 different numbers in 8 rows" in told
    assert "data.label=category" in told
    named = doctor("two.csv", "data.label=category")[1]
    assert "label is category; unused: title, score" in named and "is taken for the label" not in named


def test_questions_of_which_some_have_no_id_have_to_be_fixed_in_any_order(doctor):
    rows = ['{"text_a": "the", "text_b": "in", "label": 1}', '{"qid": 1, "text_a": "is", "text_b": "in", "label": 0}']
    for order in (rows, rows[::-1]):
        write("qa.jsonl", *order[1:], header=order[0])
        status, out = doctor("qa.jsonl", "--model", "dbqa_minilm_l6")
        assert status == 1 and "has no id of its question, though other rows do" in out


def test_an_encoding_that_is_none_is_told(doctor, capsys):
    write("a.tsv", "the fox\ta")
    assert doctor("a.tsv", "--model", "txtcls_minilm_l6", "data.encoding=klingon")[0] == 1
