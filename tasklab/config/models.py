"""From what a user calls a model (recipe, backbone, YAML file, folder) to the sources of its settings."""

import dataclasses
import os
import shlex
from pathlib import Path

from tasklab.config.absent import beside
from tasklab.config.catalog import OF_CATALOG, catalog, find, list_models
from tasklab.config.entries import Entry, from_file
from tasklab.config.gguf import SUFFIX as GGUF
from tasklab.config.gguf import gguf_files, read_gguf_settings
from tasklab.config.huggingface import read_foreign, sentence_settings
from tasklab.config.sections import OUTPUT
from tasklab.config.yaml_source import is_yaml, shown
from tasklab.content import from_home
from tasklab.errors import ConfigError, UnknownName
from tasklab.registry import LISTED, unknown_name

Source = list[Entry]  # entries of equal precedence

ENCODER = ("model.", "tokenizer.", "checkpoint", "from_scratch", "precision", "kernels", "device_")
"""How the keys begin that belong to the encoder of a model and how it runs, whatever the model is made for."""
HEAD = tuple(
    f"model.{key}" for key in ("pooling", "pooling_beside", "hidden_layer", "dense_size", "dense_act", "labels")
)
"""What is made of the encoder's states."""


@dataclasses.dataclass
class Origin:
    """A model's settings, weakest source first; `task` is None when it fits any task.

    shipped: of the catalog. made: they are those of a run, so what changed nothing then may stand there. foreign: of
    another program's folder.
    """

    name: str
    task: str | None
    sources: list[Source]
    shipped: bool = False
    made: bool = False
    foreign: bool = False

    def inherits(self, key: str) -> bool:
        """Whether a value may stand there without a use: it was said for whoever trains, evaluates or predicts with
        this model. Of a file of the user's own that holds for the model alone."""
        return self.shipped or self.made or self.foreign or key.startswith("model.")

    @property
    def by_hand(self) -> int:
        """How many of the sources, the last ones, are somebody's own word on a run: a file of the user's without its
        bases, or all that a run was made with."""
        return 0 if self.shipped else len(self.sources) if self.made else 1

    @property
    def checkpoint(self) -> str | None:
        """The weights the model names; None when it names none."""
        return _last(self.sources, "checkpoint")


def origin_of(model, task: str | None = None, encoder_alone: bool = False) -> Origin:
    """The settings behind a model name or path.

    encoder_alone: the task takes the encoder of any model; of one that is made for another task its settings are left.
    Raises: UnknownName, also for a model of another task; ConfigError for a file that cannot be read.
    """
    origin, path = find_model(os.fspath(model)), from_home(model)
    if origin is None and path.is_dir():
        origin = _folder(path)
        if encoder_alone and not origin.made:
            origin.sources.append(sentence_settings(path))
        elif encoder_alone and origin.task is None:
            return _encoder(origin)
    elif origin is None and path.suffix == GGUF and path.is_file():
        origin = Origin(path.stem, None, [read_gguf_settings(path), _weights_here(path)])
    elif origin is None and path.is_file() and not is_yaml(path):
        name = os.fspath(model)
        hint = f"if it holds rows, this says what to do: tasklab doctor data {shlex.quote(name)}"
        raise UnknownName(f"{name}: a file, and no model's YAML; {hint}")
    elif origin is None and is_yaml(path):
        sources = chain(path)
        origin = Origin(path.stem, _last(sources, "task"), sources)
    if origin is None and path.parent != Path(".") and (path.parent.is_dir() or str(path.parent) == OUTPUT):
        hint = beside(path) or f"; there is no folder {OUTPUT}/ here"  # output/NAME: no name of the catalog
        raise UnknownName(f"{os.fspath(model)}: no such run or model{hint}")
    if origin is None:
        names = [entry["name"] for entry in list_models(task)]
        all_of_them = " (`tasklab list` shows all)" if names[LISTED:] else ""
        error = unknown_name("model", os.fspath(model), names)
        raise UnknownName(f"{error}{all_of_them}{_other_places(os.fspath(model))}")
    if task and origin.task and origin.task != task:
        if encoder_alone:
            return _encoder(origin)
        raise UnknownName(
            f"model {os.fspath(model)!r} is made for task {origin.task!r}, not for {task!r}. "
            f"Models of {task}: {_recipes(task) or 'none'}; or any backbone: {_recipes(None)}"
        )
    return origin


def _other_places(name: str) -> str:
    """Where a model of this name may lie instead: among the runs, or on the hub."""
    if name.count("/") == 1:
        return f"; hf:{name} would be a model of the HuggingFace hub"
    return beside(Path(OUTPUT, name)) if "/" not in name else ""


