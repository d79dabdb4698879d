"""What README.md tells a user to type exists and runs: names, options, settings, Python and commands."""

import json
import re
import shlex
from pathlib import Path

import pytest
import tiny_qa

import tasklab
from tasklab import Trainer, cli, list_models, list_tasks
from tasklab.weights.catalogue import named_weights

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
FENCES = re.findall(r"^```(\w*)\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
PYTHON = [text for language, text in FENCES if language == "python"]
INSTALL = ('pip install -e . && tasklab demo', 'pip install -e ".[test]" && pytest')


def commands() -> list[str]:
    """Every `tasklab ...` line of the fences and of the running text, without comments."""
    lines = [line for language, text in FENCES if language != "python" for line in text.splitlines()]
    inline = re.findall(r"`(tasklab [^`]+)`", re.sub(r"^```.*?^```", "", README, flags=re.MULTILINE | re.DOTALL))
    found = [line.strip() for line in lines if line.startswith("tasklab ")] + [" ".join(c.split()) for c in inline]
    return list(dict.fromkeys(" ".join(shlex.split(command, comments=True)) for command in found))


def words_of(command: str) -> list[str]:
    lines = [line for language, text in FENCES if language != "python" for line in text.splitlines()]
    full = next((line for line in lines if " ".join(shlex.split(line, comments=True)) == command), command)
    return shlex.split(full, comments=True)[1:]


@pytest.fixture
def user(tmp_path, placed, squad, monkeypatch):
    """A folder as the README imagines it: my/, squad/, a store with every named backbone, all at toy size."""
    Path("my").mkdir()
    for name in ("train", "dev"):
        Path("my", f"{name}.json").write_text(json.dumps(tiny_qa.squad()), encoding="utf-8")
    Path("squad").symlink_to(squad)
    shapes = Path("shapes")
    for name in ("minilm_l6", "bert_mini", "bert_base_uncased"):
        tiny_qa.write_bert(shapes / name)
    monkeypatch.setenv("TASKLAB_CHECKPOINTS", str(shapes.resolve()))
    original = Trainer.__init__

    def tiny(self, args=None, *others, **named):
        model = named.get("model")
        settings = tiny_qa.settings()
        if str(model).startswith("txtcls"):
            del settings["data.doc_stride"]
        original(self, args or (None if model and Path(model).is_dir() else settings), *others, **named)
        self.config.device_target = "CPU"

    monkeypatch.setattr(Trainer, "__init__", tiny)
    Trainer(model="qa_minilm_l6", train_dataset="my/train.json", output_dir="output/demo").train()
    rows = [f"{name} lives here,{label}" for label in ("yes", "no") for name in ("anna", "ben", "clara", "dan")]
    Path("tickets.csv").write_text("\n".join(["text,label", *rows]), encoding="utf-8")


def test_the_two_commands_that_start_everything_are_there():
    for command in INSTALL:
        assert command in README


def test_the_readme_has_commands_and_python_to_check():
    assert len(commands()) >= 5 and len(PYTHON) >= 2


@pytest.mark.parametrize("command", commands())
def test_every_command_parses(command):
    words = words_of(command)
    if words and words[-1] in ("NAME", "FOLDER"):
        assert words[0] in ("show", "predict", "train", "evaluate")
        return
    options, left = cli.parser().parse_known_args(words)
    assert [word for word in left if word.startswith("-")] == []
    for word in words:
        key, equals, _ = word.partition("=")
        if equals and "." in key and " " not in word:
            assert key in Trainer(task="question_answering", model="minilm_l6").config, f"unknown setting {key}"


def test_every_name_in_the_tables_is_known():
    known = {m["name"] for m in list_models()} | set(list_tasks()) | set(named_weights())
    table = README[README.index("## Names") : README.index("**Where weights come from**")]
    mentioned = re.findall(r"`([a-z]+_\w+)`", table)
    assert len(mentioned) > 10 and set(mentioned) <= known
    told = README + (ROOT / "docs" / "encoders.md").read_text(encoding="utf-8")
    for model in list_models():  # every task and every backbone; the recipes of a task are in `tasklab list`
        assert (model["task"] or model["name"]) in told


def test_the_python_snippets_use_only_what_the_package_offers():
    for text in PYTHON:
        compile(text, "README.md", "exec")
        for name in re.findall(r"from tasklab import (.+)", text):
            assert all(hasattr(tasklab, part.strip()) for part in name.split(","))
        for verb in re.findall(r"trainer\.(\w+)\(", text):
            assert callable(getattr(Trainer, verb))


@pytest.mark.slow
def test_the_python_snippets_run_one_after_the_other(user):
    space = {}
    for text in PYTHON:
        exec(compile(text, "README.md", "exec"), space)
    assert isinstance(space["trainer"].evaluate(eval_checkpoint=True)["f1"], float)
    assert Path("output/qa_bert_base_uncased").is_dir() and Path("output/qa_minilm_l6").is_dir()


@pytest.mark.slow
def test_the_commands_run_one_after_the_other(user, capsys):
    """All but the demo and the search, which train for minutes: .ci/run and test_search_runs.py run them; and those of
    real weights that generate: tests/test_chat.py and tests/generation run tiny ones."""
    ran = []
    for command in commands():
        words = words_of(command)
        if words[0] in ("demo", "search") or words[-1] in ("NAME", "FOLDER") or any("..." in word for word in words):
            continue
        if any("smollm2" in word for word in words):
            continue
        status = cli.main(words)
        captured = capsys.readouterr()
        assert status == 0 or words[0] == "doctor", (command, captured.err)
        ran.append(words[0])
    assert {"train", "evaluate", "predict", "list"} <= set(ran)


def test_every_file_it_links_to_exists():
    missing = [link for link in re.findall(r"\]\(((?!http)[^)#]+)", README) if not (ROOT / link).exists()]
    assert missing == []


def test_no_placeholder_is_left():
    assert re.findall(r"@[A-Z]+@|\bTODO\b|\bXXX\b", README) == []


