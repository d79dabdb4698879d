"""Which device runs, and keeping MindSpore quiet and out of the user's folder."""

import logging
import os

from tasklab.config import Config
from tasklab.errors import ConfigError
from tasklab.system import usable_cores

logger = logging.getLogger("tasklab")

DRIVERS = {"Ascend": "/dev/davinci_manager", "GPU": "/proc/driver/nvidia/version"}
"""Files that exist where a driver is loaded."""


def prepare(config: Config):
    """Sets MindSpore up for this configuration: target, graph mode. Safe to call again.

    Raises: ConfigError in one line when the named device is absent.
    """
    import mindspore as ms

    asked = config.device_target
    for target in available() if asked == "auto" else [asked]:
        try:
            _select(target, config.device_id if target != "CPU" else 0)
            break
        except (RuntimeError, ValueError) as error:
            reason = str(error).strip().splitlines()[0].split(". ")[0]
            if target == asked or target == "CPU":
                raise ConfigError(
                    f"device_target = {asked}: MindSpore cannot use one here ({reason}); set device_target=CPU or auto"
                ) from None
            logger.warning("a %s driver is installed, but MindSpore cannot use it (%s); running on CPU", target, reason)
    ms.set_context(mode=ms.GRAPH_MODE)


def _select(target: str, number: int):
    """Raises RuntimeError or ValueError when the device does not answer."""
    import mindspore as ms

    if (ms.get_context("device_target"), ms.get_context("device_id")) != (target, number):
        ms.set_device(target, number)  # refused once anything has run, even for the device that runs already
    if target != "CPU":
        ms.hal.synchronize()


def describe() -> str:
    """The device in words, for the log."""
    import mindspore as ms

    target = ms.get_context("device_target")
    return f"{target} ({usable_cores()} cores)" if target == "CPU" else f"{target} {ms.get_context('device_id')}"


def available() -> list[str]:
    """Devices that MindSpore could use here, best first; looks for drivers only, as loading them is slow and loud."""
    targets = [target for target, driver in DRIVERS.items() if os.path.exists(driver)]
    return [*targets, "CPU"]
