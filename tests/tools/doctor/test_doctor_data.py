"""What `tasklab doctor data` tells about files made by hand, and about real ones whose faults are known."""

import json
import re
from pathlib import Path

import pytest

from tasklab.cli import main
from tasklab.config import find_model
from tasklab.task import TASKS
from tasklab.tools.doctor.data import KINDS

VOCAB = Path(__file__).parents[2] / "fixtures/tiny_wordpiece_vocab.txt"
SHARED = Path(__file__).parents[4] / "shared/data"
SETTINGS = [f"tokenizer.vocab={VOCAB}", "model.vocab_size=216", "data.max_seq_length=16", "data.doc_stride=3"]


def qa(identity, question="what", text="Berlin", start=0):
    return {"id": identity, "question": question, "answers": [{"text": text, "answer_start": start}]}


def write(path, *paragraphs, version="1.1"):
    rows = [{"context": context, "qas": questions} for context, questions in paragraphs]
    Path(path).write_text(json.dumps({"version": version, "data": [{"paragraphs": rows}]}), encoding="utf-8")


def test_sound_files_end_with_the_command_that_trains(doctor):
    write("train.json", ("Berlin is a city", [qa("1"), qa("2", "where")]))
    write("dev.json", ("in Berlin", [qa("3", start=3)]))
    status, out = doctor("train.json", "--eval", "dev.json", settings=[*SETTINGS, "train.batch_size=1"])
    assert status == 0
    assert "train  train.json\n       2 questions on 1 contexts, 2 answers\n" in out
    assert "eval   dev.json\n       1 questions on 1 contexts, 1 answers\n" in out
    told = "200 steps of 1 rows, 2 in an epoch: 100 epochs, as 2 are fewer steps than train.min_steps=200\n"
    assert told in out  # 2 rows
    assert "0.0% of the tokens are unknown to the vocabulary\n" in out
    assert re.search(r"memory about \d+\.\d GiB of \d+\.\d GiB\n", out)
    # after every 10 of the 100 epochs
    parts = r"with .+ of compilation and 10 evaluations of .+, when nothing else runs \(\d+ GFLOP/s\)"
    assert re.search(f"time about .+ {parts}", out)
    assert "nothing has to be fixed; start with:\n  tasklab train qa_minilm_l6 data.train=train.json data.eval=" in out


def test_few_steps_that_are_asked_for_are_told(doctor):
    write("train.json", ("Berlin is a city", [qa("1"), qa("2", "where")]))
    _, out = doctor("train.json", settings=[*SETTINGS, "train.batch_size=1", "train.epochs=3"])
    assert "6 steps of 1 rows, 2 in an epoch, which is few: train.min_steps=200 makes it 100 epochs\n" in out


def test_lengths_are_those_of_the_rows(doctor):
    write("train.json", ("a b c d e f g h i j k l m n o p", [qa("1", "what", "c", 4)]))
    _, out = doctor("train.json")
    # 16 - 1 - 3 = 12 tokens of the context per window; 16 tokens need windows at 0, 3 and 6
    assert re.search(r"question +1 +1 +1 +1 +1\n +context +16 +16 +16 +16 +16\n", out)
    assert "3 rows of at most 16 tokens; 100.0% of the questions need several" in out


def test_every_fault_has_its_place_and_its_remedy(doctor):
    write("train.json", ("Berlin is a city", [
        qa("1"), qa("2", "what", "a city", 10), qa("3", "WHAT "), qa("4", " "), qa("5", "why", "Rome", 3),
    ]))  # fmt: skip
    write("dev.json", ("berlin is  a city", [qa("1", "what", "berlin"), qa("2", "how", "berlin", 4)]))
    status, out = doctor("train.json", "--eval", "dev.json")
    assert status == 1 and "\n4 to fix before training; then start with:\n  tasklab train " in out
    assert "FIX   train: 2 unusable: empty question (1), misaligned answer (1); correct them or set " in out
    assert "        data[0].paragraphs[0].qas[3] (id 4): question is empty\n" in out
    assert "FIX   train: 1 question is asked again with another answer; keep the right one of each\n" in out
    assert "        data[0].paragraphs[0].qas[1] as data[0].paragraphs[0].qas[0]\n" in out
    assert "look  train: 1 question is asked again with the same answer; one of each is enough\n" in out
    assert "FIX   1 question of eval also in train" in out and "FIX   1 context of eval also in train" in out
    assert "look  eval: 1 answer not at answer_start; scoring compares texts" in out


