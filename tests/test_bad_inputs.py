"""Bad input on the command line: place, problem and remedy on stderr, status 1, no traceback, nothing lost."""

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tasklab.cli import main

VOCAB = Path(__file__).parent / "fixtures/tiny_wordpiece_vocab.txt"
SHARED = Path(__file__).parents[2] / "shared/data"
QUESTION = "My name is Wolfgang and I live in Berlin - Where do I live?"
TINY = [
    "from_scratch=true", f"tokenizer.vocab={VOCAB}", "model.vocab_size=216", "model.hidden_size=16",
    "model.num_hidden_layers=1", "model.num_attention_heads=2", "model.intermediate_size=32", "data.max_seq_length=32",
    "data.num_buckets=1", "train.batch_size=2", "evaluate.batch_size=2", "device_target=CPU",
]  # fmt: skip
CONTEXT = "Wolfgang lives in Berlin"


def qa(identity="1", question="Where?", text="Berlin", start=18):
    return {"id": identity, "question": question, "answers": [{"text": text, "answer_start": start}]}


def write(path, *questions, context=CONTEXT):
    document = {"data": [{"paragraphs": [{"context": context, "qas": list(questions)}]}]}
    Path(path).write_text(json.dumps(document), encoding="utf-8")
    return str(path)


@pytest.fixture
def error(capsys):
    """error(*words) -> what a command that must fail says."""

    def call(*words) -> str:
        capsys.readouterr()
        assert main([str(word) for word in words]) == 1
        said = capsys.readouterr()
        assert said.out == "" and said.err.startswith("error: ") and "Traceback" not in said.err
        return said.err.removeprefix("error: ")

    return call


@pytest.fixture(scope="session")
def trained(tmp_path_factory) -> Path:
    """A run of two steps with a checkpoint after each, made on the command line."""
    folder, before = tmp_path_factory.mktemp("trained"), Path.cwd()
    os.chdir(folder)
    try:
        write("train.json", *(qa(str(i)) for i in range(4)))
        words = ["train", "qa_bert_tiny", "data.train=train.json", "output_dir=run", "train.max_steps=2", *TINY]
        assert main([*words, "train.save_steps=1"]) == 0
    finally:
        os.chdir(before)
    return folder / "run"


@pytest.fixture
def run(trained, tmp_path) -> Path:
    """A copy to spoil."""
    return Path(shutil.copytree(trained, tmp_path / "run"))


def train(*more):
    return ("train", "qa_bert_tiny", *TINY, *more)


def test_missing_and_unreadable_files_are_named_with_their_neighbours(error):
    write("other.json", qa())
    assert error(*train("data.train=trian.json")).startswith("trian.json: no such file; . holds other.json")
    os.mkdir("empty")
    assert "empty: no file for train (train-v1.1.json, train.json, " in error(*train("data.train=empty"))
    for recipe in ("qa_bert_tiny", "txtcls_minilm_l6", "tokcls_minilm_l6", "mulcho_minilm_l6", "mlm_minilm_l6"):
        assert error("train", recipe, *TINY).startswith("no data to train on: set data.train=<file or folder>")


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_a_file_without_permission_is_told(error):
    os.chmod(write("secret.json", qa()), 0)
    assert "secret.json: cannot be read (Permission denied)" in error(*train("data.train=secret.json"))


def test_broken_json_is_told_with_line_and_column(error):
    Path("t.json").write_text('{"data": [\n  {"paragraphs": [,]}]}')
    said = error(*train("data.train=t.json"))
    assert said == "t.json: not JSON at line 2, column 19 (character 29): Expecting value\n"
    Path("t.json").write_text("")
    assert error(*train("data.train=t.json")) == "t.json: is empty; expected JSON\n"
    Path("t.json").write_text("[1, 2]")
    assert "t.json: not the SQuAD layout: the top level is a list" in error(*train("data.train=t.json"))


