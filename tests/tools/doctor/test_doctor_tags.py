"""What `tasklab doctor data` tells about tagged sentences made by hand, and about real ones whose faults are known."""

import json
from pathlib import Path

import pytest

VOCAB = Path(__file__).parents[2] / "fixtures/tiny_wordpiece_vocab.txt"
SHARED = Path(__file__).parents[4] / "shared/data"
SETTINGS = [f"tokenizer.vocab={VOCAB}", "model.vocab_size=216", "data.max_seq_length=16"]


def write(name, *sentences):
    """Sentences such as "my/O dog/B-PET", a token per line."""
    lines = [sentence.replace("/", " ").split() for sentence in sentences]
    text = "\n\n".join("\n".join(map(" ".join, zip(line[::2], line[1::2], strict=True))) for line in lines)
    Path(name).write_text(f"{text}\n", encoding="utf-8")


def test_sound_files_end_with_the_command_that_trains(doctor):
    write("train.txt", *(f"paris/B-LOC is/O {i}/O" for i in range(10)), "the/O fox/O")
    write("dev.txt", "in/O berlin/B-LOC")
    status, out = doctor("train.txt", "--eval", "dev.txt")
    assert status == 0
    assert out.startswith("train  train.txt\n       11 sentences, 32 words, BIO tags\n")
    assert "       10 entities; 1 sentence (9%) without any\n             10 100.0%  LOC\n" in out
    assert "sentence         2       3       3       3       3\n       row              4       5" in out
    assert "       11 rows of at most 16 tokens\n       padded to 16 tokens;" in out
    assert "estimate for tokcls_minilm_l6" in out and "time about" in out
    assert "nothing has to be fixed; start with:\n  tasklab train tokcls_minilm_l6 data.train=train.txt data" in out


def test_every_fault_has_its_place_and_its_remedy(doctor):
    write("train.txt", "paris/B-LOC", "paris/O", "fox/B-PET", "fox/B-PET", "my/O dog/I-PET", "berlin/X")
    write("dev.txt", "fox/B-PET", "the/O year/B-DATE")
    status, out = doctor("train.txt", "--eval", "dev.txt")
    assert status == 1 and "\n4 to fix before training; then start with:\n  tasklab train " in out
    assert "FIX   train: 2 faults in unusable sentences: tag that continues nothing (1), unknown tag (1); cor" in out
    assert "on_bad_row: skip, or data.repair_tags: true, so that such a tag begins an entity\n" in out
    assert "        train.txt:10: I-PET after O continues no PET\n" in out
    assert "FIX   train: 1 sentence met before with other entities; keep the right one of each\n" in out
    assert "        train.txt:3 as :1: 'paris' is LOC only there\n" in out
    assert "look  train: 1 sentence met before with the same entities; one of each is enough\n" in out
    assert "FIX   eval: 1 fault in unusable sentences: unknown type DATE (1); correct them or set data.on_bad" in out
    assert "        dev.txt:4: the type 'DATE' is none of the model's: PET, LOC\n" in out
    assert "FIX   1 sentence of eval also in train" in out and "        dev.txt:1\n" in out
    assert "look  train: 2 types with fewer than 10 entities: PET, LOC; collect more, or merge them\n" in out
    assert "look  eval: no entity of type LOC, so no score tells how well they are found\n" in out


def test_what_another_setting_mends_is_told(doctor):
    write("train.txt", f"{'the/O ' * 19}fox/B-PET", "my/O dog/I-PET")
    status, out = doctor("train.txt", settings=[*SETTINGS, "data.repair_tags=true"])
    assert status == 0
    assert "look  train: 1 tag without a beginning, as data.repair_tags says, each begins an entity\n" in out
    assert "train: 50% of the sentences need several windows; data.max_seq_length=22 would hold nearly all whole" in out
    assert "; 1 sentence cut into several\n" in out and "no evaluation file" in out
    status, out = doctor("train.txt", settings=[*SETTINGS, "data.on_bad_row=skip"])
    assert status == 0 and "1 fault in sentences left out, as data.on_bad_row=skip says: tag that" in out


