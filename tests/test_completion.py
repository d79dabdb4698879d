"""What a shell is told when somebody presses Tab: right, and without waiting for MindSpore."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import tasklab
from tasklab.cli import main
from tasklab.commands import VERBS
from tasklab.commands.completion import SCRIPTS, candidates

ROOT = Path(tasklab.__file__).parents[1]


@pytest.fixture(autouse=True)
def runs(tmp_path):
    for name in ("qa_minilm_l6/checkpoint-3", "txtcls/checkpoint-9", "nothing"):
        (tmp_path / "output" / name).mkdir(parents=True)


@pytest.mark.parametrize(
    "words, found",
    [
        (["tra"], ["train"]),
        (["train", "qa_mini"], ["qa_minilm_l6"]),
        (["train", "text_class"], ["text_classification"]),
        (["train", "text_classification", "bert_t"], ["bert_tiny"]),
        (["predict", "output/"], ["output/qa_minilm_l6", "output/txtcls"]),
        (["train", "--resume", "output/t"], ["output/txtcls"]),
        (["train", "qa_minilm_l6", "o"], ["output_dir=", "optimizer."]),
        (["train", "qa_minilm_l6", "data.train=a", "train.eval_s"], ["train.eval_strategy=", "train.eval_steps="]),
        (["evaluate", "run", "data.metric=c"], ["data.metric=cmrc"]),
        (["train", "run", "train.eval_strategy", "=", "e"], ["epoch"]),  # as bash takes them apart
        (["train", "run", "loss.balanced", "="], ["true", "false"]),
        (["train", "run", "data.train=tr"], []),  # files
        (["train", "run", "data.train", "=", "tr"], []),
        (["evaluate", "run", "--pre"], ["--predictions"]),
        (["doctor", "e"], ["env"]),
        (["doctor", "data", ""], []),
        (["doctor", "data", "a.tsv", "loss.bal"], ["loss.balanced="]),
        (["list", "text_"], ["text_classification", "text_generation", "text_infilling", "text_matching"]),
        (["tools", "exp"], ["export"]),
        (["completion", "z"], ["zsh"]),
        (["convert", "out"], []),
        (["no_verb", "x"], []),
        (["train", "x", "no.such", "=", "a"], []),
    ],
)
def test_what_may_follow(words, found):
    assert candidates(words) == found


def test_without_a_word_every_verb_may_follow():
    assert len(candidates([""])) == len(candidates([])) == len(VERBS)


def test_it_answers_without_mindspore():
    for word in ("qa", "data.", "output/"):
        code = f"import sys; from tasklab.cli import main; main(['completion', 'words', 'train', 'x', {word!r}])\n"
        code += "print('mindspore' in sys.modules)"
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
        assert done.stdout.splitlines()[-1] == "False", done.stderr


@pytest.fixture
def on_path(tmp_path, monkeypatch):
    """`tasklab` as a command of the shell."""
    program = tmp_path / "tasklab"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m tasklab.cli "$@"\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))


def test_bash_gets_the_candidates(on_path):
    script = 'eval "$(tasklab completion bash)"; COMP_WORDS=(tasklab train qa_mini); COMP_CWORD=2; _tasklab\n'
    script += 'printf "%s|" "${COMPREPLY[@]}"; complete -p tasklab'
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, timeout=60)
    assert done.stdout == "qa_minilm_l6|complete -o default -F _tasklab tasklab\n", done.stderr


@pytest.mark.skipif(not shutil.which("fish"), reason="fish is not installed")
def test_fish_gets_the_candidates(on_path):
    script = 'tasklab completion fish | source; complete -C "tasklab train qa_mini"'
    done = subprocess.run(["fish", "--no-config", "-c", script], capture_output=True, text=True, timeout=60)
    assert done.stdout == "qa_minilm_l6\n", done.stderr


@pytest.mark.skipif(not shutil.which("zsh"), reason="zsh is not installed")
@pytest.mark.parametrize(
    "typed, added",
    [
        ("tasklab train qa_mini", "-Q -S  --\n-Q -- qa_minilm_l6\n"),
        ("tasklab train x train.eval_str", "-Q -S  -- train.eval_strategy=\n-Q --\n"),
        ("tasklab train x data.train=tr", "files\n"),
    ],
)
def test_zsh_gets_the_candidates(typed, added, on_path):
    script = 'compdef() {}; compset() {}; _files() { print files }; compadd() { print -r -- "$@" }\n'
    script += f'eval "$(tasklab completion zsh)"; words=({typed}); CURRENT=${{#words}}\n'
    done = subprocess.run(["zsh", "-fc", script + "_tasklab"], capture_output=True, text=True, timeout=60)
    assert done.stdout == added, done.stderr


@pytest.mark.parametrize("shell", SCRIPTS)
def test_each_shell_has_a_script(shell, capsys):
    assert main(["completion", shell]) == 0
    assert "tasklab completion words" in capsys.readouterr().out