def test_wrong_encodings_are_told_with_the_command_that_converts(error):
    text = json.dumps({"data": []}, ensure_ascii=False)
    Path("t.json").write_bytes(text.encode("utf-16"))
    assert "t.json: byte 0: UTF-16, not UTF-8; convert it with: iconv" in error(*train("data.train=t.json"))
    Path("t.json").write_bytes('{"data": ["汉语"]}'.encode("gb18030"))
    assert "t.json: byte 11: not UTF-8; in gb18030 it reads " in error(*train("data.train=t.json"))


def test_bad_rows_are_all_listed_before_training(error):
    write("t.json", qa("a", start=3), qa("b", question=" "), qa("c"), qa("d", text=""))
    said = error(*train("data.train=t.json"))
    assert said.startswith("t.json: 3 problems: misaligned answer (1), empty question (1), empty answer (1)\n")
    assert "qas[0] (id a): answer_start 3 points at 'fgang ', not at the answer 'Berlin' (the answer beg" in said
    assert "qas[1] (id b): question is empty; correct the row or set data.on_bad_row: skip" in said
    assert not Path("output").exists() or not list(Path("output").rglob("checkpoint-*"))


def test_a_file_without_rows_is_refused(error):
    write("t.json")
    assert error(*train("data.train=t.json")) == "t.json: holds no usable question\n"
    write("t.json", qa(start=3))
    assert "t.json: holds no usable question; left out 1" in error(*train("data.train=t.json", "data.on_bad_row=skip"))


@pytest.mark.skipif(not SHARED.is_dir(), reason="needs the real data sets")
@pytest.mark.parametrize(
    "file, known",
    [
        ("cmrc2018/cmrc2018_dev_part.json", "misaligned answer"),
        ("covid_qa/200423_covidQA_part.json", "12 problems: misaligned answer (12)"),
    ],
)
def test_real_misaligned_answers_are_told(file, known, error):
    said = error(*train(f"data.train={SHARED / file}"))
    assert known in said and "not at the answer" in said and "correct the offset or set data.on_bad_row: skip" in said


def test_unknown_names_keys_and_values_are_told_at_once(error):
    said = error("train", "qa_bert_tinny")
    assert said.startswith("no model named 'qa_bert_tinny'. Did you mean ") and "'qa_bert_tiny_uncased'" in said
    assert "no task named 'question_answer'" in error("train", "question_answer", "bert_tiny")
    said = error(*train("train.epoch=3", "optimizer.lr=fast", "data.max_seq_length=9999"))
    assert "unknown key 'train.epoch'; did you mean 'epochs'?" in said
    assert "optimizer.lr is 'fast'; expected a number" in said
    assert "data.max_seq_length 9999 is more than model.max_position_embeddings 512" in said


def test_a_config_file_is_told_with_its_line(error):
    Path("mine.yaml").write_text("task: question_answering\ntrain:\n  epochs: 2\n  batchsize: 4\n")
    said = error("show", "mine.yaml")
    assert said.startswith("mine.yaml:4: unknown key 'train.batchsize'; did you mean 'batch_size'?")
    Path("mine.yaml").write_text("task: question_answering\ntrain: {epochs: 2\n")
    assert error("show", "mine.yaml").startswith("mine.yaml:")


def test_a_model_of_another_task_is_refused(error, run):
    text = (run / "checkpoint-2/config.yaml").read_text()
    other = run.parent / "other.yaml"
    other.write_text(text.replace("task: question_answering", "task: text_classification"))
    assert "other.yaml' is made for task 'text_classification', not for 'question_answering'" in error(
        "train", "question_answering", other
    )


def test_a_checkpoint_of_another_shape_is_refused_by_weight(error, run):
    write("t.json", qa())
    wider = ("from_scratch=false", "model.hidden_size=32")
    said = error(*train("data.train=t.json", *wider, "--from", run / "checkpoint-2"))
    assert "wrong shape  encoder.embeddings.word.weight: file [216, 16], network [216, 32]" in said
    assert "set the sizes under `model:` to those of the weights" in said


