"""Settings that would be passed over in silence, or fail late, are refused before the work begins."""

import logging
import os

import mindspore as ms

from tasklab import kernels
from tasklab.cachedir import cache_dir
from tasklab.config import Config, LossConfig
from tasklab.engine import device
from tasklab.engine.evaluate import measures_loss
from tasklab.engine.selection import watched_metric
from tasklab.errors import ConfigError

logger = logging.getLogger("tasklab")


def refuse_unoffered(config: Config):
    """Raises ConfigError for a setting that this version does not have."""
    if config.data_parallel > 1:
        raise ConfigError(f"data_parallel = {config.data_parallel}: this version runs one process; set it to 1")
    if config.precision == "fp16":
        raise ConfigError("precision = fp16: this version computes in fp32 or bf16; set one of them")


def refuse_loss_settings(task):
    """Raises ConfigError for a setting of the loss that this task's loss would pass over."""
    said, plain = task.config.loss, LossConfig()
    changed = [key for key in said if said[key] != plain[key] and key not in (*task.loss_settings, "rdrop_alpha")]
    if changed:
        known = ", ".join((*task.loss_settings, "rdrop_alpha"))
        raise ConfigError(
            f"loss.{changed[0]} = {said[changed[0]]}: {task.config.task} does not know it; known there: {known}"
        )


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
        message = f"train.metric_for_best_model is {name!r}; expected one of {', '.join(sorted(metrics))}"
        raise ConfigError(task.config.placed("train.metric_for_best_model", message))


def prepare_device(config: Config, training: bool):
    """The device, a precision it has, and a place for MindSpore's report on a graph that does not compile, which
    would be ./rank_0. Raises ConfigError when training cannot have bf16; predictions are made in fp32 then."""
    os.environ.setdefault("MS_OM_PATH", str(cache_dir() / "mindspore"))
    device.prepare(config)
    if config.precision == "bf16" and (why := _why_no_bf16(config)):
        if training:
            raise ConfigError(f"precision = bf16: {why}; set precision=fp32")
        logger.warning("precision = bf16: %s; computing in fp32", why)
        config.precision = "fp32"


def _why_no_bf16(config: Config) -> str:
    """Why bf16 would be passed over here, or be slower than fp32; empty when it works."""
    if ms.get_context("device_target") != "CPU":
        return "this version has it on CPUs only"
    if config.kernels == "off":
        return "it needs the fused kernels, and kernels = off"
    if not kernels.available():
        return f"it needs the fused kernels: {kernels.why_not()}"
    return "" if kernels.bf16() else "this processor has no bfloat16 products (avx512_bf16, amx_bf16)"
