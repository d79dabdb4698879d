"""The first five minutes of a task: train on the samples that ship, evaluate, answer, and say what to type next."""

import json
import logging
import shlex
import time
from pathlib import Path

from tasklab.config import marked_models
from tasklab.content import parse_json
from tasklab.errors import DataError
from tasklab.registry import unknown_name
from tasklab.task import TASKS
from tasklab.trainer import Trainer

logger = logging.getLogger("tasklab")

SAMPLES = Path(__file__).resolve().parents[1] / "samples"
INPUTS, VOCABULARY = "predict.jsonl", "vocab.txt"
"""What the trained model is asked: an input per line, in JSON. What a demo from a random start reads words by."""


def run(task: str, output_dir: str) -> int:
    """Runs the whole job of a task; returns the exit status. Raises: UnknownName for a task without samples."""
    models = marked_models("demo")
    if task not in models:
        raise unknown_name("demo of a task", task, sorted(models))
    start, samples, model = time.perf_counter(), SAMPLES / task, models[task]
    trainer = Trainer(
        task=task, model=model, train_dataset=split_of(samples, "train"), eval_dataset=split_of(samples, "dev"),
        output_dir=_unused(Path(output_dir)),
        overrides=[f"tokenizer.vocab={samples / VOCABULARY}"] if (samples / VOCABULARY).is_file() else [],
    )  # fmt: skip
    own, made, after = marked_models("default").get(task, model), "", []
    lines = (samples / INPUTS).read_text(encoding="utf-8").splitlines()
    inputs = [parse_json(line, f"{samples / INPUTS}:{number}", DataError) for number, line in enumerate(lines, 1)]
    if TASKS.get(task).answers_untrained:
        untrained = trainer.config.checkpoint
        logger.info("%s before training", untrained)
        trainer.evaluate(untrained)
        _show(inputs, trainer.predict(untrained, inputs))
    if TASKS.get(task).learns():
        summary = trainer.train()
        model = summary["output_dir"]
        made = f"model: {summary['best_checkpoint']}; loss curve: {model}/curves.png\n"
        train, dev = (f"your/{split_of(samples, split).name}" for split in ("train", "dev"))
        after = [f"doctor data {train} --model {own}", f"train {own} data.train={train} data.eval={dev}"]
    else:
        trainer.evaluate()
    _show(inputs, trainer.predict(input_data=inputs))
    after.insert(0, f"predict {model} {shlex.quote(_typed(inputs[0]))}")
    print(f"done in {time.perf_counter() - start:.0f} s; its files are in {samples}\n{made}next:")
    print("\n".join(f"  tasklab {command}" for command in after))
    return 0


def _show(inputs: list, answers):
    print()
    for given, answer in zip(inputs, answers, strict=True):
        print(f"{_typed(given)}\n  -> {_typed(answer)}")
    print(flush=True)


def _typed(given) -> str:
    """As one types it: a text as it is, all else in JSON."""
    return given if isinstance(given, str) else json.dumps(given, ensure_ascii=False)


def split_of(samples: Path, split: str) -> Path:
    """A sample set's file, or the folder itself where it holds several sets."""
    return next(samples.glob(f"{split}.*"), samples)


def _unused(folder: Path) -> Path:
    """The folder itself, or numbered when an earlier demo is in it."""
    number, candidate = 1, folder
    while candidate.exists():
        number += 1
        candidate = folder.with_name(f"{folder.name}-{number}")
    return candidate
