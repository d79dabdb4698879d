"""A task's network with tokenizer and weights: from a configuration, loaded with a ledger, never silently random."""

import logging
from pathlib import Path

from mindspore import nn

from tasklab.config import Config, ModelConfig, find_model, read_config, task_in
from tasklab.errors import CheckpointError, ConfigError
from tasklab.nn.init import initialize
from tasklab.runs.source import find_source
from tasklab.task import TASKS, Task
from tasklab.text import TOKENIZERS
from tasklab.weights.folder import CONFIG, LABELS, is_checkpoint, json_bytes
from tasklab.weights.ledger import FINETUNE, STRICT
from tasklab.weights.loading import load_into
from tasklab.weights.store import WeightSource, named_weights, read_source

logger = logging.getLogger("tasklab")


class Model:
    """What training starts from and prediction runs on. `source` is None for a start from scratch."""

    def __init__(self, task: Task, network: nn.Cell, source: WeightSource | None):
        self.task, self.network, self.source = task, network, source

    @property
    def config(self) -> Config:
        return self.task.config

    def files(self) -> dict[str, bytes]:
        """What a checkpoint needs beside the weights to stand alone: configuration and tokenizer."""
        config = standing_alone(self.config)
        labels = {LABELS: json_bytes(config.model.labels)} if config.model.labels else {}  # for other programs too
        return {CONFIG: config.to_yaml().encode(), **labels, **self.task.tokenizer.files()}


def standing_alone(config: Config) -> Config:
    """What a folder says of the model in it: nothing about where it was made."""
    config = config.copy()
    config.data.train = config.data.eval = None  # data stays where it is
    config.checkpoint = config.output_dir = None
    config.tokenizer.vocab = None  # the folder's own
    return config


def start_model(config: Config, weights: str | None) -> Model:
    """The network to fine-tune: encoder weights from `weights`, head from its initializer.

    Raises: CheckpointError when there are no weights and `from_scratch` was not asked for.
    """
    config = config.copy()  # the data may settle some of it
    if config.from_scratch:
        network_task = _task(config, _vocabulary_without_weights(config))
        network_task.prepare([])
        logger.info("from_scratch: every weight starts random (seed %d)", config.seed)
        return Model(network_task, _fresh_network(network_task), None)
    if weights is None:
        raise CheckpointError(
            f"{config.name} names no weights to start from; set checkpoint=<name or folder>, "
            "or from_scratch=true to train a random network"
        )
    return _loaded(config, find_weights(weights), FINETUNE)


def ready_model(config: Config, checkpoint) -> Model:
    """The network to evaluate or predict with: every weight from `checkpoint`, sizes and tokenizer too.

    Raises: CheckpointError when anything is missing, or the checkpoint belongs to another task.
    """
    source = find_weights(checkpoint)
    if is_checkpoint(source.folder):
        saved, asked = saved_config(source.folder), config
        config = config.copy()
        config.model, config.tokenizer = saved.model, saved.tokenizer
        any_encoder = TASKS.get(config.task).encoder_alone
        if saved.task != config.task and not any_encoder:
            raise CheckpointError(
                f"{source.folder} was trained for {saved.task}, not for {config.task}; "
                f"use Trainer(task={saved.task!r}, ...) or another checkpoint"
            )
        if any_encoder:
            _take_pooling(config.model, asked.model, source.folder)
        if saved.task == config.task:
            _compare(asked.model, config.model, source.folder)
    return _loaded(config, source, STRICT)


def _compare(asked: ModelConfig, saved: ModelConfig, folder: Path):
    """Tells what of model.* stays as the checkpoint has it. Raises ConfigError for other labels: answers need names."""
    if asked.labels and asked.labels != saved.labels:
        raise ConfigError(
            f"model.labels names {_named(asked.labels)}, but {folder} knows {_named(saved.labels)}, in this order; "
            "leave model.labels out, or take the checkpoint that belongs to them"
        )
    differing = [key for key in saved if saved[key] != asked[key] and key != "labels"]
    if kept := [f"model.{key} = {saved[key]} (not {asked[key]})" for key in differing]:
        logger.warning("%s keeps its own: %s", folder, ", ".join(kept))


