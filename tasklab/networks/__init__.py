"""Networks by the name of their head: what is built, and what follows from the head for weights that others made."""

from collections.abc import Callable

from tasklab.config import ModelConfig
from tasklab.registry import Registry

NETWORKS = Registry("head", package="tasklab.networks")
"""Builder(Config) -> Cell: construct(*inputs) -> tuple of outputs, each [B, ...]; its weights are named encoder.*,
head.* and, of a second stack that reads the encoder's states, decoder.*. The cell's `inputs` names the columns of a
batch that it takes. Weight tables, conversion and export go by these names, never by a task's."""


def head(
    name: str, task: str | None = None, aside: Callable[[ModelConfig], tuple[str, ...]] | None = None,
    reads: tuple[str, ...] = (), stack: str | None = None,
) -> Callable:  # fmt: skip
    """Files a builder as the head `name`.

    Args:
        reads: keys of model that not every head reads, and this one does, or the rows that it takes.
        stack: the encoder whose blocks a second stack has, which reads its settings too.
        task: the one assumed for weights of other programs that have this head.
        aside: what the names of weights that the network has no use for begin with. A head that says so stands on the
            encoder of any model, whatever that was trained for.
    """

    def file(builder):
        builder.task, builder.aside, builder.reads, builder.stack = task, aside, reads, stack
        return NETWORKS.register(name)(builder)

    return file


def unread(name: str) -> dict[str, list[str]]:
    """Keys of model that the head `name` does not read -> the heads that do."""
    readers: dict[str, list[str]] = {}
    for other in NETWORKS.names():
        for key in NETWORKS.get(other).reads:
            readers.setdefault(key, []).append(other)
    return {key: heads for key, heads in readers.items() if name not in heads}
