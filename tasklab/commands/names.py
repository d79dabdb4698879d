"""[TASK] NAME [KEY=VALUE ...]: how most verbs are told what they work on."""

import logging
import os
import re

logger = logging.getLogger("tasklab")

OVERRIDE = re.compile(r"[a-z_][a-z0-9_]*(\.[a-z0-9_]+)*=.*", re.DOTALL)
"""key=value; anything else is a name or, for predict, an input text."""
SPACED = re.compile(r"\s*([a-z_][a-z0-9_]*(?:\.[a-z0-9_]+)+)\s*=")
"""How a text begins that may be meant as a setting."""
NOT_BEFORE_TEXTS = ("name", "task")
"""Keys that nobody sets for a prediction, while texts may well begin so: name=Bob."""

NAMES = "[TASK] NAME [KEY=VALUE ...]"
WORDS = "recipe, backbone, YAML file, run or checkpoint folder; a backbone needs the task before it; then any KEY=VALUE"


def add_names(parser, more: str = "", count: str = "+"):
    """more: what else may stand among them; count: of argparse."""
    parser.add_argument("names", nargs=count, metavar="NAME", help=WORDS + more)


def add_compute_metrics(parser):
    """The option by which evaluations get numbers of the user's own."""
    help_text = "a function of (predictions, label_ids) whose numbers are metrics too: FILE.py:NAME or MODULE:NAME"
    parser.add_argument("--compute-metrics", metavar="FUNCTION", help=help_text)


def trainer_of(options, inputs: bool = False):
    """(Trainer, []), or with `inputs` (Trainer, the texts behind the name)."""
    from tasklab.commands.mistyped import words_instead
    from tasklab.config import find_model
    from tasklab.registry import unknown_name
    from tasklab.task import TASKS
    from tasklab.trainer import Trainer

    sets = is_setting if inputs else OVERRIDE.fullmatch
    overrides = [word for word in options.names if sets(word)]
    names = [word for word in options.names if not sets(word)]
    task = names.pop(0) if names and _is_task(names, TASKS.names()) else None
    if not names and task is None:
        options.usage.error("no model is named; `tasklab list` shows the known ones")
    model, left = names[0] if names else None, names[1:]  # a task alone means its default recipe
    if left and not inputs:
        if task is None and find_model(model) is None and not os.path.exists(model) and not _is_path(model):
            raise unknown_name("task", model, TASKS.names())
        meant = words_instead(options.verb, left)
        hint = f": {meant}" if meant else ""
        options.usage.error(f"unexpected {left[0]!r} behind the name {model!r}; settings are written KEY=VALUE{hint}")
    function = {"compute_metrics": metrics} if (metrics := getattr(options, "compute_metrics", None)) else {}
    trainer = Trainer(task=task, model=model, overrides=overrides, **function)
    for text in left:
        if (hit := SPACED.match(text)) and hit[1] in trainer.config:
            setting = f"{hit[1]}={text[hit.end() :].strip()}"
            logger.warning("%r is answered as a text; as a setting it has no blanks: %s", text, setting)
    return trainer, [*left, *options.plain]


def _is_task(names: list[str], tasks: list[str]) -> bool:
    """Whether the first name is a task's; other programs' short words for one may be the name of a folder here."""
    from tasklab.config import find_model, task_name

    word = names[0]
    if task_name(word) not in tasks:
        return False
    return word.replace("-", "_") in tasks or not os.path.exists(word) or bool(names[1:] and find_model(names[1]))


def _is_path(word: str) -> bool:
    return os.path.dirname(word) != ""


def tell_unused(config, absent):
    """Says which settings of the command line count for nothing, for want of what is in `absent`."""
    given = [key for key, place in config.places.items() if place.startswith("override ")]
    if unused := [key for key in given if config.needed_by(key) in absent]:
        logger.warning("settings that change nothing here: %s", ", ".join(unused))


def is_setting(word: str) -> bool:
    """Whether a word among inputs sets something: e=mc2 is a text, and so is what holds a blank (as paths may, too)
    unless it names a key of a section, as data.text_a="my column" does.

    A key in a section counts though the section lacks it: a typo is told, and no text. Short forms of keys count where
    they are no plain word.
    """
    from tasklab.config import Config, Section, is_alias
    from tasklab.task import TASKS

    if not OVERRIDE.fullmatch(word):
        return False
    key, config = word.partition("=")[0], Config()
    first, dot, name = key.partition(".")
    of_data = [TASKS.get(task).data_config() for task in TASKS.names()]
    if any(map(str.isspace, word)):
        return bool(dot) and (key in config or first == "data" and any(name in section for section in of_data))
    if dot:
        return isinstance(config.get(first), Section)
    defined = is_alias(key) or any(key in section for section in of_data)
    return key in config and key not in NOT_BEFORE_TEXTS or "_" in key and defined
