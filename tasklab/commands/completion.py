"""tasklab completion"""

import argparse
from collections.abc import Iterable, Sequence
from pathlib import Path

from tasklab.commands import Verb, verbs

EXAMPLES = """examples:
  eval "$(tasklab completion bash)"                                     # in ~/.bashrc
  eval "$(tasklab completion zsh)"                                      # in ~/.zshrc, behind compinit
  tasklab completion fish > ~/.config/fish/completions/tasklab.fish
"""
SCRIPTS = {
    "bash": r"""_tasklab() {
    mapfile -t COMPREPLY < <(tasklab completion words "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
    [[ ${COMPREPLY-} == *[.=] ]] && compopt -o nospace 2>/dev/null
}
complete -o default -F _tasklab tasklab
""",
    "zsh": r"""_tasklab() {
    local -a found
    found=(${(f)"$(tasklab completion words "${(@)words[2,CURRENT]}" 2>/dev/null)"})
    if (( ${#found} )); then
        compadd -Q -S '' -- ${(M)found:#*[.=]}
        compadd -Q -- ${found:#*[.=]}
    else
        compset -P '*='
        _files
    fi
}
compdef _tasklab tasklab
""",
    "fish": r"""function __tasklab
    set -l words (commandline -opc)
    set -l word (commandline -ct)
    tasklab completion words $words[2..-1] "$word" 2>/dev/null
end
complete -c tasklab -a '(__tasklab)'
""",
}
"""What each shell reads: it asks `tasklab completion words` for the rest, and takes files where nothing is said."""


def arguments(parser):
    parser.add_argument("shell", choices=(*SCRIPTS, "words"), metavar="bash|zsh|fish")
    parser.add_argument("words", nargs=argparse.REMAINDER, help=argparse.SUPPRESS)


def run(options):
    if options.shell == "words":
        print(*candidates(options.words), sep="\n")
    else:
        print(SCRIPTS[options.shell], end="")


def candidates(words: Sequence[str]) -> list[str]:
    """What may stand in place of the last of the words behind `tasklab`, which is to be completed; [] for files."""
    *before, word = words or [""]
    by_name = {verb.name: verb for verb in verbs()}
    if not before:
        return _begun(word, by_name)
    verb = by_name.get(before[0])
    if verb is None:
        return []
    if "=" in (word, before[-1]):  # bash takes key=value for three words
        key, value = (before[-1], "") if word == "=" else (before[-2], word)
        return _begun(value, _values(key))
    if "=" in word:
        key, _, value = word.partition("=")
        return [f"{key}={choice}" for choice in _begun(value, _values(key))]
    if word.startswith("-"):
        return _begun(word, _options(verb))
    if verb.name == "doctor":
        return _begun(word, ("data", "env") if len(before) == 1 else _settings(word) if word else ())
    if verb.collect == "names":
        return _names(before[1:], word)
    listed = {"list": _tasks, "tools": _tools, "completion": lambda: SCRIPTS}.get(verb.name)
    return _begun(word, listed()) if listed and len(before) == 1 else []


def _names(before: Sequence[str], word: str) -> list[str]:
    """Tasks, models and runs for the first name, models for the one behind a task, then settings."""
    from tasklab.config import list_models

    if before and before[-1] == "--resume":
        return _begun(word, _runs())
    names = [name for name in before if "=" not in name and not name.startswith("-")]
    choices: list[str] = []
    if not names:
        choices = [*_tasks(), *(model["name"] for model in list_models() if model["task"]), *_runs()]
    elif names[-1] in _tasks() and len(names) == 1:
        choices = [model["name"] for model in list_models(names[0])]
    return _begun(word, choices) or _begun(word, _settings(word))


def _settings(word: str) -> list[str]:
    """Sections, and the keys of the one that is begun."""
    config = _config(word)
    keys = [f"{key}=" for key in config.leaf_keys()]
    if "." not in word:
        keys = [key.partition(".")[0] + "." if "." in key else key for key in keys]
    return list(dict.fromkeys(keys))


def _values(key: str) -> list[str]:
    """What a setting can be, where that is a choice."""
    config = _config(key)
    return config.choices(key) if key in config else []


def _config(word: str):
    """The settings there are; of data those of every task, which take a moment to be found."""
    from tasklab.config import Config, DataConfig

    if not word.startswith("data."):
        return Config()
    from dataclasses import make_dataclass

    from tasklab.task import TASKS

    sections = dict.fromkeys(TASKS.get(name).data_config for name in TASKS.names())
    widest = [s for s in sections if not any(other is not s and issubclass(other, s) for other in sections)]
    return Config.create(make_dataclass("AnyDataConfig", [], bases=(*widest, DataConfig)))


def _options(verb: Verb) -> list[str]:
    group = argparse.ArgumentParser().add_subparsers()
    verb.attach(group)
    own = group.choices[verb.name]._option_string_actions  # argparse tells them nowhere else
    return [option for option in own if option.startswith("--") and "_" not in option]


def _tasks() -> list[str]:
    from tasklab.config import list_models

    return sorted({model["task"] for model in list_models() if model["task"]})


def _runs() -> list[str]:
    from tasklab.config import OUTPUT

    return sorted({str(checkpoint.parent) for checkpoint in Path(OUTPUT).glob("*/checkpoint-*")})


def _tools() -> list[str]:
    from tasklab.tools import TOOLS

    return TOOLS.names()


def _begun(word: str, names: Iterable[str]) -> list[str]:
    return [name for name in names if name.startswith(word)]


VERB = Verb(
    "completion", "what a shell needs to complete commands", run, arguments, "bash|zsh|fish", EXAMPLES, collect=""
)
