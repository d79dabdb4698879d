"""What `tasklab doctor data` tells about plain text made by hand, and about real one."""

from pathlib import Path

import pytest

VOCAB = Path(__file__).parents[2] / "fixtures/tiny_wordpiece_vocab.txt"
SHARED = Path(__file__).parents[4] / "shared/data"
SETTINGS = [f"tokenizer.vocab={VOCAB}", "model.vocab_size=216", "data.max_seq_length=8"]


def test_sound_text_ends_with_the_command_that_trains(doctor):
    Path("train.txt").write_text("the old fox\n\nwhere is\nb c d e f g h\n")
    Path("dev.txt").write_text("the dog\n")
    status, out = doctor("train.txt", "--eval", "dev.txt", "--model", "mlm_minilm_l6")
    assert status == 0
    assert out.startswith("train  train.txt\n       3 lines in 2 documents, 32 characters\n")
    assert "       line             2       3       7       7       7\n       row              3" in out
    assert "       0.00% of the tokens are unknown to the vocabulary and never asked for\n" in out
    assert "       3 rows of at most 8 tokens; 1 line cut into several\n       padded to 8 tokens; 25%" in out
    assert "eval   dev.txt\n       1 line in 1 document, 7 characters\n" in out and "time about" in out
    assert "nothing has to be fixed; start with:\n  tasklab train mlm_minilm_l6 data.train=train.txt" in out


def test_bad_lines_have_their_place_and_their_remedy(doctor):
    Path("text").mkdir()
    Path("text/a.txt").write_bytes(b"the fox\nbr\xfcn\n")
    Path("text/b.txt").write_text("the \u9f98\n")
    status, out = doctor("text", settings=[*SETTINGS, "data.packing=document"])
    assert status == 1 and out.startswith("train  text, 2 files\n       2 lines in 2 documents, 12 characters\n")
    assert "FIX   train: 1 unusable: not UTF-8 (1); correct them or set data.on_bad_row: skip\n" in out
    assert "        text/a.txt:2: byte 2 of the line is 0xfc, not UTF-8" in out
    assert "look  train: 25% of the tokens are unknown to this vocabulary" in out
    Path("text/b.txt").write_text("the\nthe\n")
    status, out = doctor("text", settings=[*SETTINGS, "data.packing=document", "data.on_bad_row=skip"])
    assert status == 0 and "look  train: 1 left out, as data.on_bad_row=skip says: not UTF-8 (1)" in out
    assert "look  train: no blank line, so every file is one document; put one between documents, or add" in out


@pytest.mark.skipif(not SHARED.is_dir(), reason="needs the real data sets")
def test_real_text_shows_what_its_readme_says(doctor):
    vocabulary = f"tokenizer.vocab={SHARED / 'vocab/google_uncased_en_vocab.txt'}"
    _, out = doctor(SHARED / "wikitext2/valid.txt", "--model", "mlm_minilm_l6", settings=[vocabulary])
    assert "2,461 lines in " in out  # 3,760 of which 1,299 are blank
