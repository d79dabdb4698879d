"""A task outside the package, one file and one recipe, does all that ours do; no other file knows of it."""

import json
import os
import subprocess
import sys
from itertools import permutations
from pathlib import Path

import pytest
import tiny_qa

import tasklab

PLUGINS = Path(__file__).parents[1] / "fixtures/plugins"
STORIES = [
    (f"{name} is in {city} .", f"where is {name} ?", f"then {name} lives .") for name, city in tiny_qa.PEOPLE.items()
]


def tasklab_(*words, plugins=PLUGINS, status=0) -> str:
    """What the command prints, log included."""
    root = Path(tasklab.__file__).parents[1]
    environment = os.environ | {"TASKLAB_PLUGINS": str(plugins), "PYTHONPATH": str(root)}
    command = [sys.executable, "-m", "tasklab.cli", *map(str, words)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == status, done.stderr
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A trained run: every story in each of its orders but one, which is what it is evaluated on."""
    home = tmp_path_factory.mktemp("ordering")
    rows = {"train.jsonl": [], "dev.jsonl": []}
    for number, story in enumerate(STORIES):
        for k, shuffled in enumerate(permutations(range(3))):
            order = sorted(range(3), key=shuffled.__getitem__)  # shuffled[order[i]] is sentence i of the story
            row = {"sentences": [story[i] for i in shuffled], "order": order}
            rows["dev.jsonl" if k == number % 6 else "train.jsonl"].append(json.dumps(row))
    for name, lines in rows.items():
        (home / name).write_text("\n".join(lines) + "\n")
    vocabulary = tiny_qa.write_vocabulary(home)
    settings = {
        "data.train": home / "train.jsonl", "data.eval": home / "dev.jsonl", "tokenizer.vocab": vocabulary,
        "model.vocab_size": tiny_qa.VOCAB_SIZE, **{f"model.{key}": value for key, value in tiny_qa.SIZES.items()},
        "data.max_seq_length": 32, "data.num_buckets": 1, "optimizer.lr": 0.01, "output_dir": home / "run",
        "model.hidden_dropout_prob": 0, "model.attention_probs_dropout_prob": 0, "model.initializer_range": 0.1,
    }  # fmt: skip
    log = tasklab_("train", "order_bert_tiny", *(f"{key}={value}" for key, value in settings.items()))
    assert "Order Metric = {'tau': " in log and "trivial baseline: {'tau': " in log
    return home


@pytest.mark.slow
def test_it_learns_and_answers_from_its_folder_alone(home):
    metrics = json.loads(tasklab_("evaluate", home / "run", f"data.eval={home / 'dev.jsonl'}").partition("}")[0] + "}")
    assert metrics["tau"] > 0.9 and metrics["total"] == len(STORIES) and metrics["loss"] < 0.5
    asked = json.dumps({"sentences": list(reversed(STORIES[0]))})
    assert '"order": [\n   2,\n   1,\n   0\n  ]' in tasklab_("predict", home / "run", asked)
    (home / "asked.jsonl").write_text(asked + "\n")
    tasklab_("predict", home / "run", "--file", home / "asked.jsonl", "--output", home / "answers.jsonl")
    assert json.loads((home / "answers.jsonl").read_text())["sentences"] == list(STORIES[0])


@pytest.mark.slow
def test_without_the_plug_in_its_folder_says_what_is_missing(home):
    told = tasklab_("predict", home / "run", "x", plugins="", status=1)
    assert "no task named 'sentence_ordering'. Known: " in told
    assert "what a plug-in brings is known where TASKLAB_PLUGINS names its folder (docs/plugins.md)" in told
    assert f"needs {PLUGINS / 'sentence_ordering.py'}" in told


@pytest.mark.slow
def test_it_is_listed_and_its_files_are_looked_into(home):
    listed = tasklab_("list", "sentence_ordering")
    assert "order_bert_tiny" in listed and "Sentences back in their order" in listed
    told = tasklab_(
        "doctor", "data", home / "train.jsonl", "--eval", home / "dev.jsonl", "--model", "order_bert_tiny",
        f"tokenizer.vocab={home / 'vocab.txt'}",
    )  # fmt: skip
    assert "50 examples" in told and "nothing has to be fixed; start with:" in told


@pytest.mark.slow
def test_it_goes_to_other_programs_and_runtimes(home):
    told = tasklab_("convert", home / "run", home / "theirs", "--to", "huggingface")
    assert "verified: largest difference on a probe 0.0e+00" in told
    described = json.loads((home / "theirs" / "config.json").read_text())
    assert described["architectures"] == ["BertForSequenceClassification"]
    assert described["id2label"] == {"0": "after", "1": "before"}
    told = tasklab_("tools", "export", home / "run", home / "order.onnx")
    assert "its outputs differ from tasklab's by at most" in told
