"""Networks that turn token ids into hidden states, by name."""

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING

from tasklab.config import Config, ModelConfig
from tasklab.config.model_section import PREFIX
from tasklab.errors import ConfigError
from tasklab.registry import Registry

if TYPE_CHECKING:
    from mindspore import nn

logger = logging.getLogger("tasklab")

ENCODERS = Registry("encoder", package="tasklab.encoders")
"""Builder(ModelConfig, recompute, fused, pooler) -> Cell:
(input_ids, attention_mask, token_type_ids) [B, S] -> hidden [B, S, H]; with pooler also pool(hidden) -> [B, H].
`fused` is "", "fp32" or "bf16", see nn/transformer.py. One that knows `mask`
also takes `packed` and `frozen`, see `build_encoder`."""


def encoder(*names: str, settings: tuple = (), needs: tuple = ()) -> Callable:
    """Files a builder under `names`. `settings`: keys of model that not every encoder reads, and this one does, also
    recompute; `needs`: those that have to be set."""

    def file(builder):
        builder.settings, builder.needs = (*settings, *needs), needs
        for name in names:
            ENCODERS.register(name)(builder)
        return builder

    return file


def build_encoder(
    config: Config, pooler: bool = False, packed: bool = False, prefix: bool = False, beside: str | None = None
) -> "nn.Cell":
    """The encoder that `config.model` names, on fused kernels where these exist and `config.kernels` allows them.

    packed: rows hold several documents whose numbers stand for the mask; tokens look back, in their own alone. Where
    the configuration lets weights stand still, its builder hears of it as `frozen`. prefix: what a document begins with
    may be seen by all of it, see `SelfAttention`. beside: as `check_settings`.
    Raises: ConfigError for a setting that the encoder lacks or does not know, when bf16 is asked for and no layer can
    compute in it, for `packed` where tokens see what follows or may not be kept apart, and for a mask with a prefix
    where nothing says which tokens are one.
    """
    builder = ENCODERS.get(config.model.encoder)
    check_settings(config, builder, beside)
    fused = fused_precision(config)
    if config.model.mask == PREFIX and not prefix:
        reason = "tells a source from what answers it, and this task has none; set it to full or causal"
        raise ConfigError(config.placed("model.mask", f"model.mask = {PREFIX} {reason}"))
    if packed:
        _refuse_unpacked(config, builder)
    more = {"packed": True} if packed else {}
    if "mask" in builder.settings and (config.lora.rank or 0 in config.optimizer.rates.values()):
        more["frozen"] = True
    built = _built(config, builder, fused, pooler, more)
    if config.precision == "bf16":
        _refuse_without_bf16(built, config)
    return built


def fused_precision(config: Config) -> str:
    """Of the fused kernels' products, "" where stock operators run."""
    from tasklab import kernels
    from tasklab.nn.compat import on_cpu

    fused = config.kernels == "auto" and on_cpu()
    if fused and not kernels.available():
        logger.warning("fused kernels are off, stock operators run, several times slower: %s", kernels.why_not())
    return config.precision if fused and kernels.available() else ""


def _built(config: Config, builder, fused: str, pooler: bool, more: dict) -> "nn.Cell":
    model, options = config.model, {"recompute": config.recompute, "fused": fused, **more}
    if not model.dual:
        return builder(model, **options, pooler=pooler)
    from tasklab.encoders.components import embedding_size, norm
    from tasklab.nn.blocks.dual import DualEncoder
    from tasklab.nn.blocks.encoder import share_parameters
    from tasklab.nn.compat import dense

    first = builder(model, **options)
    second = builder(model, **options) if model.dual == "apart" or model.stream_norm else None
    if model.dual == "tied" and second is not None:
        share_parameters(first, second)
        second.embeddings.stream_norm = norm(model, embedding_size(model))
    above = dense(model.hidden_size, model.hidden_size) if pooler else None
    return DualEncoder(first, second, above, model.pooler_act)


def check_settings(config: Config, builder, beside: str | None = None):
    """Raises ConfigError that lists what `builder` needs and is not set, and what is set and would change nothing.

    beside: the encoder whose blocks a second stack has, which reads the same section.
    """
    model, plain, name = config.model, ModelConfig(), config.model.encoder
    settings = {other: ENCODERS.get(other).settings for other in ENCODERS.names()}
    second = ENCODERS.get(beside or name)
    read = (*builder.settings, *second.settings)
    missing = [f"model.{key} has no value; encoder {name!r} needs it" for key in builder.needs if model[key] is None]
    also = (key for key in second.needs if key not in builder.needs and model[key] is None)
    missing += [f"model.{key} has no value; the decoder needs it" for key in also]
    wrong = [config.placed("model.encoder", message) for message in missing]
    for key in model:
        readers = [other for other in settings if key in settings[other]]
        if readers and key not in read and model[key] != plain[key]:
            text = f"model.{key} = {model[key]}: encoder {name!r} does not know it; remove it, or name an encoder that "
            wrong.append(config.placed(f"model.{key}", f"{text}does: {', '.join(readers)}"))
    if config.recompute and "recompute" not in read:
        text = f"recompute = true: encoder {name!r} does not know it; set it to false"
        wrong.append(config.placed("recompute", text))
    if wrong:
        raise ConfigError("\n".join(wrong))


def _refuse_unpacked(config: Config, builder):
    model = config.model
    if "mask" not in builder.settings or model.dual or not (model.causal or model.mask == PREFIX):
        of_mask = f"mask {model.mask}" if "mask" in builder.settings else "its layers"
        setting = f"dual {model.dual}" if model.dual else of_mask
        message = f"encoder {model.encoder!r} with {setting} does not tell each token from those before it; take gpt"
        raise ConfigError(config.placed("model.encoder", message))


def _refuse_without_bf16(encoder, config: Config):
    from tasklab.kernels.decoder_layer import FusedDecoderLayer
    from tasklab.kernels.ops import FusedEncoderLayer

    if not any(isinstance(cell, (FusedEncoderLayer, FusedDecoderLayer)) for _, cell in encoder.cells_and_names()):
        raise ConfigError(
            f"precision = bf16: encoder {config.model.encoder!r} with these blocks has no kernel for it; "
            "set precision=fp32"
        )
