"""Which device runs, and keeping MindSpore quiet and out of the user's folder."""

import logging
import os
import platform
import tempfile

from tasklab.config import Config
from tasklab.errors import ConfigError

logger = logging.getLogger("tasklab")

TARGETS = ("Ascend", "GPU", "CPU")


def prepare(config: Config):
    """Sets MindSpore up for this configuration: target, graph mode. Safe to call again.

    Raises: ConfigError in one line when the named device is absent.
    """
    import mindspore as ms

    wanted = config.device_target
    target = _detect() if wanted == "auto" else wanted
    try:
        ms.set_device(target, config.device_id)
    except (RuntimeError, ValueError) as error:
        reason = str(error).strip().splitlines()[0]
        raise ConfigError(
            f"device_target = {wanted}: this machine offers no such device to MindSpore ({reason}); "
            "use device_target=CPU or auto"
        ) from None
    ms.set_context(mode=ms.GRAPH_MODE)


def describe() -> str:
    """The device in words, for the log."""
    import mindspore as ms

    target = ms.get_context("device_target")
    return f"{target} ({usable_cores()} cores)" if target == "CPU" else f"{target} {ms.get_context('device_id')}"


def usable_cores() -> int:
    """Cores that this process may use, which can be fewer than the machine has."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _detect() -> str:
    """The best device whose driver is present; asks for files only, as MindSpore's own probing is loud."""
    if os.path.exists("/dev/davinci_manager"):
        return "Ascend"
    return "CPU"
