"""What `tasklab doctor data` tells of patterns and words for labels, on rows made by hand."""

from pathlib import Path

VOCAB = Path(__file__).parents[2] / "fixtures/tiny_wordpiece_vocab.txt"
SETTINGS = [f"tokenizer.vocab={VOCAB}", "model.vocab_size=216", "data.max_seq_length=8", "data.num_buckets=1"]
MODEL, PATTERN = ("--model", "prompt_minilm_l6"), 'data.patterns=["{textA} the {MASK} fox"]'


def write(*rows):
    Path("train.tsv").write_text("label\ttext_a\n" + "".join(f"{row}\n" for row in rows), encoding="utf-8")


def test_a_pattern_tells_its_room_and_what_it_cuts(doctor):
    write("a\tthe dog", "b\tthe lazy dog", "a\tthe fox", "b\tthe quick quick dog")
    status, out = doctor("train.tsv", *MODEL, PATTERN, "data.label_words={a: [dog], b: [the fox]}")
    # [CLS] the mask mask fox [SEP], as "the fox" has two tokens
    assert "{textA} the {MASK} fox: 6 tokens beside the texts, 2 masks, of 8" in out
    assert "words  2 labels: a: dog; b: the fox" in out
    # texts of 2, 3, 2 and 4 tokens where 2 have room; the longest row has 6 + 4, the 99th percent of four the third
    assert "look  train: data.max_seq_length=8 cuts the texts of 50% of the rows; 9 would hold nearly all" in out
    assert status == 0 and "4 rows of patterns" in out


def test_words_outside_the_vocabulary_and_labels_without_words_are_to_be_fixed(doctor):
    write("a\tthe dog", "b\tthe fox", "c\tlazy", "c\tquick")
    status, out = doctor("train.tsv", *MODEL, PATTERN, "data.label_words={a: [dog], b: [ж, fox]}")
    assert "FIX   data.label_words.b: 'ж' of 'b' is not in the vocabulary (read as [UNK]); take a word that is" in out
    assert "FIX   train: 2 rows whose label has no words ('c' 2); write words for it or set data.on_bad_row" in out
    assert status == 1


def test_a_pattern_without_room_for_text_is_told_with_its_row(doctor):
    write("a\tthe dog", "b\tthe fox")
    words, small = "data.label_words={a: [dog], b: [fox]}", [*SETTINGS, "data.max_seq_length=5"]
    status, out = doctor("train.tsv", *MODEL, PATTERN, words, settings=small)
    assert status == 1 and "FIX   train: train.tsv:2: the pattern '{textA} the {MASK} fox' with 1 masks needs 6" in out
