"""`tasklab list`: tasks, recipes and backbones, and whether their weights are on this machine."""

from tasklab.config import list_models
from tasklab.registry import unknown_name
from tasklab.weights.store import is_local


def print_names(task: str | None = None):
    """Prints the recipes of one task, or of all, and the backbones. Raises UnknownName."""
    models = list_models()
    tasks = sorted({m["task"] for m in models if m["task"]})
    if task is not None and task not in tasks:
        raise unknown_name("task", task, tasks)
    for group in [task] if task else [*tasks, None]:
        print(f"{group}:" if group else "backbones, for any task (weights on this machine are marked *):")
        for model in (m for m in models if m["task"] == group):
            mark = "*" if group is None and is_local(model["name"]) else " "
            print(f" {mark} {model['name']:24} {model['description']}")
        print()
