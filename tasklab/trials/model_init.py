"""What HuggingFace's Trainer takes in place of a model and of our own scores, as far as it means something here."""

import inspect
import os
from collections.abc import Callable

from tasklab.config import Config
from tasklab.errors import ConfigError


class _NoTrial:
    """Stands where a trial of a search would: every trial is the configuration, with the values of the space."""

    def __getattr__(self, name: str):
        raise ConfigError(f"model_init asks its trial for {name!r}; name what is tried in hp_space instead")

    def __bool__(self) -> bool:
        return False


def model_of(model_init: Callable) -> str | os.PathLike | Config:
    """What the function names; it is called once, and what is tried in a search is not for it to say.

    Raises: ConfigError for a result that is neither a model's name nor a Trainer's configuration.
    """
    if not callable(model_init):
        raise ConfigError(f"model_init is {model_init!r}; expected a function that returns a model's name")
    needed = [p for p in inspect.signature(model_init).parameters.values() if p.default is p.empty and p.kind < 2]
    model = model_init(_NoTrial()) if needed else model_init()
    if not isinstance(model, (str, os.PathLike, Config)):
        expected = "a model's name, such as 'txtcls_minilm_l6', or a Trainer's configuration (trainer.config)"
        raise ConfigError(f"model_init returned {type(model).__name__}; expected {expected}")
    return model
