"""Which rows make up which optimizer step: fixed by rows, settings and seed, so that a resume repeats it."""

import logging
import zlib

from tasklab.config import Config
from tasklab.data.rows.apart import parted
from tasklab.data.rows.buckets import Batch, Buckets, plan_axes, train_batches
from tasklab.data.rows.protocol import INPUT, Rows, tokens_of
from tasklab.errors import CheckpointError
from tasklab.runs.state import FORMAT

logger = logging.getLogger("tasklab")

WORDS = {
    "digest_of_rows": "the content of the training rows (their texts or labels, or how they are encoded)",
    "crc32_of_tokens": "the texts of the training rows",
}
"""What of a plan says nothing by its value."""


class RowOrder:
    """The batches of every epoch, with the padded lengths planned for them."""

    def __init__(self, features: Rows, config: Config):
        self.features, self.config = features, config
        self.planned = plan_axes(features.lengths, config.data.num_buckets, config.data.max_length)
        steps, waited = self._steps(0)
        self.steps_per_epoch = len(steps)
        if waited:
            logger.info(
                "%d of %d rows wait for another step of the first epoch than the one drawn for them, in which a row "
                "with a text of theirs stands already", waited, len(features),
            )  # fmt: skip

    def steps(self, epoch: int) -> list[list[Batch]]:
        """The micro-batches of each optimizer step of an epoch."""
        return self._steps(epoch)[0]

    def count(self, epochs: int) -> int:
        """Optimizer steps of the first epochs; rows that are kept apart may make more of one epoch than of another."""
        if self.features.apart is None:
            return epochs * self.steps_per_epoch
        return sum(len(self.steps(epoch)) for epoch in range(epochs))

    def _steps(self, epoch: int) -> tuple[list[list[Batch]], int]:
        """The steps, and how many rows wait for theirs."""
        config = self.config
        batches = train_batches(
            self.features.lengths, self.planned, config.train.batch_size, config.seed, epoch,
            config.data.group_by_length,
        )  # fmt: skip
        size = config.train.gradient_accumulation_steps
        steps = [batches[i : i + size] for i in range(0, len(batches), size)]
        texts = self.features.apart
        if texts is None:
            return steps, 0
        buckets = Buckets(self.features.lengths, self.planned)
        return parted(steps, texts, buckets, config.train.batch_size, size)

    def refuse_other(self, then: dict, format_version: int):
        """Raises CheckpointError when a run whose plan was `then`, in the words of its format, had another order."""
        now = self.plan(format_version)
        differing = [key for key, value in now.items() if then.get(key) != value]
        if differing:
            changes = (WORDS.get(key) or f"{key}: then {then.get(key)}, now {now[key]}" for key in differing)
            listed = ", ".join(changes)
            raise CheckpointError(
                f"resume would not repeat the run, because this changed: {listed}; "
                "restore it, or start from the weights alone with --from"
            )

    def plan(self, format_version: int = FORMAT) -> dict:
        """What fixes the order, in the words of a state's format; equal plans mean equal batches."""
        train, rows = self.config.train, self.features
        content = {"digest_of_rows": rows.digest()}
        if format_version == 1:
            content = {"crc32_of_tokens": zlib.crc32(rows["input_ids"].values)}
        return {
            "rows": len(rows),
            "tokens": int(sum(own.sum() for own in rows.lengths.values())),
            **content,
            **{_length_key(axis): list(own) for axis, own in self.planned.items()},
            "batch_size": train.batch_size,
            "group_by_length": self.config.data.group_by_length,
            "gradient_accumulation_steps": train.gradient_accumulation_steps,
            "seed": self.config.seed,
        }

    def padding(self) -> str:
        """The planned lengths in words."""
        return "; ".join(f"{', '.join(map(str, own))} {tokens_of(axis)}" for axis, own in self.planned.items())


def _length_key(axis: str) -> str:
    return "planned_lengths" if axis == INPUT else f"planned_{axis}_lengths"