def _take_pooling(model: ModelConfig, asked: ModelConfig, folder: Path):
    """Which states make up a vector is asked for, not learned; only whitening ties a folder to one choice."""
    for key in ("pooling", "hidden_layer"):
        if model.whitened_size and model[key] != asked[key]:
            raise ConfigError(
                f"{folder}: its whitening was fitted to model.{key} = {model[key]}, and model.{key} = {asked[key]} is "
                "set; leave that away, or whiten the model that it was made from anew"
            )
        model[key] = asked[key]


def saved_config(folder) -> Config:
    """The configuration in a checkpoint folder, with the data section of its own task."""
    path = Path(folder) / CONFIG
    if not path.is_file():
        raise CheckpointError(f"{path}: missing, so this is not a checkpoint of tasklab")
    task = task_in(path)
    return read_config(path, data_class=TASKS.get(task).data_config)


def find_weights(name) -> WeightSource:
    """Resolves named weights, a folder, or the name of a recipe or backbone, which stands for its own weights."""
    if not Path(str(name)).exists() and name not in named_weights():
        entry = find_model(str(name))
        if entry is not None and entry.checkpoint:
            name = entry.checkpoint
    return find_source(name)


def _loaded(config: Config, source: WeightSource, policy: str) -> Model:
    tensors, vocabulary, notes = read_source(source)
    task = _task(config, config.tokenizer.vocab or vocabulary)
    if policy == FINETUNE:
        tensors, notes = _prepared(task, source, tensors, notes)
    network = _fresh_network(task)
    ledger = load_into(network, tensors, policy, source.name, _left_aside(task))
    for line in (ledger.render(source.name), *notes):
        logger.info(line)
    return Model(task, network, source)


def _left_aside(task: Task) -> tuple[str, ...]:
    """Beginnings of the names of weights that this task has no use for."""
    if not task.encoder_alone:
        return ()
    layers = task.config.model.num_hidden_layers
    above = range(task.config.model.hidden_layer or layers, layers)
    return ("head.", *(f"encoder.layers.{i}." for i in above))


def _prepared(task: Task, source: WeightSource, tensors: dict, notes) -> tuple[dict, list[str]]:
    """The task with its labels settled, and the weights without a head that was trained for others."""
    before = saved_config(source.folder).model.labels if is_checkpoint(source.folder) else []
    task.prepare(before)
    wanted = task.config.model.labels
    if not before or before == wanted:
        return tensors, list(notes)
    kept = {name: array for name, array in tensors.items() if not name.startswith("head.")}
    return kept, [*notes, f"the head starts new: it knows the labels {_named(before)}, the data {_named(wanted)}"]


def _named(labels: list[str]) -> str:
    return ", ".join(labels[:6]) + (f" and {len(labels) - 6} more" if len(labels) > 6 else "") or "none"


def _fresh_network(task: Task) -> nn.Cell:
    network = task.network()
    initialize(network, task.config.seed, task.config.model.initializer_range)
    return network


def _task(config: Config, vocabulary) -> Task:
    if vocabulary is None:
        files = "vocab.txt, spiece.model or merges.txt"
        raise ConfigError(f"{config.name}: no vocabulary; set tokenizer.vocab to a {files}")
    tokenizer = TOKENIZERS.get(config.tokenizer.name)(vocabulary, lowercase=config.tokenizer.lowercase)
    if tokenizer.vocab_size > config.model.vocab_size:
        raise ConfigError(
            f"{vocabulary} holds {tokenizer.vocab_size} pieces, but model.vocab_size is {config.model.vocab_size}; "
            "use the vocabulary that belongs to the weights"
        )
    return TASKS.get(config.task)(config, tokenizer)


def _vocabulary_without_weights(config: Config):
    if config.tokenizer.vocab or not config.checkpoint:
        return config.tokenizer.vocab
    return find_source(config.checkpoint).vocabulary
