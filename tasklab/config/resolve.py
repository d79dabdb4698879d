"""Names, files and overrides to one validated Config; every error of every source is listed at once, with its place."""

import os
from collections.abc import Mapping

from tasklab.config.aliases import TASKS
from tasklab.config.catalog import find
from tasklab.config.data_section import DataConfig
from tasklab.config.entries import Entry, from_args, from_mapping, from_overrides
from tasklab.config.merge import OF_TASK, Merge
from tasklab.config.models import Origin, Source, chain, missing_task, origin_of
from tasklab.config.sections import Config
from tasklab.config.translate import translate


def resolve(
    task=None, model=None, overrides=(), *, args=None, data_class: type[DataConfig] = DataConfig, defaults=None,
    encoder_alone: bool = False, generates: bool = True,
) -> Config:  # fmt: skip
    """The config of a run. Weakest first: field defaults, `defaults`, backbone, recipe, `args`, `overrides`.

    Args:
        task: its name; may be None when the model is a recipe or a checkpoint folder.
        model: a recipe, a backbone, a YAML file, or a folder (tasklab checkpoint, or HuggingFace layout).
        overrides: "a.b=c" texts, or a nested or dotted dictionary.
        args: a YAML file (tasklab's or MindFormers'), a dictionary, or a TrainingArguments object.
        data_class, defaults: the task's own data section, and its nested default values.
        encoder_alone: the task takes the encoder of any model, whatever that is made for.
        generates: whether it reads the section `generation`; else how a published model decodes does not concern it.
    Raises: UnknownName for names; ConfigError that lists all other problems, one per line.
    """
    given = [*_args_sources(args), from_overrides(overrides)]
    task, origin = _names(task, model, given, encoder_alone)
    first = from_mapping(defaults or {}, OF_TASK)
    if origin:
        first.append(Entry("name", origin.name, "model"))
    merge = Merge(Config.create(data_class), task)
    sources = origin.sources if origin else []
    if origin and origin.foreign and not generates:
        sources = [[entry for entry in source if not entry.key.startswith("generation.")] for source in sources]
    for source in [first, *sources]:
        merge.add(source)
    merge.recipe = merge.level - (origin.by_hand if origin else 0)
    if origin and origin.made:
        merge.settle_made()
    merge.inherit(origin)
    for source in given[:-1]:
        merge.add(source)
    merge.add(given[-1], repeats=True)
    merge.fit_length()
    return merge.finish()


def assign(config: Config, values: Mapping, place: str) -> Config:
    """The config with these values, nested or dotted, in anybody's spelling; it changes itself. Validated."""
    merge = Merge(config, config.task)
    merge.add(from_mapping(values, place))
    return merge.finish()


def find_task(task=None, model=None, overrides=(), *, args=None) -> str:
    """The task that `resolve` with the same arguments would run; look up what it is told about the task with it."""
    return _names(task, model, [*_args_sources(args), from_overrides(overrides)], encoder_alone=True)[0]


def read_config(path, data_class: type[DataConfig] = DataConfig) -> Config:
    """The config of a run, in a file, validated; inverse of `Config.to_yaml`. Raises ConfigError with file:line."""
    merge = Merge(Config.create(data_class), None)
    for source in chain(path):
        merge.add(source)
    merge.settle_made()
    return merge.finish()


def task_name(name: str) -> str:
    """Our name of a task that goes by HuggingFace's or MindFormers' name, such as fill-mask."""
    plain = name.replace("-", "_")
    return TASKS.get(plain, plain)


def settings_of(args) -> dict:
    """{key as it was said: value} of what `resolve` takes as `args`; {} of None."""
    return {entry.key: entry.value for source in _args_sources(args) for entry in source}


def _args_sources(args) -> list[Source]:
    if args is None:
        return []
    return chain(args) if isinstance(args, (str, os.PathLike)) else [from_args(args)]


def _names(task, model, given: list[Source], encoder_alone: bool) -> tuple[str, Origin | None]:
    """The task to run and the origin of the model, from the arguments or from what args and overrides say."""
    entries = [entry for source in given for entry in translate(source, set(Config().leaf_keys()))[0]]
    task = task or next((entry.value for entry in reversed(entries) if entry.key == "task"), None)
    task = task_name(task) if isinstance(task, str) else task
    if model is None:
        names = [e.value for source in given for e in source if e.key == "trainer.model_name"]  # MindFormers YAML
        model = next((name for name in names if isinstance(name, str) and find(name)), None)
    origin = origin_of(model, task, encoder_alone) if model is not None else None
    task = task or (origin.task if origin else None)
    if not task:
        raise missing_task(origin)
    return task, origin
