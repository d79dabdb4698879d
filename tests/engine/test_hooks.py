"""What may listen to a training, and how what may not is answered."""

import inspect
from pathlib import Path

import pytest

from tasklab import Callback, Trainer
from tasklab.engine.hooks import HOOKS, listening
from tasklab.errors import ConfigError
from tasklab.runs.state import read_training_state

DOCS = Path(__file__).parents[2] / "docs" / "callbacks.md"


class TrainerCallback:
    """Stands for HuggingFace's: its hooks get args, state and control."""

    def on_step_end(self, args, state, control, **kwargs): ...


TrainerCallback.__module__ = "transformers.trainer_callback"
EarlyStoppingCallback = type("EarlyStoppingCallback", (TrainerCallback,), {"__module__": TrainerCallback.__module__})


class Mine(TrainerCallback): ...


class Own(Callback):
    def on_log(self, loop, record): ...


class Misspelt(Callback):
    def on_epoch_ends(self, loop): ...


class OtherArguments(Callback):
    def on_log(self, args, state, control, **kwargs): ...


def test_a_callback_of_this_package_is_taken():
    own = Own()
    assert listening([own]) == [own] and listening(None) == [] and listening(()) == []


@pytest.mark.parametrize(("callbacks", "told"), [
    ([Own(), Mine()], r"callbacks\[1\] is a Mine of transformers, whose hooks take \(args, state, control\); expected "
                      r"a tasklab.Callback: class Mine\(tasklab.Callback\) with .* on_log\(self, loop, record\)"),
    ([EarlyStoppingCallback()], r"EarlyStoppingCallback of transformers, .* train.early_stopping_patience does"),
    ([object()], r"callbacks\[0\] is an object; expected a tasklab.Callback: .* docs/callbacks.md"),
    ([Own], r"is the class Own; give an object of it: Own\(\)"),
    ([Misspelt()], r"whose on_epoch_ends nothing would call; did you mean on_epoch_end\?"),
    ([OtherArguments()], r"whose on_log does not take what it would get; write def on_log\(self, loop, record\)"),
    (Own(), r"callbacks is an Own; expected a list of objects"),
])  # fmt: skip
def test_what_would_not_be_called_is_refused_with_the_way(callbacks, told):
    with pytest.raises(ConfigError, match=told):
        listening(callbacks)


def test_it_is_refused_when_the_trainer_is_made_and_when_it_is_added():
    with pytest.raises(ConfigError, match="class Mine"):
        Trainer(task="question_answering", model="qa_bert_base_uncased", callbacks=[Mine()])
    trainer = Trainer(task="question_answering", model="qa_bert_base_uncased", callbacks=[Own()])
    with pytest.raises(ConfigError, match="class Mine"):
        trainer.add_callback(Mine())
    trainer.add_callback(Own())
    assert len(trainer.callbacks) == 2


def test_a_training_calls_every_hook_as_it_is_declared(job):
    called = {}

    class All(Callback):
        def __getattribute__(self, name):
            found = object.__getattribute__(self, name)
            if not name.startswith("on_"):
                return found
            return lambda *arguments: called.setdefault(name, inspect.signature(found).bind(*arguments))

    job(losses=[], scores=[1.0, 2.0], callbacks=[All()], train__epochs=2, train__logging_steps=2).train()
    assert set(called) == set(HOOKS)


@pytest.mark.parametrize(("hook", "ends"), [("on_step_end", 3), ("on_log", 3), ("on_evaluate", 4), ("on_save", 4)])
def test_a_callback_ends_a_training_which_is_evaluated_saved_and_can_go_on(hook, ends, job):
    class At3(Callback): ...

    def stop(self, loop, *_):
        if loop.state.global_step == 3:
            loop.stop()

    setattr(At3, hook, stop)
    settings = {"train__epochs": 2, "train__logging_steps": 1, "train__eval_steps": 3, "train__save_steps": 3}
    loop = job(losses=[], scores=range(9), callbacks=[At3()], **settings)
    state = loop.train()
    assert (state.global_step, state.finished, state.best_step) == (ends, False, ends)
    assert loop.run.checkpoints()[-1].name == f"checkpoint-{ends}"
    again = job(losses=[], scores=range(9, 20), **settings)
    again.restore(*read_training_state(loop.run.checkpoints()[-1]))
    assert again.train().global_step == 10 and again.state.finished


def test_the_example_of_the_docs_runs(job):
    names = {}
    exec(DOCS.read_text(encoding="utf-8").split("```python\n")[1].split("```")[0], names)
    loop = job(losses=[], scores=[0.5, 0.75, 0.96, 0.97], callbacks=[names["Notes"]()], train__epochs=4)
    assert loop.train().global_step == 16  # the step after the evaluation that was good enough
    assert (loop.run.path / "notes.txt").read_text().startswith(
        "step 5: None -> 0.5\nstep 10: 0.5 -> 0.75\nstep 15: 0.75 -> 0.96\n"
    )


def test_the_docs_tell_every_hook_with_its_arguments():
    text = DOCS.read_text(encoding="utf-8")
    for name in HOOKS:
        told = ", ".join(list(inspect.signature(getattr(Callback, name)).parameters)[1:])
        assert f"`{name}({told})`" in text
