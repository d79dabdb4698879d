"""The settings of a job under the names that people know from HuggingFace: `trainer.args.learning_rate = 3e-5`."""

import logging

from tasklab.config.resolve import assign
from tasklab.config.sections import Config
from tasklab.config.translate import called
from tasklab.errors import ConfigError

logger = logging.getLogger("tasklab")


class Arguments:
    """A view of a configuration: nothing is kept here, and everything that is set is checked.

    Names are tasklab's (dotted ones by getattr and setattr), HuggingFace's and MindFormers'.
    Raises: ConfigError for what cannot be set, with nothing changed; AttributeError for a name that cannot be read.
    """

    __slots__ = ("_config",)

    def __init__(self, config: Config):
        object.__setattr__(self, "_config", config)

    def __getattr__(self, name: str):
        try:
            return called(self._config, name)
        except ConfigError as error:
            raise AttributeError(str(error)) from None

    def __setattr__(self, name: str, value):
        place, start = f"trainer.args.{name}", len(self._config.notes)
        assign(self._config.copy(), {name: value}, place)  # one that fails has changed its configuration by then
        assign(self._config, {name: value}, place)
        for note in self._config.notes[start:]:
            logger.warning(note)

    def __reduce__(self):
        return Arguments, (self._config,)

    def __dir__(self):
        return sorted(self._config.leaf_keys())

    def __repr__(self) -> str:
        return f"Arguments of\n{self._config.to_yaml()}"
