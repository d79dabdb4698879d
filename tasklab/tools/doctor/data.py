"""`tasklab doctor data`: what is in data files, what to fix first, and what a run will take."""

import shlex
from pathlib import Path

from tasklab.cachedir import cache_dir
from tasklab.config import Config, TrainConfig, default_model, find_model
from tasklab.data.files.sample import sample_of
from tasklab.data.rows.sizes import RowSizes
from tasklab.datahub import at_hand
from tasklab.digest import file_sha256
from tasklab.engine.length import Length, length_of
from tasklab.errors import CheckpointError, DataError, MissingColumns, UnknownName, with_own_names
from tasklab.runs.source import find_source
from tasklab.task import TASKS, UPDATES
from tasklab.text import tokenizer_of
from tasklab.tools.doctor import (
    choices,
    corpus,
    estimate,
    examples,
    extraction,
    generation,
    machine,
    matching,
    pairs,
    prompts,
    questions,
    tags,
    texts,
)
from tasklab.tools.doctor.findings import FIX
from tasklab.trainer import Trainer
from tasklab.weights.catalogue import named_weights, read_entry

KINDS = (extraction, tags, choices, questions, generation, matching, pairs, corpus, prompts, texts)
"""Kinds of data that are looked into closely: each module has DATA, the sections of the tasks that read it,
knows(Sample) whether a file is of the kind, MODEL, the recipe to check for where none is named, and examine(Config,
tokenizer) -> Examined. They are asked in this order; the last takes any file. For other tasks there is `examples`."""


def report(train, dev, model: str | None, overrides, task: str | None = None) -> int:
    """Prints the report; returns 1 when something must be fixed before training, else 0.

    task: None is the model's own; for a backbone and for none the one that the file looks like.
    model: None is the task's default.
    Raises: DataError when a file as a whole cannot be read; UnknownName and ConfigError as `Trainer` does.
    """
    if not train:
        raise DataError("no data to look at: the name is empty; give a file or a folder")
    kind, task, model = _kind(train, task, model)
    config = Trainer(task=task, model=model, train_dataset=train, eval_dataset=dev, overrides=overrides).config
    for key, path, training in (("train", config.data.train, True), ("eval", config.data.eval_path, False)):
        if path:
            config.data[key] = str(at_hand(path, training))
    vocabulary, why_not = _vocabulary(config)
    tokenizer = tokenizer_of(config.tokenizer, vocabulary) if vocabulary else None
    settings = [f"data.train={train}", *([f"data.eval={dev}"] if dev else []), *overrides]
    command = ["train", *_names(task, model), *settings]
    try:
        examined = kind.examine(config, tokenizer)
    except MissingColumns as error:
        error.command = command
        raise
    print(with_own_names("\n".join(examined.shown)))
    sizes, dev_sizes = examined.sizes
    if tokenizer is None:
        command += ["tokenizer.vocab=VOCABULARY"] if config.from_scratch else []
        print(f"\nno vocabulary of {config.name}, so nothing is said about tokens, memory and time:\n  {why_not}")
    elif sizes is not None:
        _show_run(sizes, dev_sizes, config)
    print()
    for line in examined.lines:
        print(with_own_names("\n        ".join((f"{line.level:5} {line.text}", *line.places))))
    to_fix = sum(line.level == FIX for line in examined.lines)
    before = f"{to_fix} to fix before training; then" if to_fix else "nothing has to be fixed;"
    print(f"{before} start with:\n ", shlex.join(["tasklab", *command]))
    return 1 if to_fix else 0


def _kind(train, task: str | None, model: str | None):
    """(kind, task, model): by the names; where these say no task, by the file."""
    origin = find_model(model) if model else None
    if task is None and (model is None or origin is not None and origin.task is None):
        sample = sample_of(at_hand(train, training=True))
        kind = next(kind for kind in KINDS if kind.knows(sample))
        return kind, find_model(kind.MODEL).task, model or kind.MODEL
    trainer = Trainer(task=task, model=model)
    section = type(trainer.config.data)
    kind = next((kind for kind in KINDS if section in kind.DATA), examples)
    return kind, trainer.config.task, model or default_model(trainer.config.task)


