"""Settings that would be passed over in silence, or fail late, are refused before the work begins."""

import functools
import logging
import os

import mindspore as ms

from tasklab import kernels
from tasklab.cachedir import cache_dir
from tasklab.config import Config, LossConfig
from tasklab.config.encoder_decoders import family_of
from tasklab.encoders import ENCODERS, check_settings
from tasklab.engine import device
from tasklab.engine.evaluate import measures_loss
from tasklab.engine.selection import watched_metric
from tasklab.errors import ConfigError
from tasklab.networks import NETWORKS, unread
from tasklab.nn.blocks.activations import ACTIVATIONS
from tasklab.registry import unknown_name
from tasklab.task import TASKS

logger = logging.getLogger("tasklab")


def refuse_unoffered(config: Config):
    """Raises ConfigError for a setting that this version does not have."""
    if config.data_parallel > 1:
        raise ConfigError(f"data_parallel = {config.data_parallel}: this version runs one process; set it to 1")
    if config.precision == "fp16":
        t5 = family_of(config.model) == "t5"
        why = ", and a T5's activations pass 65,504, the largest number of float16" if t5 else ""
        message = f"precision = fp16: this version computes in fp32 or bf16{why}; set one of the two"
        raise ConfigError(config.placed("precision", message))


def refuse_network(config: Config):
    """Raises ConfigError for an encoder or an activation that nobody knows, and for settings that the encoder lacks."""
    model = config.model
    for key, choices in (("encoder", ENCODERS.names()), ("hidden_act", list(ACTIVATIONS))):
        if model[key] not in choices:
            message = f"model.{key}: {unknown_name(key.replace('hidden_act', 'activation'), model[key], choices)}"
            raise ConfigError(config.placed(f"model.{key}", message))
    head = TASKS.get(config.task).head_for(model)
    check_settings(config, ENCODERS.get(model.encoder), NETWORKS.get(head).stack)


NEEDING_EVALUATIONS = (
    "early_stopping_patience", "save_strategy", "eval_strategy", "eval_steps", "metric_for_best_model",
    "greater_is_better",
)  # fmt: skip
"""Settings of train that do nothing where nothing is evaluated, save_strategy where it is best."""


def refuse_without_evaluation(config: Config):
    """Raises ConfigError for settings that wait for evaluations, for a training that has nothing to evaluate on.

    What a recipe, or the run that a model comes from, says on how to evaluate may stand; what would end a run or save
    it may not.
    """
    train = config.train
    wrong = []
    for key in NEEDING_EVALUATIONS:
        waits = train[key] not in (None, "no") and (key != "save_strategy" or train[key] == "best")
        acts = key in ("early_stopping_patience", "save_strategy")
        if waits and (acts or config.inherited.get(f"train.{key}") != train[key]):
            wrong.append((f"train.{key}", train[key]))
    if wrong:
        message = "needs evaluations, and there is nothing to evaluate on; set data.eval (or data.folds), or remove it"
        raise ConfigError("\n".join(config.placed(key, f"{key} = {value} {message}") for key, value in wrong))


def refuse_unread(task):
    """Raises ConfigError that lists settings which this task's loss and head would pass over, or answers fail on."""
    config, wrong = task.config, []
    settings = (*task.loss_settings, "rdrop_alpha")
    plain = LossConfig()
    for key in config.loss:
        if config.loss[key] != plain[key] and key not in settings:
            message = f"{config.task} does not know it; known there: {', '.join(settings)}"
            wrong.append((f"loss.{key}", message))
    if not task.generates:
        asked = (key for key in config.generation if config.asked(f"generation.{key}"))
        wrong += [(f"generation.{key}", f"{config.task} does not generate text, so nothing reads it") for key in asked]
    else:
        words = config.model.decoder_vocab_size or config.model.vocab_size
        wrong += [(f"generation.{key}", message) for key, message in config.generation.unknown_tokens(words)]
    for key, heads in unread(task.head).items():
        if config.asked(f"model.{key}"):
            wrong.append((f"model.{key}", f"{config.task} does not read it; heads that do: {', '.join(heads)}"))
    if wrong:
        raise ConfigError("\n".join(config.placed(key, f"{key} = {config[key]}: {message}") for key, message in wrong))


def refuse_unknown_metric(task, held_out):
    """Raises ConfigError when train.metric_for_best_model is no metric of the task, or a count: better now than after
    an epoch."""
    if task.config.train.metric_for_best_model is None:
        return
    name = watched_metric(task.config.train, task.metric)
    trivial = next(iter(task.baselines(held_out.examples).values()))
    metrics = {key for key, value in trivial.items() if isinstance(value, float)}
    metrics |= {"loss"} if measures_loss(task, held_out.features) else set()
    if name not in metrics:
        instead = f"macro_{name}"  # f1 is that of one class, where there are two
        hint = f"did you mean {instead!r}? It takes" if instead in metrics else "expected"
        message = f"train.metric_for_best_model is {name!r}; {hint} one of {', '.join(sorted(metrics))}"
        raise ConfigError(task.config.placed("train.metric_for_best_model", message))


def prepare_device(config: Config, training: bool):
    """The device, a precision it has, and a place for MindSpore's report on a graph that does not compile, which
    would be ./rank_0. Raises ConfigError when training cannot have bf16; predictions are made in fp32 then.
    int8 is for text that the kernels' decoder generates, which needs no device."""
    if config.precision == "int8":
        place = "training cannot have it" if training else "only a decoder's kernels have it, and none runs here"
        raise ConfigError(config.placed("precision", f"precision = int8: {place}; set precision=fp32"))
    os.environ.setdefault("MS_OM_PATH", str(cache_dir() / "mindspore"))
    device.prepare(config)
    if config.precision == "bf16" and (why := _why_no_bf16(config)):
        if training:
            raise ConfigError(f"precision = bf16: {why}; set precision=fp32")
        logger.warning("precision = bf16: %s; computing in fp32", why)
        config.precision = "fp32"
    if config.precision == "bf16":
        _warn_of_slow_products()


@functools.cache
def _warn_of_slow_products():
    """Once a process, and only where it is so."""
    if slow := kernels.slow_bf16():
        advice = "compare a few steps of both (train.max_steps=20), or set precision=fp32"
        logger.warning("precision = bf16: %s; %s", slow, advice)


def _why_no_bf16(config: Config) -> str:
    """Why bf16 would be passed over here, or be slower than fp32; empty when it works."""
    if ms.get_context("device_target") != "CPU":
        return "this version has it on CPUs only"
    if config.kernels == "off":
        return "it needs the fused kernels, and kernels = off"
    if not kernels.available():
        return f"it needs the fused kernels: {kernels.why_not()}"
    return "" if kernels.bf16() else "this processor has no bfloat16 products (avx512_bf16, amx_bf16)"