def test_bad_rows_that_the_user_skips_are_no_obstacle(doctor):
    write("train.json", ("Berlin is a city", [qa("1"), qa("4", " ")]))
    assert doctor("train.json")[0] == 1
    status, out = doctor("train.json", settings=[*SETTINGS, "data.on_bad_row=skip"])
    assert status == 0 and "look  train: 1 left out, as data.on_bad_row=skip says: empty question (1)" in out


def test_settings_that_do_not_fit_the_data_are_told_with_better_ones(doctor):
    long_answer = "a b c d e f g h i j k l m"
    write("train.json", (long_answer + " n o p", [
        qa("1", "what is the city", "c d e f", 4), qa("2", "who", long_answer, 0), {**qa("3"), "answers": []},
    ]), version="2.0")  # fmt: skip
    _, out = doctor("train.json", settings=[*SETTINGS, "data.max_query_length=2", "data.max_answer_length=3"])
    assert "train: 1 question without an answer; add data.version_2_with_negative=true" in out
    assert "train: 1 question longer than data.max_query_length=2 tokens, the rest is cut off; raise it to 4" in out
    assert "longer than data.max_answer_length=3 tokens and cannot be predicted; raise it to 4" in out
    assert "the answers of 33.3% of the questions fit no window" in out  # 13 tokens in windows of 12
    assert "100% of the questions need several windows; data.max_seq_length=512 would need fewer" in out
    assert "no evaluation file" in out


def test_chinese_text_and_a_foreign_vocabulary_are_noticed_once(doctor):
    for name in ("train.json", "dev.json"):
        write(name, (f"我住在柏林 {name}", [qa("1", "哪里", "柏林", 3)]))
    status, out = doctor("train.json", "--eval", "dev.json", settings=[s for s in SETTINGS if "length" not in s])
    assert out.count("the text is Chinese; add data.metric=cmrc") <= 1
    assert out.count("are unknown to this vocabulary; take a model of the text's language") == 1


def test_without_a_vocabulary_the_rest_is_still_reported(doctor, monkeypatch):
    monkeypatch.setenv("TASKLAB_CACHE", "cache")
    write("train.json", ("Berlin is a city", [qa("1"), qa("4", " ")]))
    status, out = doctor("train.json", "--model", "bert_tiny", settings=[])
    assert status == 1 and "1 questions on 1 contexts" in out and "empty question (1)" in out
    assert "no vocabulary of bert_tiny, so nothing is said about tokens, memory and time:\n  no weights for" in out


def test_a_listed_vocabulary_is_used_from_any_model_that_brings_it(doctor, monkeypatch):
    from tasklab.tools.doctor import data

    # the real one is 231,508 bytes; here its checksum stands for it
    Path("checkpoints/mine").mkdir(parents=True)
    Path("checkpoints/mine/vocab.txt").write_bytes(VOCAB.read_bytes())
    listed = "07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3"
    monkeypatch.setattr(data, "file_sha256", lambda path: listed)
    write("train.json", ("Berlin is a city", [qa("1")]))
    status, out = doctor("train.json", "--model", "bert_tiny", settings=[])
    assert status == 0 and "padded to" in out and "tasklab train question_answering bert_tiny data.train=" in out


