"""What `tasklab doctor data` tells about questions with choices made by hand, and about real ones."""

import json
import re
from pathlib import Path

import pytest

VOCAB = Path(__file__).parents[2] / "fixtures/tiny_wordpiece_vocab.txt"
SHARED = Path(__file__).parents[4] / "shared/data"
SETTINGS = [f"tokenizer.vocab={VOCAB}", "model.vocab_size=216", "data.max_seq_length=16"]


def ask(context, answer, *choices, question="what is old"):
    return [[context], [{"question": question, "choice": choices, "answer": answer}], "1"]


def write(name, *documents):
    Path(name).write_text(json.dumps(documents), encoding="utf-8")


def test_sound_files_end_with_the_command_that_trains(doctor):
    write("train.json", ask("a city", "berlin", "berlin", "paris"), ask("the city", "paris", "berlin", "paris", "my"))
    write("dev.json", ask("my city", "paris", "paris", "berlin"))
    status, out = doctor("train.json", "--eval", "dev.json")
    assert status == 0
    assert out.startswith("train  train.json\n       2 questions on 2 contexts, of\n")
    assert "              1  50.0%  2 choices\n              1  50.0%  3 choices\n       the right choice is\n" in out
    assert "              1  50.0%  A\n              1  50.0%  B\n" in out
    assert "context          2       2       2       2       2\n       question         3       3" in out
    assert "       2 rows of 3 sequences of at most 16 tokens\n       padded to 16 tokens; 48% of that is" in out
    # five sequences of 10 tokens in 2 x 3 x 16 positions
    assert "nothing has to be fixed; start with:\n  tasklab train mulcho_minilm_l6 data.train=train.json" in out


def test_every_fault_has_its_place_and_its_remedy(doctor):
    write(
        "train.json", ask("a city", "berlin", "berlin", "paris"), ask("a city", "paris", "paris", "berlin"),
        ask("a city", "berlin", "paris", "berlin"), ask("a city", "rome", "berlin", "paris"),
        ask("the river", "a", "a", "a", "my"),
    )  # fmt: skip
    write("dev.json", ask("A  city", "berlin", "berlin", "paris"), ask("the river", "of", "of", "and"))
    status, out = doctor("train.json", "--eval", "dev.json")
    assert status == 1 and "\n4 to fix before training; then start with:\n  tasklab train " in out
    assert "FIX   train: 1 unusable: answer not among the choices (1); correct them or set data.on_bad_row: skip" in out
    assert "        [3][1][0]: the answer 'rome' is none of the choices; expected the text of one" in out
    assert "FIX   train: 1 question met before with another answer; keep the right one of each\n" in out
    assert "        [1][1][0] as [0][1][0]: 'paris', 'berlin'\n" in out
    assert "look  train: 1 question met before with the same answer; one of each is enough\n" in out
    assert "look  train: 1 question with a choice listed twice; either copy counts as right\n" in out
    assert "FIX   1 question of eval also in train" in out and "FIX   2 contexts of eval also in train" in out


def test_what_another_setting_mends_is_told(doctor):
    write("train.json", *(ask("the city " * 9, "berlin", "berlin", "paris", question=f"is {i}") for i in range(10)))
    _, out = doctor("train.json")
    assert "A is right in 100% of the questions, by chance it would be in 50%; shuffle the choices, or a model" in out
    assert "data.max_seq_length=16 cuts the context of 100% of the questions; 25 would cut fewer" in out
    # context 18, question 2, choice 1, and [CLS] and three [SEP]
    assert "; 10 questions with a cut context\n" in out and "no evaluation file" in out
    status, out = doctor("train.json", settings=[*SETTINGS[:2], "data.max_seq_length=7"])
    assert status == 1 and "FIX   train: train.json: [0][1][0]: question and choice leave no room" in out
    assert "estimate" not in out


def test_the_memory_grows_with_the_choices(doctor):
    def gib(*choices):
        write("train.json", *(ask("the city", "berlin", "berlin", *choices, question=f"is {i}") for i in range(9)))
        out = doctor("train.json", settings=[*SETTINGS, "train.batch_size=512"])[1]
        return float(re.search(r"memory about ([\d.]+) GiB", out)[1])

    assert gib("paris", "my", "a") > gib("paris") + 0.3


@pytest.mark.skipif(not SHARED.is_dir(), reason="needs the real data sets")
def test_real_files_show_what_their_readme_says(doctor):
    vocabulary = [f"tokenizer.vocab={SHARED / 'vocab/google_zh_vocab.txt'}"]
    status, out = doctor(SHARED / "c3", "--eval", SHARED / "c3", settings=vocabulary)
    assert status == 0
    assert "5,856 questions" in out and "  988  16.9%  3 choices" in out and "4,868  83.1%  4 choices" in out
    assert "3,816 questions on 2,674 contexts" in out  # 1,825 + 1,991 and 1,628 + 1,046
    assert "train: 3 questions with a choice listed twice" in out and "c3-d-dev.json: [210][1][0]" in out
