"""What a run is set to: typed sections, read from YAML, dictionaries and key=value; every error has its place."""

from tasklab.config.arguments import Arguments
from tasklab.config.catalog import default_model, list_models, marked_models
from tasklab.config.data_section import DataConfig
from tasklab.config.generation_section import GenerationConfig
from tasklab.config.learning_sections import AdversarialConfig, LossConfig, OptimizerConfig, ScheduleConfig
from tasklab.config.lora_section import LoraConfig
from tasklab.config.model_section import ModelConfig
from tasklab.config.models import find_model, task_in, task_named, told_of
from tasklab.config.resolve import assign, find_task, read_config, resolve, settings_of, task_name
from tasklab.config.section import Section
from tasklab.config.sections import OUTPUT, Config, TokenizerConfig
from tasklab.config.texts import NoName, names
from tasklab.config.train_section import LENGTH, EvaluateConfig, TrainConfig
from tasklab.config.translate import is_alias, key_meant
from tasklab.config.values import TRAINING, TRUTH, setting

__all__ = [
    "LENGTH",
    "OUTPUT",
    "TRAINING",
    "TRUTH",
    "AdversarialConfig",
    "Arguments",
    "Config",
    "DataConfig",
    "EvaluateConfig",
    "GenerationConfig",
    "LoraConfig",
    "LossConfig",
    "ModelConfig",
    "NoName",
    "OptimizerConfig",
    "ScheduleConfig",
    "Section",
    "TokenizerConfig",
    "TrainConfig",
    "assign",
    "default_model",
    "find_model",
    "find_task",
    "is_alias",
    "key_meant",
    "list_models",
    "marked_models",
    "names",
    "read_config",
    "resolve",
    "setting",
    "settings_of",
    "task_in",
    "task_name",
    "task_named",
    "told_of",
]
