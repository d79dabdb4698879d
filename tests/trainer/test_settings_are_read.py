"""No setting is accepted and then ignored: each is read by a training, an evaluation or a prediction, or refused."""

import ast
import itertools
import sys

import pytest
import tiny_qa
from no_curves import NoCurves
from test_recipes import TOY

from tasklab import Trainer
from tasklab.config import LoraConfig
from tasklab.config.section import Section
from tasklab.config.values import specs_of
from tasklab.errors import ConfigError
from tasklab.task import TASKS

LOOKING = ("tasklab.config.", "tasklab.session.refusals.", "tasklab.session.start.", "tasklab.saved.")
"""Modules that look at settings without acting on them: they compare, write or refuse."""

ACTING = ("when", "max_tokens", "causal", "pooled")
"""Of these modules, what works values out for others."""

ELSEWHERE = {
    "data.eval": "the jobs below name it themselves",
    "checkpoint": "the runs below start from scratch and name their vocabulary",
    "device_id": "which of several devices; the runs below are on a CPU, of which there is one",
    "train.epochs": "train.max_steps ends the runs below",
    **{f"lora.{key}": "adapters stand beside weights: test_lora_runs.py" for key in LoraConfig()},
}
WITHOUT_HEADER = ("columns", "context", "question", "choices", "answer", "quotes")
"""Of tables of multiple choice; the toy data is JSON."""


@pytest.fixture
def read(monkeypatch):
    """The dotted keys whose values somebody acted on so far."""
    seen, plain = set(), object.__getattribute__

    def recording(section, name):
        kind = plain(section, "__class__")
        if not name.startswith("_") and name in specs_of(kind):
            frame = sys._getframe(1)
            while frame.f_code.co_name in ("__getitem__", "get") and frame.f_globals["__name__"] == Section.__module__:
                frame = frame.f_back
            module, function = frame.f_globals["__name__"] + ".", frame.f_code.co_name
            if function in ACTING or not (module.startswith(LOOKING) or function == "check_settings"):
                seen.add(f"{kind.path}.{name}" if kind.path else name)
        return plain(section, name)

    monkeypatch.setattr(Section, "__getattribute__", recording, raising=False)
    return seen


@pytest.fixture
def trainer(tmp_path, monkeypatch):
    """trainer(task, *overrides): a job of two steps from random weights."""
    monkeypatch.setattr("tasklab.session.training.Curves", NoCurves)

    number = itertools.count()

    def make(task, *overrides):
        vocabulary = tiny_qa.write_vocabulary(tmp_path / "vocabulary")
        own = {"from_scratch": True, "tokenizer.vocab": str(vocabulary), "train.max_steps": 2}
        if TASKS.get(task).head == "causal":
            own["model.encoder"] = "gpt"  # of bert_tiny's size; its tokens see what is before them alone
        run = tmp_path / f"run{next(number)}"
        made = Trainer(TOY[task].settings(**own), task, "bert_tiny", overrides=overrides, output_dir=run)
        made.config.data.train = made.config.data.eval = str(TOY[task].write_for(made.config, tmp_path / "data"))
        return made

    return make


def another(config, key):
    """A value that is not the default, as text."""
    owner, name = config._locate(key)
    spec, value = specs_of(type(owner))[name], owner[name]
    if spec.choices and not isinstance(value, list):
        return next(choice for choice in spec.choices if choice not in (value, "none"))
    if isinstance(value, bool):
        return str(not value).lower()
    if isinstance(value, (int, float)):
        return str(value / 2) if isinstance(value, float) and value else str(int(value) + 1)
    return {dict: "{a: 2}", float: "1.5", int: "2"}.get(getattr(spec.kind, "__origin__", spec.kind), "word")


@pytest.mark.slow
@pytest.mark.parametrize("task", TOY)
def test_what_nobody_reads_is_refused(task, trainer, read):
    job = trainer(task)
    job.train()
    job.evaluate()
    asked = job.example()
    job.predict(input_data=ast.literal_eval(asked) if asked[0] in "[{(" else asked)
    unread = [key for key in job.config.leaf_keys() if key not in read and key not in ELSEWHERE]
    unread = [key for key in unread if key.removeprefix("data.") not in WITHOUT_HEADER or task != "multiple_choice"]
    assert len(unread) > 20  # of other optimizers, schedules, encoders and heads
    accepted = []
    for key in unread:
        value = another(job.config, key)
        if value in ("false", ""):
            continue  # asks for nothing
        try:
            trainer(task, f"{key}={value}").train()
        except ConfigError as error:
            assert key in str(error), f"{key}={value}: {error}"
        else:
            accepted.append(f"{key}={value}")
    assert accepted == []
