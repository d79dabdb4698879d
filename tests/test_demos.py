"""Every task has a demo: a recipe, samples that its reader takes whole, and inputs that it answers."""

import json
from pathlib import Path

import pytest

from tasklab.config import marked_models
from tasklab.errors import UnknownName
from tasklab.task import TASKS, list_tasks
from tasklab.text.wordpiece import WordPiece
from tasklab.tools import demo
from tasklab.trainer import Trainer

TOKENIZER = WordPiece(Path(__file__).parent / "fixtures/tiny_wordpiece_vocab.txt")
MODELS = marked_models("demo")
TASK_NAMES = sorted(MODELS)


def task_of(name):
    """The task of a demo's recipe, with a small tokenizer."""
    return TASKS.get(name)(Trainer(model=MODELS[name], task=name).config, TOKENIZER)


def test_every_task_that_ships_has_one():
    assert set(list_tasks()) == set(TASK_NAMES)


@pytest.mark.parametrize("name", [name for name in TASK_NAMES if TASKS.get(name).learns()])
def test_no_row_of_dev_is_in_train(name):
    contents = {split: {repr(row) for row in rows(name, split)} for split in ("train", "dev")}
    assert len(contents["train"]) >= 140 and len(contents["dev"]) >= 25  # documents of five lines among them
    assert not contents["train"] & contents["dev"]


def rows(name, split):
    """What stands in a sample set's files, a line or a block each."""
    for file in sorted((demo.SAMPLES / name).rglob(f"{split}.*")):
        text = file.read_text(encoding="utf-8")
        if file.suffix == ".json":
            articles = json.loads(text)["data"]
            yield from (paragraph["context"] for article in articles for paragraph in article["paragraphs"])
        elif "\n\n" in text:
            yield from text.strip().split("\n\n")
        else:
            labelled = text.startswith("label")
            lines = text.splitlines()[file.suffix == ".tsv" :]
            yield from (line.partition("\t")[2] if labelled else line for line in lines)


@pytest.mark.parametrize("name", TASK_NAMES)
def test_samples_are_read_without_a_bad_row(name):
    task = task_of(name)
    for training in (True, False) if task.learns() else (False,):
        examples, note = task.read(demo.split_of(demo.SAMPLES / name, "train" if training else "dev"), training)
        assert len(examples) and not note


@pytest.mark.parametrize("name", TASK_NAMES)
def test_inputs_are_what_the_task_takes(name):
    lines = (demo.SAMPLES / name / demo.INPUTS).read_text(encoding="utf-8").splitlines()
    assert len(list(task_of(name).parse([json.loads(line) for line in lines]))) == len(lines) > 0


def test_a_task_without_a_demo_is_told_those_that_have_one():
    with pytest.raises(UnknownName, match="'tagging'.* question_answering"):
        demo.run("tagging", "output/demo")
