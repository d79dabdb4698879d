"""A network in memory, and what it depends on."""

from pathlib import Path

from tasklab.config import Config
from tasklab.model import Model, prepare_ready
from tasklab.runner import Runner
from tasklab.saved import keep_rows


class Ready:
    """A network in memory that answers many requests; its graphs stay compiled."""

    has_loss = True
    """Whether an evaluation asks MindSpore for the loss too."""
    example: str | None = None
    """An input of what it was evaluated on last, as one types it."""

    def __init__(self, checkpoint, config: Config):
        from tasklab.engine.runner import NetworkRunner, planned, served
        from tasklab.engine.step import CompileLog
        from tasklab.session.refusals import prepare_device, refuse_unoffered

        refuse_unoffered(config)
        self.key = identity(checkpoint, config)
        prepare_device(config, training=False)
        prepared = prepare_ready(config, checkpoint)
        self.model: Model = prepared.load()
        self.rows = prepared.rows
        self.compiles = CompileLog()
        of, tokenizer = (self.model.network, self.model.config, self.compiles), self.model.task.tokenizer
        self.run = NetworkRunner(*of, served, tokenizer)
        self.scorer: Runner = NetworkRunner(*of, planned, tokenizer)
        """For many rows at a time."""

    def serves(self, checkpoint, config: Config) -> bool:
        return self.key == identity(checkpoint, config)

    def adopt(self, config: Config):
        """Takes over the settings that need no new network; what shapes rows stays the model's."""
        for section in TAKEN_OVER:
            self.model.config[section] = config[section].copy()
        if self.rows is not None:
            keep_rows(self.model.config.data, self.rows)


TAKEN_OVER = ("data", "evaluate", "generation")
"""Sections that a network in memory adopts from whoever asks, but for the settings that shape rows."""
OF_TRAINING = ("name", "output_dir", "from_scratch", "train", "optimizer", "schedule", "lora", "loss", "adversarial")
"""What changes no answer; everything else of the configuration may."""


def identity(checkpoint, config: Config) -> tuple:
    """What a loaded network depends on: the files, when they were written, and all settings that can change it."""
    path = Path(str(checkpoint)).absolute()
    files = sorted(path.iterdir()) if path.is_dir() else [path] if path.is_file() else []
    written = [(file.name, stat.st_mtime_ns, stat.st_size) for file in files if (stat := file.stat())]
    settings = {key: value for key, value in config.to_dict().items() if key not in (*TAKEN_OVER, *OF_TRAINING)}
    rows = {key: config.data[key] for key in config.data.marked("rows")}
    return str(path if files else checkpoint), written, settings, rows