def test_a_cut_or_changed_checkpoint_is_never_used(error, run):
    weights = run / "checkpoint-2/model.safetensors"
    whole = weights.read_bytes()
    weights.write_bytes(whole[:-100])
    said = error("predict", run / "checkpoint-2", QUESTION)
    assert said.startswith(f"{weights}: damaged: {len(whole) - 100} bytes long, but")
    weights.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    assert error("evaluate", run / "checkpoint-2", "data.eval=x.json").startswith(f"{weights}: damaged")
    weights.unlink()
    assert "holds no model.safetensors" in error("predict", run / "checkpoint-2", QUESTION)


def test_a_damaged_last_checkpoint_falls_back_to_the_one_before_aloud(run, capsys, caplog):
    (run / "checkpoint-2/model.safetensors").write_bytes(b"gone")
    assert main(["predict", str(run), QUESTION]) == 0
    assert set(json.loads(capsys.readouterr().out)[0]) >= {"text", "score", "start", "end"}
    assert "falling back to the checkpoint before it" in caplog.text


def test_a_run_whose_checkpoints_are_all_damaged_is_told(error, run):
    for step in (1, 2):
        (run / f"checkpoint-{step}/model.safetensors").write_bytes(b"gone")
    assert f"{run}: every checkpoint in it is damaged" in error("predict", run, QUESTION)


def test_a_second_run_in_the_same_folder_is_refused_with_the_way_on(error, run):
    write("t.json", qa())
    said = error(*train("data.train=t.json", f"output_dir={run}"))
    assert said.startswith(f"output_dir {run} holds a run already; continue it with --resume {run}")
    assert sorted(p.name for p in run.glob("checkpoint-*")) == ["checkpoint-1", "checkpoint-2"]


def test_a_folder_that_another_process_trains_in_is_refused(error):
    write("t.json", qa())
    code = "from tasklab.runs.folder import RunFolder\nrun = RunFolder('out')\nrun.acquire()\n"
    code += "print(flush=True)\ninput()"
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        holder.stdout.readline()
        assert "output_dir out is in use by another run" in error(*train("data.train=t.json", "output_dir=out"))
        holder.communicate(b'\n')


@pytest.mark.parametrize("refused", [
    ("data.train=bad.json",), ("data.train=t.json", "adversarial.name=fgm", "adversarial.target=nothing"),
    ("data.train=t.json", "data.eval=cut.json", "output_dir=deep/run"),
])  # fmt: skip
def test_a_run_whose_data_or_settings_are_refused_leaves_no_folder(error, refused):
    write("t.json", qa())
    write("bad.json", qa(start=3))
    Path("cut.json").write_text("{")
    error(*train(*refused))
    assert sorted(os.listdir()) == ["bad.json", "cut.json", "t.json"]


def test_a_folder_that_a_kill_left_before_the_first_checkpoint_is_told_as_such(error):
    Path("output/qa").mkdir(parents=True)
    Path("output/qa/.lock").touch()
    assert error("predict", "output/qa", QUESTION).startswith("output/qa: a run without a checkpoint; ")
    assert error("train", "qa_bert_tiny", "--resume", "output/qa").startswith("output/qa: a run without a checkpoint; ")


def test_hyphens_in_predict_inputs_are_no_separators(run, capsys):
    inputs = ["Wolf-Gang lives in Baden-Baden - well-known? - Where-ever?", "-1 is in Berlin - where?"]
    assert main(["predict", str(run), *inputs]) == 0
    answers = json.loads(capsys.readouterr().out)
    for text, answer in zip(inputs, answers, strict=True):
        assert text[: text.rindex(" - ")][answer["start"] : answer["end"]] == answer["text"]


def test_inputs_that_cannot_be_read_are_told_with_an_example(error, run):
    assert 'input[0]: no " - " between context and question in \'Where?\'; expected "context - question"' in error(
        "predict", run, "Where?"
    )
    Path("in.json").write_text('[{"context": "Berlin", "question": "Where?"}, {"context": "Berlin", "question": " "}]')
    assert error("predict", run, "--file", "in.json").startswith("in.json: [1]: the question is empty")
    assert "no.json: no such file" in error("predict", run, "--file", "no.json")
    assert "top_k = 0: expected a whole number, at least 1" in error("predict", run, QUESTION, "--top-k", "0")


