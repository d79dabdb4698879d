"""Which device a run gets, and what an absent one is told."""

import mindspore as ms
import numpy as np
import pytest

from tasklab.config import Config
from tasklab.engine import device
from tasklab.errors import ConfigError


def config(target):
    return Config.create(name="x", device_target=target)


@pytest.mark.parametrize("target", ["auto", "CPU"])
def test_the_device_that_runs_already_can_be_asked_for_again(target):
    # a notebook computes something first; MindSpore refuses to set a device after that, even the same one
    (ms.Tensor(np.ones(2, np.float32)) + 1).asnumpy()
    device.prepare(config(target))
    assert device.describe().startswith("CPU")


@pytest.mark.skipif(device.available() != ["CPU"], reason="this machine has an accelerator")
@pytest.mark.parametrize("target", ["GPU", "Ascend"])
def test_an_absent_device_is_one_clear_line(target):
    with pytest.raises(ConfigError) as caught:
        device.prepare(config(target))
    assert str(caught.value).startswith(f"device_target = {target}: MindSpore cannot use one here (")
    assert str(caught.value).endswith("set device_target=CPU or auto") and "\n" not in str(caught.value)
