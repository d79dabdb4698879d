"""One tiny question answering run, trained once, for every test that only reads it."""

import logging
import os
from pathlib import Path
from types import SimpleNamespace

import pytest
import tiny_qa


class Recorder(logging.Handler):
    """Log lines as a user reads them."""

    def __init__(self):
        super().__init__()
        self.lines = []

    def emit(self, record):
        self.lines.append(record.getMessage())


@pytest.fixture(scope="session")
def store(tmp_path_factory) -> Path:
    """What TASKLAB_CHECKPOINTS points to: random weights under the name bert_base_uncased."""
    folder = tmp_path_factory.mktemp("store")
    tiny_qa.write_bert(folder / "bert_base_uncased")
    return folder


@pytest.fixture(scope="session")
def squad(tmp_path_factory) -> Path:
    """A folder with train-v1.1.json and dev-v1.1.json."""
    return tiny_qa.write_data(tmp_path_factory.mktemp("data") / "squad")


@pytest.fixture
def placed(store, monkeypatch) -> Path:
    """The store, found by name in this test."""
    monkeypatch.setenv("TASKLAB_CHECKPOINTS", str(store))
    return store


@pytest.fixture(scope="session")
def seed_flow(store, squad, tmp_path_factory) -> SimpleNamespace:
    """The flow of the README at toy size: trainer, what each line returned, and what was logged."""
    from tasklab import Trainer

    home = tmp_path_factory.mktemp("seed_flow")
    logger, recorder, before = logging.getLogger("tasklab"), Recorder(), Path.cwd()
    level = logger.level
    logger.addHandler(recorder)
    logger.setLevel(logging.INFO)
    patch = pytest.MonkeyPatch()
    patch.setenv("TASKLAB_CHECKPOINTS", str(store))
    os.chdir(home)
    try:
        os.symlink(squad, "squad")
        # output_dir is absolute so that later tests may run anywhere
        trainer = Trainer(
            tiny_qa.settings(), task="question_answering", model="qa_bert_base_uncased",
            train_dataset="./squad/", eval_dataset="./squad/", output_dir=home / "output" / "qa",
        )  # fmt: skip
        trained = trainer.train(resume_or_finetune_from_checkpoint="qa_bert_base_uncased", do_finetune=True)
        evaluated = trainer.evaluate(eval_checkpoint=True)
        answers = trainer.predict(predict_checkpoint=True, input_data=[tiny_qa.QUESTION])
    finally:
        os.chdir(before)
        patch.undo()
        logger.removeHandler(recorder)
        logger.setLevel(level)
    trainer.config.data.train = trainer.config.data.eval = str(squad)
    return SimpleNamespace(
        trainer=trainer, trained=trained, evaluated=evaluated, answers=answers, log=recorder.lines, home=home
    )
