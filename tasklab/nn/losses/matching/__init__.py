"""Losses over vectors of texts, by the names of `config.matching_losses`."""

from tasklab.registry import Registry

MATCHING = Registry("matching loss", package="tasklab.nn.losses.matching")
"""Builder(LossConfig, D) -> Cell: (vectors [B, T, D], columns that its `labels` names, sample_weight [B]) -> (sum,
weight), two scalars. Of the T texts of a row the second is compared with the first, all others do not match it.
What a row lacks, and rows of weight 0, stand for nothing. The builder of a loss that honours `queue_size` takes the
queue too."""
