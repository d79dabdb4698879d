"""The right command for one that is not understood: other words for verbs, options that are settings here."""

import difflib
import os
import shlex
from collections.abc import Sequence
from pathlib import Path

from tasklab.commands import Verb

VERBS = {
    "fit": "train", "finetune": "train", "fine-tune": "train", "run": "train", "resume": "train", "eval": "evaluate",
    "test": "evaluate", "score": "evaluate", "infer": "predict", "inference": "predict", "ask": "predict",
    "classify": "predict", "tune": "search", "hpo": "search", "hyperparameter-search": "search",
    "cv": "cross-validate", "ls": "list", "models": "list", "tasks": "list", "config": "show", "info": "show",
    "check": "doctor data", "env": "doctor env", "data": "doctor data", "help": "--help",
}  # fmt: skip
"""What other programs call our verbs."""
NAMED = ("model", "name", "task", "model-name-or-path", "checkpoint-dir")
"""Options of other programs for what stands by itself here."""
INPUT = ("text", "input", "inputs", "question", "sentence", "data")
OTHERS = {"train-data": "data.train", "train-path": "data.train", "data": "data.train", "dataset": "data.train",
          "dev": "data.eval", "test": "data.eval", "valid": "data.eval", "validation": "data.eval",
          "max-len": "data.max_seq_length", "max-length": "data.max_seq_length", "device": "device_target",
          "dropout": "model.hidden_dropout_prob", "steps": "train.max_steps", "bs": "train.batch_size"}  # fmt: skip
"""Options that no table of other programs' settings has."""


def verb_instead(arguments: Sequence[str], verbs: Sequence[Verb]) -> str:
    """What to say where the first word is no verb."""
    word, *rest = arguments
    plain = word.lower().replace("_", "-")
    words = {verb.name: verb.name for verb in verbs} | VERBS
    near = difflib.get_close_matches(plain, words, n=1, cutoff=0.6)
    meant = _for_what_it_names(arguments) or [[*words[name].split(), *rest] for name in near]
    hint = f"; did you mean: {_line(meant[0])}" if meant else ""
    return f"no verb named {word!r}{hint}\nverbs: {', '.join(verb.name for verb in verbs)}"


def options_instead(
    verb: str, arguments: Sequence[str], strange: Sequence[str], own: Sequence[str], sets: bool
) -> str:
    """The whole command with strange options as what stands for them here; "" where that is not known of all.

    own: the options that the verb has; sets: whether it takes settings.
    """
    words, left = [], list(arguments)
    while left:
        word = left.pop(0)
        if word not in strange:
            words.append(word)
            continue
        name, equals, value = word.lstrip("-").partition("=")
        if not equals and left and (not left[0].startswith("-") or _is_number(left[0])):
            value = left.pop(0)
        replacement = _instead(name.replace("_", "-").lower(), value, verb, own, sets)
        if replacement is None:
            return ""
        words += replacement
    return _line(words)


def words_instead(verb: str, words: Sequence[str]) -> str:
    """Words behind a name as the settings that they mean: "train.epochs 3", files of data; "" where they mean none."""
    settings = []
    files = iter(("data.train", "data.eval") if verb != "evaluate" else ("data.eval",))
    left = list(words)
    while left:
        word = left.pop(0).rstrip("=:")
        key = word if "." in word and not Path(word).exists() and _setting(word) == word else None
        if key and left:
            value = left.pop(0).removeprefix("=")
            settings.append(f"{key}={value or (left.pop(0) if left else '')}")
        elif not key and (Path(word).exists() or Path(word).suffix) and (key := next(files, None)):
            settings.append(f"{key}={word}")
        else:
            return ""
    return shlex.join(settings)


def _for_what_it_names(arguments: Sequence[str]) -> list[list[str]]:
    """Commands for a first word that is a tool, a run or a model."""
    from tasklab import tools
    from tasklab.config import find_model

    word = arguments[0]
    if word in (path.stem for path in Path(tools.__file__).parent.glob("[a-z]*.py")):
        return [["tools", *arguments]]
    if os.path.isdir(word):
        return [["predict", *arguments]]
    return [["train", *arguments]] if find_model(word) else []


def _instead(name: str, value: str, verb: str, own: Sequence[str], sets: bool) -> list[str] | None:
    if value and (name in NAMED or verb == "predict" and name in INPUT or verb == "doctor" and name == "train"):
        return [value]
    if near := difflib.get_close_matches(f"--{name}", own, n=1, cutoff=0.8):
        return [near[0], *filter(None, [value])]
    key = (OTHERS.get(name) or _setting(name.replace("-", "_"))) if sets else None
    if key == "data.train" and verb == "evaluate":
        key = "data.eval"
    return [f"{key}={value or _switched_on(name)}"] if key else None


def _switched_on(name: str) -> str:
    """What a switch of another program stands for: --fp16 is a precision."""
    from tasklab.config.aliases import VALUES

    return VALUES.get(name.replace("-", "_"), {}).get("true", "true")


def _setting(name: str) -> str | None:
    """The dotted key that a word stands for, of any task."""
    from tasklab.config import Config, key_meant
    from tasklab.task import TASKS

    sections = [TASKS.get(task).data_config() for task in TASKS.names()]
    keys = [*Config().leaf_keys(), *(key for section in sections for key in section.leaf_keys())]
    return key_meant(name, list(dict.fromkeys(keys)))


def _is_number(word: str) -> bool:
    try:
        return bool(float(word)) or True
    except ValueError:
        return False


def _line(words: Sequence[str]) -> str:
    return f"tasklab {shlex.join(words)}"