def test_predict_and_resume_before_any_training_say_to_train(error, monkeypatch):
    monkeypatch.setenv("TASKLAB_CHECKPOINTS", os.getcwd())
    said = error("predict", "qa_bert_tiny", QUESTION)
    assert said.startswith("no trained checkpoint of qa_bert_tiny_uncased below output; train first")
    write("t.json", qa())
    assert "no-run" in error("train", "qa_bert_tiny", "data.train=t.json", "--resume", "no-run")


def test_weights_that_cannot_be_found_never_become_a_random_start(error):
    write("t.json", qa())
    said = error("train", "qa_bert_tiny", "data.train=t.json")
    assert said.startswith("no weights for 'bert_tiny'") and "Put these files into checkpoints/bert_tiny/" in said
    said = error(*train("data.train=t.json", "from_scratch=false", "--from", "./x"))
    assert "no such file or folder of weights. ./ holds " in said and "t.json" in said


def test_a_predictions_file_that_cannot_be_written_is_told(error, run):
    data = write("t.json", qa())
    Path("plain").write_text("")
    said = error("evaluate", run, f"data.eval={data}", "--predictions", "plain/p.json")
    assert said.startswith("plain")


@pytest.mark.slow
@pytest.mark.parametrize("number, statuses", [(signal.SIGINT, (130, 143)), (signal.SIGTERM, (143,))])
def test_a_signal_saves_and_names_the_command_that_continues(number, statuses):
    # MindSpore turns a Ctrl-C that comes while a graph runs into SIGTERM
    write("t.json", *(qa(str(i)) for i in range(4)))
    words = train("data.train=t.json", "output_dir=run", "train.max_steps=1000000", "train.logging_steps=5")
    with subprocess.Popen([sys.executable, "-m", "tasklab.cli", *words], stderr=subprocess.PIPE, text=True) as process:
        next(line for line in process.stderr if line.startswith("global step"))
        process.send_signal(number)
        said = process.communicate()[1].splitlines()[-1]
    assert process.returncode in statuses
    assert said.startswith("stopped after global step ")
    assert said.endswith("Continue with: tasklab train --resume run")
    assert list(Path("run").glob("checkpoint-*"))


def test_a_program_shows_no_traceback(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "tasklab.cli", "train", "qa_bert_tiny", "data.train=no.json", *TINY],
        capture_output=True, text=True,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.splitlines()[-1].startswith("error: no.json: no such file") and "Traceback" not in done.stderr
    assert [p.name for p in tmp_path.iterdir() if p.name != "output"] == []  # no rank_0/, no kernel_meta/


def test_a_report_needs_a_folder_with_a_name(error, run):
    assert error("evaluate", str(run), "--report", "").startswith("'' names no folder to write into; name one")


def test_a_random_start_wants_no_weights_beside_the_description(error):
    os.mkdir("plain")
    sizes = {"vocab_size": 216, "hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2}
    described = {"model_type": "bert", "intermediate_size": 32, "max_position_embeddings": 64, **sizes}
    Path("plain/config.json").write_text(json.dumps(described), encoding="utf-8")
    Path("train.csv").write_text("text,label\nit rains,a\nthe sun shines,b\n", encoding="utf-8")
    words = ["train", "text_classification", "plain", "data.train=train.csv", "train.max_steps=1", "device_target=CPU",
             "data.eval=no", "data.max_seq_length=16"]  # fmt: skip
    assert "no vocabulary; set tokenizer.vocab" in error(*words, "from_scratch=true")
    assert "plain: holds no model.safetensors" in error(*words)
    shutil.copy(VOCAB, "plain/vocab.txt")
    assert main([*words, "from_scratch=true", "output_dir=out"]) == 0
    assert list(Path("out").glob("checkpoint-1"))
