"""The command line: speed of the first word, exit statuses, and where names, settings and inputs may stand."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tasklab import trainer
from tasklab.cli import main
from tasklab.config import Config, find_task, resolve
from tasklab.data.texts.settings import TextDataConfig
from tasklab.errors import DataError, Interrupted, MissingColumns

VERBS = ("train", "evaluate", "predict", "list", "show", "doctor", "demo")


@pytest.fixture
def calls(monkeypatch):
    """Replaces Trainer; every use is recorded as (what, arguments)."""
    calls = []

    class Recorder:
        def __init__(self, **names):
            calls.append(("Trainer", names))

        def __getattr__(self, verb):
            def call(*args, **options):
                calls.append((verb, (args, options)))
                answers = {"predict_parts": iter([[{"label": "a"}]]), "train": {"output_dir": "output/toy-2"}}
                return answers.get(verb, {"f1": 1.0})

            return call

        config = Config.create(TextDataConfig, task="text_classification", name="toy")
        example = staticmethod(lambda: "a - b")

    monkeypatch.setattr(trainer, "Trainer", Recorder)
    return calls


def usage_error(capsys, *words) -> str:
    with pytest.raises(SystemExit) as stop:
        main(list(words))
    assert stop.value.code == 2
    return capsys.readouterr().err


def python(*words, **environment):
    return subprocess.run(
        [sys.executable, *words], capture_output=True, text=True, env={**os.environ, **environment}, timeout=120
    )


def test_help_loads_no_heavy_package():
    code = "import sys, tasklab, tasklab.cli\ntry: tasklab.cli.main(['--help'])\nexcept SystemExit: pass\n"
    code += "print([m for m in ('mindspore', 'mindformers', 'numpy', 'yaml') if m in sys.modules])"
    done = python("-c", code)
    assert done.stdout.splitlines()[-1] == "[]" and done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    "words", [["list"], ["show", "qa_minilm_l6"], ["show", "qa_minlm"], ["doctor", "data", "no.json"]]
)
def test_what_only_reads_names_and_files_does_not_load_mindspore(words):
    code = f"import sys; from tasklab.cli import main; main({words}); print('mindspore' in sys.modules)"
    assert python("-c", code).stdout.splitlines()[-1] == "False"


def test_the_module_runs_as_a_program_and_names_its_verbs():
    done = python("-m", "tasklab.cli", "--help")
    assert done.returncode == 0 and all(f"\n    {verb}" in done.stdout for verb in VERBS)
    assert python("-m", "tasklab.cli", "--version").stdout.startswith("tasklab ")


def test_without_a_verb_the_help_is_shown_and_the_status_is_2(capsys):
    assert main([]) == 2
    assert "first steps:" in capsys.readouterr().out


def test_wrong_usage_is_answered_with_the_usage_of_the_verb(capsys):
    assert "usage: tasklab train [TASK] NAME" in usage_error(capsys, "train")
    assert "unexpected --frob" in usage_error(capsys, "train", "qa_minilm_l6", "--frob")
    assert "unexpected 'two' behind the name 'qa_minilm_l6'" in usage_error(capsys, "train", "qa_minilm_l6", "two")
    assert "no model is named" in usage_error(capsys, "show", "data.limit=1")
    assert "give inputs as arguments or with --file" in usage_error(capsys, "predict", "qa_minilm_l6")
    assert "not allowed with" in usage_error(capsys, "train", "qa_minilm_l6", "--resume", "a", "--from", "b")
    assert "goes with --eval" in usage_error(capsys, "doctor", "data", "train.json", "dev.json")


@pytest.mark.parametrize(
    "typed, right",
    [
        ("tran x", "tasklab train x"),
        ("fit qa_minilm_l6 data.train=a", "tasklab train qa_minilm_l6 data.train=a"),
        ("cross_validate x", "tasklab cross-validate x"),
        ("check a.tsv", "tasklab doctor data a.tsv"),
        ("help", "tasklab --help"),
        ("export run a.onnx", "tasklab tools export run a.onnx"),
        ("run text", "tasklab predict run text"),
        ("qa_minilm_l6", "tasklab train qa_minilm_l6"),
        ("evaluate run --eval dev.jsonl", "tasklab evaluate run data.eval=dev.jsonl"),
        ("evaluate run --train a --data_dir=b", None),
        ("train n --epochs 3 data.train=a", "tasklab train n train.epochs=3 data.train=a"),
        ("train n --lr 3e-5 --batch-size=8 --balanced", "tasklab train n optimizer.lr=3e-5 train.batch_size=8 "
         "loss.balanced=true"),
        ("train --model_name_or_path n --num_train_epochs 2", "tasklab train n train.epochs=2"),
        ("train n --doc_stride 64 --max-length 200", "tasklab train n data.doc_stride=64 data.max_seq_length=200"),
        ("train n --seed -1", "tasklab train n seed=-1"),
        ("train n --fp16", "tasklab train n precision=fp16"),
        ("predict run --text a --top_k 2", "tasklab predict run a --top-k 2"),
        ("predict run a --ouput b.tsv", "tasklab predict run a --output b.tsv"),
        ("doctor data --train a.tsv --epochs 3", "tasklab doctor data a.tsv train.epochs=3"),
        ("convert a b --epochs 3 --to uer", None),
        ("train qa_minilm_l6 train.tsv dev.tsv", "data.train=train.tsv data.eval=dev.tsv"),
        ("evaluate run dev.tsv", "data.eval=dev.tsv"),
        ("train qa_minilm_l6 train.epochs 3", "train.epochs=3"),
        ("train qa_minilm_l6 data.train = a.tsv", "data.train=a.tsv"),
        ("evaluate output/no dev.tsv", "data.eval=dev.tsv"),
        ("doctor run --eval dev.tsv", "tasklab doctor data run --eval dev.tsv"),
    ],
)  # fmt: skip
def test_a_mistyped_command_is_answered_with_the_right_one(typed, right, capsys):
    Path("run").mkdir()
    said = usage_error(capsys, *typed.split()).partition(": error: ")[2]
    told = said.splitlines()[0]
    assert told.endswith(f": {right}") if right else "did you mean" not in told, said


@pytest.mark.parametrize("content", ["text,label\na: b,c\n", '[{"data": {}}]', '{"data": []}'])
def test_a_file_of_rows_in_place_of_a_model_is_told_where_to_go(content, capsys):
    Path("my rows.csv").write_text(content)
    assert main(["train", "my rows.csv"]) == 1
    assert capsys.readouterr().err.endswith("this says what to do: tasklab doctor data 'my rows.csv'\n")


def test_of_two_texts_the_first_is_proposed(capsys):
    assert main(["show", "txtcls_minilm_l6", "data.text=ticket"]) == 1
    assert "unknown key 'data.text'; did you mean 'text_a'?" in capsys.readouterr().err


@pytest.mark.parametrize(
    "name, task",
    [("sentiment-analysis", "text_classification"), ("ner", "token_classification"), ("qa", "question_answering"),
     ("fill-mask", "masked_language_modeling"), ("feature-extraction", "feature_extraction")],
)  # fmt: skip
def test_tasks_go_by_the_names_that_people_know(name, task, calls, capsys):
    main(["train", name])
    main(["train", name, "minilm_l6"])
    assert [names["model"] for what, names in calls if what == "Trainer"] == [None, "minilm_l6"]
    assert find_task(task=name) == task
    Path(name).mkdir()
    main(["show", name, "bert_tiny"])
    assert calls[-1][1]["task"] == name
    capsys.readouterr()
    assert main(["list", name]) == 0 and capsys.readouterr().out.startswith(f"{task}\n")


def test_a_run_named_like_a_task_of_others_is_that_run(calls):
    Path("ner").mkdir()
    main(["predict", "ner", "a"])
    assert calls[0][1] == {"task": None, "model": "ner", "overrides": []}


def test_a_task_before_the_name_is_told_apart_from_inputs(calls):
    main(["predict", "question_answering", "bert_tiny", "a - b", "c - d"])
    assert calls[0] == ("Trainer", {"task": "question_answering", "model": "bert_tiny", "overrides": []})
    assert calls[1] == ("predict", ((None,), {"input_data": ["a - b", "c - d"], "top_k": 1}))


def test_settings_and_inputs_may_stand_behind_the_options(calls):
    main(["train", "qa_minilm_l6", "--from", "weights", "data.train=my data/t.json", "train.epochs=3"])
    assert calls[0][1]["overrides"] == ["data.train=my data/t.json", "train.epochs=3"]
    assert calls[1] == ("train", (("weights",), {"do_finetune": True}))
    calls.clear()
    inputs = ["x=1 and y=2 - what is x?", "- starts with a hyphen - yes?"]
    main(["predict", "run", "--top-k", "3", *inputs, "evaluate.batch_size=4"])
    assert calls[0][1] == {"task": None, "model": "run", "overrides": ["evaluate.batch_size=4"]}
    assert calls[1][1][1] == {"input_data": inputs, "top_k": 3}


@pytest.mark.parametrize("text", ["e=mc2", "a=b是什么意思", "label=good", "x.y=1", "name=Bob", "data.x=1 y"])
def test_a_text_that_holds_an_equals_sign_is_a_text(text, calls):
    main(["predict", "run", text, "data.limit=3", "doc_stride=8", "seed=1"])
    assert calls[0][1]["overrides"] == ["data.limit=3", "doc_stride=8", "seed=1"]
    assert calls[1][1][1]["input_data"] == [text]


def test_a_file_among_the_texts_is_told(calls, tmp_path, monkeypatch, caplog):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "my rows.tsv").write_text("a")
    main(["predict", "run", "a text", "my rows.tsv"])
    assert calls[1][1][1]["input_data"] == ["a text", "my rows.tsv"]
    told = "my rows.tsv is answered as a text; what that file holds is read by --file 'my rows.tsv'"
    assert caplog.messages == [told]


def test_a_column_may_have_a_blank_in_its_name(calls):
    main(["predict", "run", "a", "data.text_a=Message Text"])
    assert calls[0][1]["overrides"] == ["data.text_a=Message Text"] and calls[1][1][1]["input_data"] == ["a"]


def test_behind_two_hyphens_every_word_is_a_text(calls):
    main(["predict", "run", "seed=1", "first", "--top-k", "2", "--", "seed=2", "--top-k", "--"])
    assert calls[0][1] == {"task": None, "model": "run", "overrides": ["seed=1"]}
    assert calls[1][1][1] == {"input_data": ["first", "seed=2", "--top-k", "--"], "top_k": 2}


def test_a_mistyped_key_of_a_section_is_no_text(calls):
    main(["predict", "run", "data.max_seq_lenght=8", "a"])
    assert calls[0][1]["overrides"] == ["data.max_seq_lenght=8"] and calls[1][1][1]["input_data"] == ["a"]


def test_a_setting_with_blanks_is_a_text_and_told(calls, caplog):
    main(["predict", "run", "a", "data.text_a = x", "data.x = y", "x = y"])
    assert calls[1][1][1]["input_data"] == ["a", "data.text_a = x", "data.x = y", "x = y"]
    (record,) = caplog.records
    assert record.message.endswith("is answered as a text; as a setting it has no blanks: data.text_a=x")


@pytest.mark.parametrize(
    "verb, given, unused",
    [
        ("predict", "train.epochs=3 loss.focal_gamma=2 data.label=x", "train.epochs, loss.focal_gamma, data.label"),
        ("predict", "train.load_best_model_at_end=no data.on_bad_row=skip", None),
        ("evaluate", "learning_rate=1e-5 loss.focal_gamma=2 data.label=x data.subset=0.5", "optimizer.lr, data.subset"),
        ("evaluate", "evaluate.batch_size=3", None),
    ],
)  # fmt: skip
def test_settings_that_change_no_answer_are_told(verb, given, unused, calls, monkeypatch, caplog):
    config = resolve("text_classification", "bert_tiny", given.split(), data_class=TextDataConfig)
    monkeypatch.setattr(trainer.Trainer, "config", config)
    main([verb, "run", *(["a"] if verb == "predict" else [])])
    told = [record.message for record in caplog.records]
    assert told == ([f"settings that change nothing here: {unused}"] if unused else [])


@pytest.mark.parametrize("file, told", [(".", ".: a folder; name the one"), ("x.tsv", "x.tsv: no such file; . holds")])
def test_a_file_of_inputs_that_is_none_is_told_before_anything_is_loaded(file, told, calls, capsys):
    assert main(["predict", "run", "--file", file]) == 1
    assert f"error: {told}" in capsys.readouterr().err and len(calls) == 1


def test_answers_are_escaped_where_the_output_cannot_hold_them():
    code = "from tasklab.commands import print_json; print_json([{'text': '林😀'}])"
    assert python("-c", code, PYTHONIOENCODING="ascii").stdout == '[\n {\n  "text": "\\u6797\\ud83d\\ude00"\n }\n]\n'
    assert "林😀" in python("-c", code, PYTHONIOENCODING="utf-8").stdout
    done = python("-m", "tasklab.cli", "show", "林", PYTHONIOENCODING="ascii")
    assert done.returncode == 1 and done.stderr.startswith("error: no model named '\\u6797'")


def test_the_last_line_of_train_names_the_run_that_it_made(calls, capsys):
    main(["train", "toy"])
    assert capsys.readouterr().err.splitlines()[-1] == "answer with it: tasklab predict output/toy-2 'a - b'"


@pytest.mark.parametrize(
    "words, told",
    [
        ("evaluate run data.eval=x --checkpoint c", "answer with it: tasklab predict run --checkpoint c 'a - b'"),
        ("predict run a data.limit=3", "answers to a file: tasklab predict run --file FILE --output answers.csv"),
        ("cross-validate toy data.train=a", "train on all of it: tasklab train toy data.train=a"),
    ],
)
def test_where_a_person_watches_the_last_line_is_the_next_command(words, told, calls, monkeypatch, capsys):
    main(words.split())
    assert capsys.readouterr().err == ""
    monkeypatch.setattr("tasklab.commands.watched", lambda: True)
    main(words.split())
    assert capsys.readouterr().err == told + "\n"


def test_a_terminal_gets_metrics_as_json_when_it_asks_for_them(calls, monkeypatch, capsys):
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    main(["evaluate", "run"])
    assert capsys.readouterr().out == "metrics\n  f1  1.0000\n"  # stderr, where the log has them, is no terminal
    main(["evaluate", "run", "--json"])
    assert capsys.readouterr().out == '{\n "f1": 1.0\n}\n'


def test_scores_of_all_classes_are_asked_for_by_uer_s_options(calls):
    main(["predict", "--output_prob", "run", "a", "--output-logits", "--output", "answers.jsonl"])
    assert calls[0][1]["overrides"] == ["data.output_logits=true", "data.output_prob=true"]
    assert calls[1][1][1] == {"input_data": ["a"], "top_k": 1}
    with open("answers.jsonl") as file:
        assert file.read() == '{"label": "a"}\n'


def test_resume_and_checkpoint_options_reach_the_trainer(calls, capsys):
    Path("output/x").mkdir(parents=True)
    main(["train", "qa_minilm_l6", "--resume", "output/x"])
    assert calls[1] == ("train", (("output/x",), {"do_finetune": False}))
    calls.clear()
    main(["evaluate", "qa_minilm_l6", "--checkpoint", "c", "--predictions", "p.json"])
    assert calls[1] == ("evaluate", (("c",), {"predictions_file": "p.json", "report_folder": None}))
    assert capsys.readouterr().out == '{\n "f1": 1.0\n}\n'


@pytest.mark.parametrize(
    "problem, status, said",
    [
        (DataError("x.json: is empty"), 1, "error: x.json: is empty\n"),
        (MissingColumns("t.csv: no text", ["data.text_a=my text"]), 1,
         "error: t.csv: no text\nif that is right: tasklab show qa_minilm_l6 'data.text_a=my text'\n"),
        (Interrupted("stopped after step 3", 2), 130, "stopped after step 3\n"),
        (Interrupted("stopped after step 3", 15), 143, "stopped after step 3\n"),
        (KeyboardInterrupt(), 130, "stopped\n"),
        (PermissionError(13, "Permission denied", "p.json"), 1, "error: p.json: Permission denied\n"),
    ],
)
def test_the_exit_status_tells_who_ended_the_run(problem, status, said, monkeypatch, capsys):
    def fail(**_):
        raise problem

    monkeypatch.setattr(trainer, "Trainer", fail)
    assert main(["show", "qa_minilm_l6"]) == status
    assert capsys.readouterr().err == said


@pytest.mark.parametrize("verb, what", [("search", "search"), ("cross-validate", "cross-validation")])
def test_a_search_that_is_stopped_says_how_it_goes_on(verb, what, monkeypatch, capsys):
    class Stopped:
        def __init__(self, **_): ...

        def hyperparameter_search(self, *_, **__):
            raise KeyboardInterrupt

        cross_validate = hyperparameter_search

    monkeypatch.setattr(trainer, "Trainer", Stopped)
    assert main([verb, "toy"]) == 130
    told = f"stopped; what has ended is kept, and the {what} goes on when the same command is given again\n"
    assert capsys.readouterr().err == told


def test_a_reader_that_leaves_early_is_no_error():
    done = subprocess.run(
        ["bash", "-c", f"{sys.executable} -m tasklab.cli list | true; echo ${{PIPESTATUS[0]}}"],
        capture_output=True, text=True,
    )  # fmt: skip
    assert done.stdout.strip() in ("0", "141") and done.stderr == ""


def test_show_prints_yaml_that_is_a_model_again(capsys, tmp_path):
    assert main(["show", "question_answering", "bert_tiny", "train.epochs=7"]) == 0
    first = capsys.readouterr().out
    assert "\n  epochs: 7\n" in first and "\n  hidden_size: 128\n" in first
    (tmp_path / "mine.yaml").write_text(first)
    assert main(["show", "mine.yaml"]) == 0
    assert capsys.readouterr().out == first


def test_list_names_the_recipes_of_one_task_and_the_backbones(capsys):
    assert main(["list", "question_answering"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("question_answering\n") and "  qa_minilm_l6 " in out
    assert "backbones: tasklab train question_answering NAME" in out and "  bert_tiny " in out


@pytest.mark.parametrize(
    "words, said",
    [
        (["list", "question_anwering"], "no task named 'question_anwering'. Did you mean 'question_answering'?"),
        (["train", "question_anwering", "bert_tiny"], "no task named 'question_anwering'. Did you mean"),
        (["show", "qa_minlm_l6"], "no model named 'qa_minlm_l6'. Did you mean 'qa_minilm_l6'"),
        (["show", "bert_tiny"], "model 'bert_tiny' fits any task, so the task has to be named"),
        (["show", "qa_minilm_l6", "train.epoch=3"], "unknown key 'train.epoch'; did you mean 'epochs'?"),
    ],
)
def test_unknown_names_are_answered_with_the_nearest(words, said, capsys):
    assert main(words) == 1
    assert said in capsys.readouterr().err


def test_questions_about_a_file_are_for_tasks_that_answer_such(calls, capsys, tmp_path):
    for words, said in [
        (["--questions", "q.txt"], "--questions are about a file; name it with --context FILE"),
        (["--context", "a.md"], 'ask about --context FILE with words ("How much is it?" ...) or with --questions FILE'),
        (["--context", "a.md", "--questions", "q.txt", "Where?"], "ask about --context FILE with words"),
        (["--context", "a.md", "--file", "q.txt", "Where?"], "ask about --context FILE with words"),
    ]:
        assert said in usage_error(capsys, "predict", "run", *words)
    assert main(["predict", "run", "--context", "a.md", "Where?"]) == 1
    told = 'text_classification answers no questions about a file; it takes for example "a gripping and clever film"'
    assert capsys.readouterr().err == f"error: {told}\n"


def test_a_file_of_inputs_is_a_file_whatever_its_name(calls):
    Path("weiboNER_2nd_conll.dev").touch()
    main(["predict", "run", "--file", "weiboNER_2nd_conll.dev"])
    assert calls[1][1][1] == {"input_data": Path("weiboNER_2nd_conll.dev"), "top_k": 1}


SLOW_IMPORT = """
import os, signal, sys
from tasklab import cli, interrupts
sys.path.insert(0, os.getcwd())
def begin(options):
    import slow_package, time
    time.sleep(5)  # Ctrl-C comes in here once the import is over
cli._parsed = lambda top, arguments: __import__("types").SimpleNamespace(run=begin)
sys.argv = ["tasklab", "list"]
sys.exit(cli.main())
"""


@pytest.mark.parametrize("times, ended", [(1, "imported\n"), (2, "")], ids=["waits for the end", "twice ends at once"])
def test_ctrl_c_within_an_import_is_kept_back_and_then_stops_with_130(times, ended, tmp_path):
    (tmp_path / "slow_package.py").write_text(
        f"import os, signal, time\nfor _ in range({times}):\n    os.kill(os.getpid(), signal.SIGINT)\n"
        "    time.sleep(0.01)\nprint('imported', flush=True)\n"
    )
    (tmp_path / "main.py").write_text(SLOW_IMPORT + "\n")
    done = python("main.py")
    assert (done.returncode, done.stdout, done.stderr) == (130, ended, "stopped\n")


def test_a_closed_output_is_none(tmp_path):
    command = f"{sys.executable} -m tasklab.cli list >&- 2>&-"
    assert subprocess.run(["bash", "-c", command], timeout=120).returncode == 0
    command = f"{sys.executable} -m tasklab.cli show no_such_model >&- 2>&-"
    assert subprocess.run(["bash", "-c", command], timeout=120).returncode == 1
