"""What `tasklab doctor data` tells of pairs that match: made by hand, and a real set whose leaks are known."""

from pathlib import Path

import pytest

VOCAB = Path(__file__).parents[2] / "fixtures/tiny_wordpiece_vocab.txt"
SHARED = Path(__file__).parents[4] / "shared/data"
SETTINGS = [f"tokenizer.vocab={VOCAB}", "model.vocab_size=216", "data.max_seq_length=16"]


def write(name, *rows, header="text_a\ttext_b\tlabel"):
    Path(name).write_text("".join(f"{row}\n" for row in (header, *rows)), encoding="utf-8")


def test_anchors_and_positives_are_known_by_their_columns(doctor):
    write("train.tsv", "the fox\tthe dog", "where\tin berlin", "the dog\tlazy", header="anchor\tpositive")
    status, out = doctor("train.tsv")
    assert "train  train.tsv\n       3 rows, pairs of texts\n" in out
    assert "look  train: 1 row with a text of another row: 1 have as the second text what is the first one of" in out
    assert status == 0 and "start with:\n  tasklab train matching_simcse_minilm_l6 data.train=train.tsv" in out


def test_texts_that_rows_share_and_leaks_are_counted_by_side(doctor):
    write(
        "train.tsv", "the fox\tthe dog\t1", "The  fox\twhere\t0", "lazy\tthe dog\t1", "in\tin\t1", "dog\tthe fox\t1",
        "the dog\tTHE FOX\t1", "where\tthe fox\t1",
    )  # fmt: skip
    write("dev.tsv", "the dog\tthe fox\t1", "the fox\tquick\t0", "new\tlazy\t1", "one\ttwo\t0")
    status, out = doctor("train.tsv", "--eval", "dev.tsv", "--task", "text_matching")
    # first texts: the fox twice. second: the dog twice, the fox three times. crossed: the dog twice (rows 1 and 3),
    # where (row 2), the fox (rows 5, 6, 7); in is its own row's alone
    assert "train: 6 rows with a text of another row: 2 have the first text of another, 5 have the second text" in out
    assert "another, 6 have as the second text what is the first one of another; losses over the batch keep such" in out
    assert "look  train: 1 row with one text on both sides, from which nothing is learned\n        :5\n" in out.replace(
        "train.tsv", "")
    assert "1 row with the texts of another, in either order, and its label" in out
    assert "FIX   train: 1 row with the texts of another and another label" in out
    assert "FIX   1 row of eval also in train, which makes the score look better" in out
    assert "eval: of 4 rows 2 have a first and 2 a second text that is in train too" in out
    assert status == 1


@pytest.mark.skipif(not SHARED.exists(), reason="needs the shared data sets")
def test_leaks_and_duplicates_of_a_real_set_are_those_counted_by_others(doctor):
    # 1416 lines of which 1381 differ; 22 lines of dev.txt are also in train.txt
    folder = SHARED / "comment_classify/matching"
    _, out = doctor(folder / "train.txt", "--eval", folder / "dev.txt", "--task", "text_matching")
    assert "22 rows of eval also in train" in out and "train: 35 rows with the texts of another" in out