def _encoder(origin: Origin) -> Origin:
    kept = [[e for e in source if e.key.startswith(ENCODER) and e.key not in HEAD] for source in origin.sources]
    return Origin(origin.name, None, kept)


def find_model(name: str) -> Origin | None:
    """What ships with tasklab under this name or alias: a recipe or a backbone."""
    named = find(name)
    return Origin(named.name, named.task, chain(named.path), shipped=True) if named else None


def task_in(path) -> str:
    """The task that a YAML file, or one of its bases, names. Raises ConfigError when none does."""
    task = task_named(path)
    if task is None:
        raise ConfigError(f"{shown(path)}: names no task; add a line such as 'task: question_answering'")
    return task


def task_named(path) -> str | None:
    """The same; None for a file that is for any task, as that of an encoder alone."""
    return _last(chain(path), "task")


def told_of(path, start: str) -> bool:
    """Whether a YAML file, or one of its bases, sets any key that begins so."""
    return any(entry.key.startswith(start) for source in chain(path) for entry in source)


def chain(path, below: tuple = ()) -> list[Source]:
    """Sources of a YAML file, its bases first. Raises ConfigError for a missing base or a cycle, with file:line."""
    path = from_home(path)
    entries = from_file(path)
    sources = []
    for entry in entries:
        if entry.key not in ("base", "base_config"):  # base_config: MindFormers, a list
            continue
        for base in entry.value if isinstance(entry.value, list) else [entry.value]:
            target = _base_path(path, base, entry.place)
            above = (*below, path.resolve())
            if target in above:
                circle = " -> ".join(file.name for file in (*above, target))
                raise ConfigError(f"{entry.place}: base {base!r} closes a circle: {circle}; remove one base")
            sources += chain(target, above)
    return sources + [[entry for entry in entries if entry.key not in ("base", "base_config", *OF_CATALOG)]]


def missing_task(origin: Origin | None) -> ConfigError:
    """The error when nothing says which task to run."""
    tasks = sorted({entry.task for entry in catalog() if entry.task})
    if origin is None:
        return ConfigError(f"neither a task nor a model is given; name a recipe: {_recipes(*tasks)}")
    built_on = [n.name for n in catalog() if n.task and _is_below(n.path, origin.name)]
    recipe = f", or take a recipe built on it: {', '.join(built_on)}" if built_on else ""
    return ConfigError(
        f"model {origin.name!r} fits any task, so the task has to be named, such as {' or '.join(tasks)}{recipe}"
    )


def _recipes(*tasks) -> str:
    return ", ".join(entry.name for entry in catalog() if entry.task in tasks)


def _is_below(recipe: Path, base: str) -> bool:
    return f"_base/{base}.yaml" in recipe.read_text(encoding="utf-8")


def _last(sources: list[Source], key: str):
    return next((e.value for source in reversed(sources) for e in reversed(source) if e.key == key), None)


def _base_path(path: Path, base, place: str) -> Path:
    """A base is a path relative to its file; without .yaml it is a name of the catalog."""
    named = find(base) if isinstance(base, str) and not is_yaml(base) else None
    if named:
        return named.path.resolve()
    if not isinstance(base, str) or not (target := path.parent / from_home(base)).is_file():
        raise ConfigError(f"{place}: base {base!r} is no file next to {shown(path)} and no model name")
    return target.resolve()


def _folder(folder: Path) -> Origin:
    """A tasklab checkpoint, or a folder in HuggingFace's or google-research's layout."""
    here, config = str(folder), folder / "config.yaml"
    start = _weights_here(folder)
    if config.is_file():
        # The vocabulary is the one in the folder; where the run was made says nothing about where it goes on.
        machine = {"device_target": "auto", "device_id": 0, "data_parallel": 1, "output_dir": None}
        machine |= dict.fromkeys(("tokenizer.vocab", "tokenizer.decoder_vocab"))
        start += [Entry(key, value, here) for key, value in machine.items()]
        sources = chain(config)
        return Origin(folder.resolve().name, _last(sources, "task"), [*sources, start], made=True)
    for name in ("config.json", "bert_config.json", "albert_config.json"):
        if (folder / name).is_file():
            return Origin(folder.resolve().name, None, [read_foreign(folder, name), start], foreign=True)
    if len(alone := gguf_files(folder)) == 1:
        return Origin(folder.resolve().name, None, [read_gguf_settings(alone[0]), start])
    several = f", but {len(alone)} GGUF files: name one of them" if alone else ""
    raise ConfigError(
        f"{here}: a model folder holds config.yaml (tasklab), config.json (HuggingFace) or a GGUF file; found "
        f"neither{several}"
    )


def _weights_here(path: Path) -> Source:
    return [Entry("checkpoint", str(path), str(path)), Entry("from_scratch", False, str(path))]
