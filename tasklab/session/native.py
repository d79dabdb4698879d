"""A network that generates in the kernels' decoder: ready within a second or two, since MindSpore is not imported."""

import logging
from types import SimpleNamespace

from tasklab.config import Config
from tasklab.engine.native import why_not
from tasklab.engine.native_runner import NativeRunner
from tasklab.errors import CheckpointError, ConfigError
from tasklab.model import Prepared, prepare_ready
from tasklab.session.ready import Ready, identity
from tasklab.weights.store import read_source

logger = logging.getLogger("tasklab")


class NativeReady(Ready):
    """As `Ready`; its `model` has task and configuration, and no network of MindSpore's."""

    has_loss = False

    def __init__(self, checkpoint, config: Config, prepared: Prepared):
        self.key = identity(checkpoint, config)
        self.rows = prepared.rows
        task = prepared.task
        self.model = SimpleNamespace(task=task, config=task.config)
        tensors, _, notes = read_source(prepared.source, head=task.head)
        try:
            self.run = self.scorer = NativeRunner(task.config, task.tokenizer, tensors, task.head)
        except KeyError as error:
            message = f"lacks {error.args[0]}, and a model needs every weight to generate"
            raise CheckpointError(f"{prepared.source.file}: {message}; copy or fetch it again") from None
        except ValueError as error:
            raise CheckpointError(f"{prepared.source.file}: {error}") from None
        size = self.run.decoder.nbytes / 2**20
        logger.info("%s: %d weights, %s, %.0f MB", prepared.source.name, len(tensors), config.precision, size)
        for note in notes:
            logger.info(note)

    @classmethod
    def of(cls, checkpoint, config: Config) -> "NativeReady | None":
        """None where the decoder cannot have the network. Raises as `prepare_ready` does."""
        prepared = prepare_ready(config, checkpoint)
        if why := why_not(prepared.task.config.model, prepared.task.head):
            logger.info("%s: %s; MindSpore runs it", config.name, why)
            return None
        if config.precision == "fp16":
            raise ConfigError("precision = fp16: this version has fp32, bf16 and int8 here; set one of them")
        return cls(checkpoint, config, prepared)
