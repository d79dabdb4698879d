"""Networks that turn token ids into hidden states, by name."""

import logging
from typing import TYPE_CHECKING

from tasklab.config import Config
from tasklab.registry import Registry

if TYPE_CHECKING:
    from mindspore import nn

logger = logging.getLogger("tasklab")

ENCODERS = Registry("encoder", package="tasklab.encoders")
"""Builder(ModelConfig, recompute, fused, pooler) -> Cell:
(input_ids, attention_mask, token_type_ids) [B, S] -> hidden [B, S, H]; with pooler also pool(hidden) -> [B, H]."""


def build_encoder(config: Config, pooler: bool = False) -> "nn.Cell":
    """The encoder that `config.model` names, on fused kernels where these exist and `config.kernels` allows them."""
    from tasklab import kernels
    from tasklab.nn.compat import on_cpu

    wanted = config.kernels == "auto" and config.precision == "fp32" and on_cpu()
    if wanted and not kernels.available():
        logger.warning("fused kernels are off, stock operators run, several times slower: %s", kernels.why_not())
    fused = wanted and kernels.available()
    builder = ENCODERS.get(config.model.encoder)
    return builder(config.model, recompute=config.recompute, fused=fused, pooler=pooler)
