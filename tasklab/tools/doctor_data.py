"""`tasklab doctor data`: what is in question answering files, what to fix first, and what a run will take."""

import shlex
from pathlib import Path

from tasklab.cachedir import cache_dir
from tasklab.config import Config, find_model
from tasklab.data.inspect import SplitReport, inspect_squad
from tasklab.digest import file_sha256
from tasklab.errors import CheckpointError, UnknownName
from tasklab.text import TOKENIZERS
from tasklab.tools import estimate
from tasklab.tools.doctor_findings import FIX, findings
from tasklab.trainer import Trainer
from tasklab.weights.catalogue import named_weights, read_entry
from tasklab.weights.store import resolve

TASK = "question_answering"


def report(train, dev, model: str, overrides) -> int:
    """Prints the report; returns 1 when something must be fixed before training, else 0.

    Raises: DataError when a file as a whole cannot be read; UnknownName and ConfigError as `Trainer` does.
    """
    config = Trainer(task=TASK, model=model, train_dataset=train, eval_dataset=dev, overrides=overrides).config
    data = config.data
    vocabulary, why_not = _vocabulary(config)
    tokenizer = TOKENIZERS.get(config.tokenizer.name)(vocabulary, config.tokenizer.lowercase) if vocabulary else None
    found = inspect_squad(
        data.train, data.eval, tokenizer, data.max_seq_length, data.doc_stride, data.max_query_length, data.num_buckets
    )
    for name, split in (("train", found.train), ("eval", found.dev)):
        if split is not None:
            _show_split(name, split, config)
    if tokenizer is None:
        print(f"\nno vocabulary of {config.name}, so nothing is said about tokens, memory and time:\n  {why_not}")
    else:
        _show_run(found.train, found.dev, config)
    lines = findings(found, config)
    print()
    for line in lines:
        print(f"{line.level:5} {line.text}", *line.places, sep="\n        ")
    to_fix = sum(line.level == FIX for line in lines)
    if to_fix:
        print(f"{to_fix} to fix before training")
        return 1
    settings = [f"data.train={train}", *([f"data.eval={dev}"] if dev else []), *overrides]
    print("nothing has to be fixed; start with:\n ", shlex.join(["tasklab", "train", *_names(model), *settings]))
    return 0


def _names(model: str) -> list[str]:
    """What `tasklab train` wants to hear: a backbone needs its task before it."""
    origin = find_model(model)
    return [TASK, model] if origin is not None and origin.task is None else [model]


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
        return resolve(config.checkpoint).vocabulary, f"{config.checkpoint} brings no vocab.txt; set tokenizer.vocab"
    except (CheckpointError, UnknownName) as error:
        return None, str(error).replace("\n", "\n  ")


def _show_split(name: str, split: SplitReport, config: Config):
    print(f"{name:6} {split.file}")
    impossible = f", {split.impossible:,} questions without" if split.impossible else ""
    print(f"       {split.questions:,} questions on {split.contexts:,} contexts, {split.answers:,} answers{impossible}")
    if not split.rows:
        return
    print(f"       {'tokens':10}{'least':>8}{'half':>8}{'90 %':>8}{'99 %':>8}{'most':>8}")  # inspect.QUANTILES
    for what in ("question", "context", "answer", "row"):
        numbers = getattr(split, f"{what}_tokens")
        if numbers:
            print(f"       {what:10}" + "".join(f"{n:8,}" for n in numbers))
    several = f"; {split.long_questions:.1%} of the questions need several" if split.long_questions else ""
    print(f"       {split.rows:,} rows of at most {config.data.max_seq_length} tokens{several}")
    planned = ", ".join(map(str, split.planned_lengths))
    print(f"       padded to {planned} tokens; {split.padding:.0%} of that is padding")


def _show_run(train: SplitReport, dev: SplitReport | None, config: Config):
    if not estimate.knows(config.model):
        print(f"\nno estimate for {config.name}: encoder {config.model.encoder!r} is no Transformer")
        return
    settings = config.train
    batches = -(-train.rows // settings.batch_size)
    per_epoch = -(-batches // settings.gradient_accumulation_steps)
    steps = settings.max_steps or settings.epochs * per_epoch
    memory = estimate.training_memory(config, train.planned_lengths)
    speed = estimate.machine_speed()
    rows = f"{settings.batch_size} rows"
    if settings.gradient_accumulation_steps > 1:
        rows = f"{settings.gradient_accumulation_steps} x {rows}"
    print(f"\nestimate for {config.name}, {estimate.parameters(config.model)[0] / 1e6:.1f} million parameters, on CPU")
    print(f"       {steps:,} steps of {rows}, {per_epoch:,} in an epoch")
    room = estimate.machine_memory()
    remedy = "" if memory < room else "; too much: lower train.batch_size or add recompute=true"
    print(f"       memory about {memory / 2**30:.1f} GiB of {room / 2**30:.1f} GiB{remedy}")
    share = steps / per_epoch
    training = estimate.seconds(config, train.tokens, train.rows, train.padding, True, speed) * share
    scoring = estimate.seconds(config, dev.tokens, dev.rows, dev.padding, False, speed) if dev else 0
    more = f", and about {_duration(scoring)} per evaluation" if dev else ""
    print(f"       time about {_duration(training)}{more}, when nothing else runs ({speed / 1e9:.0f} GFLOP/s)")


def _duration(seconds: float) -> str:
    minutes = seconds / 60
    if minutes < 2:
        return f"{max(1, round(seconds))} s"
    return f"{minutes:.0f} min" if minutes < 120 else f"{minutes / 60:.1f} h"
