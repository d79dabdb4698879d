"""`tasklab list`: tasks with their recipes, and the backbones that go with any task."""

from tasklab.config import list_models, task_name
from tasklab.registry import unknown_name


def print_names(task: str | None = None):
    """Prints the recipes of one task, or of all, and the backbones. Raises UnknownName."""
    models, task = list_models(), task and task_name(task)
    tasks = sorted({m["task"] for m in models if m["task"]})
    if task is not None and task not in tasks:
        raise unknown_name("task", task, tasks)
    for group in ([task] if task else tasks) + [None]:
        print(group or f"backbones: tasklab train {task or 'TASK'} NAME ...")
        listed = [m for m in models if m["task"] == group]
        width = max(len(m["name"]) for m in listed)
        for model in listed:
            print(f"  {model['name']:{width}} {model['description']}")
        print()
