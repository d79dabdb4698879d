"""What the folder of a model says of it, and what of that counts whoever asks: sizes, tokenizer, shape of the rows."""

import logging
from pathlib import Path

from tasklab.config import Config, DataConfig, ModelConfig, TokenizerConfig, read_config, task_in, task_named, told_of
from tasklab.config.description import describe
from tasklab.config.huggingface import TOKENIZER_FILES
from tasklab.config.yaml_source import read_text
from tasklab.content import from_home
from tasklab.digest import file_sha256
from tasklab.errors import CheckpointError, ConfigError, UnknownName
from tasklab.networks import NETWORKS
from tasklab.task import TASKS, Task
from tasklab.weights.containers import open_weights
from tasklab.weights.folder import CONFIG
from tasklab.weights.outputs import unnamed
from tasklab.weights.sizes import sizes_in
from tasklab.weights.source import source_at, weights_in
from tasklab.weights.sums import verify_file
from tasklab.weights.tables import FORMATS, to_tasklab

logger = logging.getLogger("tasklab")


NEEDS = "# needs the plug-in "
"""How a configuration begins whose task, encoder or head is not of tasklab; the file or module of each follows."""
SETTLED = ("labels", "decoder_start_token_id", "pooling")
"""Of a model what data, tokenizer and network say, where nobody else does (`Task.settle`, `ModelConfig.pooled`)."""


def task_class(name: str, folder=None) -> type[Task]:
    """The task of that name. Raises: UnknownName; it says what the model in `folder`, if any, was made with."""
    try:
        return TASKS.get(name)
    except UnknownName as error:
        path = Path(folder or "", CONFIG)
        lines = read_text(path).split("\n") if folder and path.is_file() else []
        needed = [line.removeprefix(NEEDS) for line in lines if line.startswith(NEEDS)]
        raise UnknownName(f"{error}" + (f"; {folder} needs {' and '.join(needed)}" if needed else "")) from None


def defaults_with(model, defaults: dict) -> dict:
    """A task's default settings, and the sizes that weights show where the JSON beside them does not say how many words
    there are, as UER-py's.

    model: what the user names; only the folder of another program counts.
    """
    folder = from_home(model) if model is not None else Path()
    file = None if model is None or (folder / CONFIG).is_file() else weights_in(folder)
    source = source_at(str(model), file) if file else None
    if source is None or source.config is None or source.config.get("vocab_size"):
        return defaults
    shown = sizes_in(to_tasklab(open_weights(file)[1], FORMATS.get(source.format))[0])
    return {**defaults, "model": {**defaults.get("model", {}), **shown}}


def saved_config(folder, task: str | None = None) -> Config:
    """The configuration in a checkpoint folder, with the data section of its own task.

    task: where the folder names none, because it was converted and fits any. Raises: CheckpointError.
    """
    path = Path(folder) / CONFIG
    if not path.is_file():
        raise CheckpointError(f"{path}: missing, so this is not a checkpoint of tasklab")
    verify_file(path)
    named = task_named(path) or task or task_in(path)  # the last one says that there is none
    return read_config(path, task_class(named, folder).data_config)


def standing_alone(config: Config) -> Config:
    """What a folder says of the model in it: nothing about where it was made."""
    config = config.copy()
    config.data.train = config.data.eval = None  # data stays where it is
    config.checkpoint = config.output_dir = None
    config.tokenizer.vocab = config.tokenizer.decoder_vocab = None  # the folder's own
    return config


