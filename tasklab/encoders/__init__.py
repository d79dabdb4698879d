"""Networks that turn token ids into hidden states, by name."""

import logging
from typing import TYPE_CHECKING

from tasklab.config import Config
from tasklab.errors import ConfigError
from tasklab.registry import Registry

if TYPE_CHECKING:
    from mindspore import nn

logger = logging.getLogger("tasklab")

ENCODERS = Registry("encoder", package="tasklab.encoders")
"""Builder(ModelConfig, recompute, fused, pooler) -> Cell:
(input_ids, attention_mask, token_type_ids) [B, S] -> hidden [B, S, H]; with pooler also pool(hidden) -> [B, H].
`fused` is "", "fp32" or "bf16", see nn/transformer.py."""


def build_encoder(config: Config, pooler: bool = False) -> "nn.Cell":
    """The encoder that `config.model` names, on fused kernels where these exist and `config.kernels` allows them.

    Raises: ConfigError when bf16 is asked for and no layer can compute in it.
    """
    from tasklab import kernels
    from tasklab.nn.compat import on_cpu

    wanted = config.kernels == "auto" and on_cpu()
    if wanted and not kernels.available():
        logger.warning("fused kernels are off, stock operators run, several times slower: %s", kernels.why_not())
    fused = config.precision if wanted and kernels.available() else ""
    builder = ENCODERS.get(config.model.encoder)
    encoder = builder(config.model, recompute=config.recompute, fused=fused, pooler=pooler)
    if config.precision == "bf16":
        _refuse_without_bf16(encoder, config)
    return encoder


def build_classifier(config: Config, outputs: int) -> "nn.Cell":
    """The network with one vector per row, or two texts, and `outputs` numbers made of it.

    Raises: ConfigError for none: nobody has named the classes.
    """
    from tasklab.nn.heads import ClassificationHead
    from tasklab.nn.network import PooledNetwork
    from tasklab.nn.siamese import PAIR_FEATURES, SiameseNetwork

    model = config.model
    if not outputs:
        raise ConfigError(
            f"{config.name} names no classes, so it was not trained for them; train it first, or set "
            "model.labels=[...] to the names of its outputs in their order"
        )
    if model.pair_encoding != "joint":
        compared = PAIR_FEATURES[model.pair_encoding]
        head = ClassificationHead(len(compared) * model.hidden_size, outputs, dropout=0.0)
        return SiameseNetwork(build_encoder(config), head, model.pooling, compared)
    head = ClassificationHead(model.hidden_size, outputs, model.hidden_dropout_prob)
    return PooledNetwork(build_encoder(config, pooler=True), head, model.pooling)


def _refuse_without_bf16(encoder, config: Config):
    from tasklab.kernels.ops import FusedEncoderLayer

    if not any(isinstance(cell, FusedEncoderLayer) for _, cell in encoder.cells_and_names()):
        raise ConfigError(
            f"precision = bf16: encoder {config.model.encoder!r} with activation {config.model.hidden_act!r} has no "
            "kernel for it; set precision=fp32"
        )
