"""Fine-tune and use language models on MindSpore: a task name and a model name run a job."""

import importlib
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tasklab.config import list_models
    from tasklab.engine.hooks import Callback
    from tasklab.shots.compare import few_shot
    from tasklab.task import list_tasks
    from tasklab.trainer import Trainer
    from tasklab.vector_index import VectorIndex

__version__ = "0.1.0"
__all__ = ["Callback", "Trainer", "VectorIndex", "few_shot", "list_models", "list_tasks"]

os.environ.setdefault("GLOG_v", "4")  # MindSpore reads it when it is imported; what matters arrives as an exception

_HOMES = {
    "Callback": "tasklab.engine.hooks", "Trainer": "tasklab.trainer", "VectorIndex": "tasklab.vector_index",
    "few_shot": "tasklab.shots.compare", "list_models": "tasklab.config", "list_tasks": "tasklab.task",
}  # fmt: skip


def __getattr__(name: str):
    """Public names are imported at their first use, so that `import tasklab` costs milliseconds."""
    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'tasklab' has no attribute {name!r}")


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
