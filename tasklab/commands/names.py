"""[TASK] NAME [KEY=VALUE ...]: how most verbs are told what they work on."""

import os
import re

OVERRIDE = re.compile(r"[a-z_][a-z0-9_]*(\.[a-z0-9_]+)*=.*", re.DOTALL)
"""key=value; anything else is a name or, for predict, an input text."""

NAMES = "[TASK] NAME [KEY=VALUE ...]"
WORDS = "recipe, backbone, YAML file, run or checkpoint folder; a backbone needs the task before it; then any KEY=VALUE"


def add_names(parser, more: str = "", count: str = "+"):
    """more: what else may stand among them; count: of argparse."""
    parser.add_argument("names", nargs=count, metavar="NAME", help=WORDS + more)


def trainer_of(options, inputs: bool = False):
    """(Trainer, []), or with `inputs` (Trainer, the texts behind the name)."""
    from tasklab.config import find_model, task_name
    from tasklab.registry import unknown_name
    from tasklab.task import TASKS
    from tasklab.trainer import Trainer

    # an input may hold "=" and a path may hold blanks: where there are inputs, an override has no blank
    overrides = [w for w in options.names if OVERRIDE.fullmatch(w) and not (inputs and any(map(str.isspace, w)))]
    names = [word for word in options.names if word not in overrides]
    task = names.pop(0) if names and task_name(names[0]) in TASKS.names() else None
    if not names:
        options.usage.error(f"no model is named{f' for {task}' if task else ''}; `tasklab list` shows the known ones")
    model, left = names[0], names[1:]
    if left and not inputs:
        if task is None and find_model(model) is None and not os.path.exists(model):
            raise unknown_name("task", model, TASKS.names())
        options.usage.error(f"unexpected {left[0]!r} behind the name {model!r}; settings are written KEY=VALUE")
    return Trainer(task=task, model=model, overrides=overrides), left