def test_a_file_without_entities_has_nothing_to_teach(doctor):
    write("train.txt", "the/O fox/O")
    status, out = doctor("train.txt")
    assert status == 1 and "FIX   train: no entity, every tag is O; there is nothing to learn\n" in out


def test_the_program_that_wrote_the_spans_is_named_and_what_was_put_right_in_them(doctor):
    rows = [{"text": f"{i} Parisbased", "label": [[len(str(i)) + 1, len(str(i)) + 6, "LOC"]]} for i in range(10)]
    rows += [{"text": "the fox", "label": []}]
    Path("train.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    status, out = doctor("train.jsonl")
    assert status == 0
    assert "11 sentences, 32 words, entities as spans, as doccano writes them\n" in out
    assert "look  train: words cut where a span begins or ends inside them: 10\n" in out
    assert "        train.jsonl:1: 'Parisbased' into 'Paris' 'based'\n" in out
    assert "nobody has annotated yet in the same way): 1\n        train.jsonl:11\n" in out
    Path("train.jsonl").write_text(json.dumps({"text": "Ann Lee", "label": [[0, 7, "A"], [4, 7, "B"]]}))
    status, out = doctor("train.jsonl")
    assert status == 1 and "1 fault in unusable sentences: overlapping spans (1); correct them" in out
    assert "        train.jsonl:1: A 0-7 'Ann Lee' and B 4-7 'Lee' overlap; a token can have one tag\n" in out


def test_numbers_for_tags_are_told_with_the_setting_that_names_them(doctor):
    Path("train.jsonl").write_text('{"tokens": ["Ann", "ran"], "ner_tags": [1, 0]}\n' * 10)
    out = doctor("train.jsonl")[1]
    assert '1 is a number without a name; name them all: data.label2id=FILE, which holds {"O": 0, "B-PER": 1' in out
    Path("names.json").write_text('["O", "B-PER", "I-PER"]')
    status, out = doctor("train.jsonl", settings=[*SETTINGS, "data.label2id=names.json"])
    assert status == 0 and "10 sentences, 20 words, BIO tags\n       10 entities" in out


@pytest.mark.skipif(not SHARED.is_dir(), reason="needs the real data sets")
@pytest.mark.parametrize(
    "name, status, expected",
    [
        ("resume_ner", 0, ["1,500 sentences, 49,444 characters, BMES tags", "463 sentences, 13,890 characters"]),
        ("msra_ner", 0, ["1,000 sentences, 47,280 characters, BIO tags", "2,318 sentences, 109,870 characters"]),
        ("weibo_ner", 1, ["taken off", "10 faults in unusable sentences: tag that continues nothing (10)", "n:22000:"]),
        ("cluener/train_part.json", 0, ["4,000 sentences", "entities as spans", "  10.2%  game", "nested entity (2)"]),
        ("wnut17/wnut17train.conll", 0, ["3,394 sentences, 62,730 words, BIO tags"]),
    ],
)
def test_real_files_show_what_their_readme_says(name, status, expected, doctor):
    path = SHARED / name
    vocabulary = [f"tokenizer.vocab={SHARED / 'vocab/google_zh_vocab.txt'}"]
    found, out = doctor(path, *(["--eval", path] if path.is_dir() else []), settings=vocabulary)
    assert found == status
    assert [line for line in expected if line not in out] == []


def test_words_that_nobody_sees_are_named_by_their_code_points(doctor):
    write("train.txt", *(f"paris/B-LOC is/O {i}/O" for i in range(10)), "the/O \u200b/B-LOC fox/O", "\u00ad/O in/O")
    out = doctor("train.txt")[1]
    assert "look  train: 2 words with no token at all: U+200B, U+00AD, in which nothing can be seen" in out
    assert "train.txt:41: word 2 is U+200B\n" in out and "take a vocabulary with shorter pieces" not in out