def test_a_name_that_is_empty_is_told(capsys):
    assert main(["doctor", "data", "", "--model", "txtcls_minilm_l6"]) == 1
    assert capsys.readouterr().err == "error: no data to look at: the name is empty; give a file or a folder\n"


def test_a_file_that_cannot_be_read_is_an_error_not_a_report(capsys):
    assert main(["doctor", "data", "no.json", *SETTINGS]) == 1
    said = capsys.readouterr()
    assert said.out == "" and said.err.startswith("error: no.json: no such file")


@pytest.mark.parametrize("said", ["0.2", "no"])
def test_a_share_to_hold_out_is_no_file(capsys, said):
    Path("t.tsv").write_text("text\tlabel\n" + "".join(f"word{i}\t{'ab'[i % 2]}\n" for i in range(60)))
    assert main(["doctor", "data", "t.tsv", f"data.eval={said}"]) == 0
    out = capsys.readouterr().out
    assert "no evaluation file" not in out and f"data.train=t.tsv data.eval={said}" in out


def test_a_table_of_questions_is_known_by_what_its_columns_hold(capsys):
    rows = ["I live in Berlin.,Where do I live?,Berlin", "Anna is in Rome.,Where is Anna?,Rome"]
    Path("t.csv").write_text("\n".join(["Passage,Frage,Antwort", *rows]), encoding="utf-8")
    assert main(["doctor", "data", "t.csv"]) == 1
    command = "tasklab train qa_minilm_l6 data.train=t.csv data.question=Frage data.answer=Antwort\n"
    assert capsys.readouterr().err.endswith(command)
    # questions with labels are none of QA
    Path("t.csv").write_text("id,question,label\n1,Where do I live?,place\n2,Who is Anna?,person\n", encoding="utf-8")
    main(["doctor", "data", "t.csv", "tokenizer.vocab=" + str(VOCAB), "model.vocab_size=216"])
    assert "tasklab train txtcls_minilm_l6 data.train=t.csv" in capsys.readouterr().out


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__.rpartition(".")[2])
def test_a_file_without_names_is_checked_for_a_recipe_of_a_task_that_reads_it(kind):
    assert TASKS.get(find_model(kind.MODEL).task).data_config in kind.DATA


def test_pairs_of_texts_are_checked_for_a_task_that_learns_them(doctor):
    Path("a.jsonl").write_text('{"document": "Berlin is a city", "summary": "Berlin"}\n' * 2)
    status, out = doctor("a.jsonl", settings=SETTINGS[:3])
    assert status == 0 and "start with:\n  tasklab train text2text_small data.train=a.jsonl" in out
    assert "no formulas for encoder-decoders" in out and "met before" in out
    Path("a.tsv").write_text("source\ttarget\nBerlin\t\n")
    status, out = doctor("a.tsv", "--model", "translation_small", settings=SETTINGS[:3])
    assert status == 1 and "a.tsv:2: the target is empty" in out


def test_a_task_decides_where_several_read_such_a_file(doctor):
    Path("a.txt").write_text("Berlin is a city\n\nit is\n")
    names = ("--task", "text_generation", "--model", "gpt2_chinese")
    _, out = doctor("a.txt", *names, settings=SETTINGS[:3])
    assert "start with:\n  tasklab train text_generation gpt2_chinese data.train=a.txt" in out
    _, out = doctor("a.txt", settings=SETTINGS[:3])
    assert "start with:\n  tasklab train mlm_bert_base_uncased data.train=a.txt" in out


def test_pairs_are_looked_at_without_a_vocabulary(doctor):
    Path("pairs.tsv").write_text("source\ttarget\nHello.\tBonjour.\nGood night.\t\n")
    status, out = doctor("pairs.tsv", "--task", "translation", settings=[])
    assert status == 1 and "no vocabulary of translation_small, so nothing is said about tokens" in out
    assert "pairs.tsv:3" in out and "tasklab train translation_small data.train=pairs.tsv" in out