def _names(task: str, model: str) -> list[str]:
    """What `tasklab train` wants to hear: a backbone needs its task before it."""
    origin = find_model(model)
    return [task, model] if origin is not None and origin.task is None else [model]


def _vocabulary(config: Config) -> tuple[Path | str | None, str]:
    """(vocabulary file, ''), or (None, why there is none). A listed one is taken from wherever it lies already."""
    if config.tokenizer.vocab or not config.checkpoint:
        return config.tokenizer.vocab, "no tokenizer.vocab is set; add tokenizer.vocab=<vocab.txt>"
    if config.checkpoint in named_weights():
        listed = {file.sha256 for file in read_entry(config.checkpoint).files if file.name == "vocab.txt"} - {None}
        for folder in (Path("checkpoints"), cache_dir() / "weights"):
            for file in sorted(folder.glob("*/vocab.txt")):
                if file_sha256(file) in listed:
                    return file, ""
    try:
        path = find_source(config.checkpoint).vocabulary
        return path, f"{config.checkpoint} brings no vocab.txt; set tokenizer.vocab"
    except (CheckpointError, UnknownName) as error:
        return None, str(error).replace("\n", "\n  ")


def _show_run(train: RowSizes, dev: RowSizes | None, config: Config):
    settings = config.train
    batches = -(-train.rows // settings.batch_size)
    per_epoch = -(-batches // settings.gradient_accumulation_steps)
    length = length_of(settings, per_epoch)
    rows = f"{settings.batch_size} rows"
    if settings.gradient_accumulation_steps > 1:
        rows = f"{settings.gradient_accumulation_steps} x {rows}"
    print(f"\n       {length.steps:,} steps of {rows}, {per_epoch:,} in an epoch{_why(length, settings, per_epoch)}")
    print(f"       {train.unknown:.1%} of the tokens are unknown to the vocabulary")
    network = "encoder-decoders" if TASKS.get(config.task).head == "seq2seq" else f"encoder {config.model.encoder!r}"
    if network == "encoder-decoders" or not estimate.knows(config.model):
        print(f"no estimate for {config.name}: there are no formulas for {network}")
        return
    memory = estimate.training_memory(config, train.planned_lengths, train.sequences)
    speed = machine.speed()
    print(f"estimate for {config.name}, {estimate.parameters(config.model)[0] / 1e6:.1f} million parameters, on CPU")
    room = machine.memory()
    remedy = "" if memory < room else "; too much: lower train.batch_size or add recompute=true"
    print(f"       memory about {memory / 2**30:.1f} GiB of {room / 2**30:.1f} GiB{remedy}")
    training = estimate.seconds(config, train, True, speed) * length.steps / per_epoch
    compiling, times = estimate.compilation(config, train, dev), estimate.evaluations(config, length) if dev else 0
    scoring = estimate.seconds(config, dev, False, speed) if dev else 0
    more = f" and {times} evaluations of {_duration(scoring)}" if times else ""
    whole = _duration(training + compiling + times * scoring)
    breakdown = f"with {_duration(compiling)} of compilation{more}"
    print(f"       time about {whole} {breakdown}, when nothing else runs ({speed / 1e9:.0f} GFLOP/s)")


def _why(length: Length, train: TrainConfig, per_epoch: int) -> str:
    """Why it is so many steps, or that they are few."""
    if length.raised:
        return f": {length.epochs} epochs, as {train.epochs} are fewer steps than train.min_steps={train.min_steps}"
    if length.steps < UPDATES:
        return f", which is few: train.min_steps={UPDATES} makes it {-(-UPDATES // per_epoch)} epochs"
    return ""


def _duration(seconds: float) -> str:
    minutes = seconds / 60
    if minutes < 2:
        return f"{max(1, round(seconds))} s"
    return f"{minutes:.0f} min" if minutes < 120 else f"{minutes / 60:.1f} h"