def with_saved(asked: Config, folder: Path) -> tuple[Config, DataConfig | None]:
    """`asked` with what belongs to the model in `folder`; what was asked otherwise is told.

    Returns: that, and the data section that the model was trained with, unless it was trained for another task.
    Raises: CheckpointError when the model was trained for another task, and its encoder alone will not do; ConfigError
    for other labels, or vectors that were fitted otherwise.
    """
    converted = not told_of(folder / CONFIG, "data.")  # made of another program's file: it says nothing of rows
    saved, config = _described(asked, folder) if converted else saved_config(folder, asked.task), asked.copy()
    config.model, config.tokenizer = saved.model, saved.tokenizer
    task = TASKS.get(config.task)
    on_any_encoder = NETWORKS.get(task.head).aside is not None
    if saved.task and saved.task not in (config.task, *task.answers_as_trained) and not on_any_encoder:
        raise CheckpointError(
            f"{folder} was trained for {saved.task}, not for {config.task}; "
            f"use Trainer(task={saved.task!r}, ...) or another checkpoint"
        )
    if on_any_encoder:
        _take_pooling(config.model, asked.model, folder)
    if saved.task != config.task:
        return config, None
    _compare(asked.model, config.model, folder)
    _tell_tokenizer(asked.tokenizer, config.tokenizer, folder)
    if converted:
        return config, None
    plain = type(asked.data)()
    others = [key for key in keep_rows(config.data, saved.data) if asked.data[key] != plain[key]]
    if others:
        kept = (f"data.{key} = {saved.data[key]} (not {asked.data[key]})" for key in others)
        logger.warning("%s keeps the rows that it learned from: %s", folder, ", ".join(kept))
    return config, saved.data


def _described(asked: Config, folder: Path) -> Config:
    """`asked` with the model that was converted into `folder`, its tokenizer, and the task where that is known."""
    verify_file(folder / CONFIG)
    description, config = describe(folder), asked.copy()
    config.model, config.tokenizer = description.model, description.tokenizer
    config.task = description.task or asked.task
    return config


def keep_rows(data: DataConfig, saved: DataConfig) -> list[str]:
    """Puts the settings that shape rows to what a network learned from; returns the names of those that changed.

    Those that a model keeps come from it where they are at their defaults.
    """
    others = [key for key in saved.marked("rows") if data[key] != saved[key]]
    unsaid = [key for key in saved.marked("kept") if data[key] == data.default(key)]
    for key in (*others, *unsaid):
        data[key] = saved[key]
    return others


def _compare(asked: ModelConfig, saved: ModelConfig, folder: Path):
    """Tells what of model.* stays as the checkpoint has it. Raises ConfigError for other labels: answers need names."""
    if asked.labels and unnamed(saved.labels):
        saved.labels = asked.labels
    if asked.labels and asked.labels != saved.labels:
        raise ConfigError(
            f"model.labels names {listed(asked.labels)}, but {folder} knows {listed(saved.labels)}, in this order; "
            "leave model.labels out, or take the checkpoint that belongs to them"
        )
    settled = [key for key in SETTLED if asked[key] in (None, [])]
    differing = [key for key in saved if saved[key] != asked[key] and key not in settled]
    if kept := [f"model.{key} = {saved[key]} (not {asked[key]})" for key in differing]:
        logger.warning("%s keeps its own: %s", folder, ", ".join(kept))


def _tell_tokenizer(asked: TokenizerConfig, saved: TokenizerConfig, folder: Path):
    """Tells what of tokenizer.* stays as the checkpoint has it; a vocabulary of equal content is the same one."""
    others = [key for key in ("name", "lowercase") if saved[key] != asked[key]]
    kept = [f"tokenizer.{key} = {saved[key]} (not {asked[key]})" for key in others]
    if asked.vocab and Path(asked.vocab).is_file():
        here = {file_sha256(folder / name) for _, name in TOKENIZER_FILES if (folder / name).is_file()}
        kept += [] if file_sha256(asked.vocab) in here else [f"its vocabulary (not {asked.vocab})"]
    if kept:
        logger.warning("%s keeps its own: %s", folder, ", ".join(kept))


def _take_pooling(model: ModelConfig, asked: ModelConfig, folder: Path):
    """Which states make up a vector is asked for, not learned; only whitening ties a folder to one choice."""
    for key in ("pooling", "pooling_beside", "hidden_layer"):
        if model.whitened_size and model[key] != asked[key]:
            raise ConfigError(
                f"{folder}: its whitening was fitted to model.{key} = {model[key]}, and model.{key} = {asked[key]} is "
                "set; leave that away, or whiten the model that it was made from anew"
            )
        model[key] = asked[key]


def listed(labels) -> str:
    """Names of classes for a message, the first six."""
    return ", ".join(labels[:6]) + (f" and {len(labels) - 6} more" if len(labels) > 6 else "") or "none"
