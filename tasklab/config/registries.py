"""What the sections may name without MindSpore; declared here, where the names are checked, filled far above."""

from collections.abc import Callable

from tasklab.config.section import Section
from tasklab.errors import UnknownName
from tasklab.registry import Registry

TOKENIZERS = Registry("tokenizer", package="tasklab.text")
"""Tokenizer(vocab_path, lowercase): encode_batch(texts) -> list of (ids [n], character offsets [n, 2]).

What else one offers is in `wordpiece.WordPiece`: the ids of special tokens, and how two texts are put into one row:
`pair_separators` stand between them, and the second has the token type `second_type`.
"""

OPTIMIZERS = Registry("optimizer", package="tasklab.engine.optimizers")
"""Class with `settings`, made as (parameters, OptimizerConfig, max_grad_norm): HostOptimizer. Its on_device() gives the
class of the same interface for memory that the host cannot reach. Importing it needs no MindSpore."""

SCHEDULES = Registry("schedule", package="tasklab.engine.schedules")
"""(step, warmup, total, ScheduleConfig, floor) -> factor on the peak rate, for the steps from `warmup` on. Before them
it rises in equal steps from `start`, an attribute beside `settings`."""


WARMUP = ("warmup_ratio", "warmup_steps")


def schedule(name: str, *settings: str, start: float = 0.0) -> Callable:
    """Files a schedule. settings: keys of the section that it reads; start: its factor at step 0 of a warm-up."""

    def file(function):
        function.settings, function.start = settings, start
        return SCHEDULES.register(name)(function)

    return file


def name_problem(section: Section, registry: Registry):
    """Yields what is wrong with section.name, if anything."""
    key = section.key_of("name")
    try:
        registry.get(section.name)
    except UnknownName as error:
        yield (key,), f"{key}: {error}"


def unread(section: Section, registry: Registry, always: tuple[str, ...]):
    """`Section.idle` for the settings that are not read under section.name; always: those that all names read."""
    read = {name: registry.get(name).settings for name in registry.names()}
    for key in section:
        if section.name in read and key not in (*always, *read[section.name]) and section.changed(key):
            readers = ", ".join(name for name in read if key in read[name])
            yield section.key_of(key), section.key_of("name"), f"take one that reads it: {readers}"
