"""Keeps MindSpore's Python thread from burning a core while a graph runs on the others.

MindSpore 2.9 hands a graph to a queue with its own thread; reading a result then spins in AsyncRQueue::Wait until that
queue is empty, which takes one of two cores away from the kernels. With the queues disabled the calling thread runs
the task itself and sleeps while the kernels work. On a CPU nothing else is lost: there is no device to run ahead of.
"""

import ctypes
import functools
import importlib.util
from pathlib import Path

GET, DISABLE = "_ZN9mindspore7runtime8Pipeline3GetEv", "_ZN9mindspore7runtime8Pipeline15DisablePipelineEv"


@functools.cache
def run_inline() -> bool:
    """Disables MindSpore's task queues for this process; False when this MindSpore has no such switch."""
    spec = importlib.util.find_spec("mindspore")
    try:
        library = ctypes.CDLL(str(Path(spec.origin).parent / "lib" / "libmindspore_runtime_pipeline.so"))
        get, disable = getattr(library, GET), getattr(library, DISABLE)
    except (OSError, AttributeError):
        return False
    get.restype = ctypes.c_void_p
    disable.argtypes, disable.restype = [ctypes.c_void_p], None
    disable(get())
    return True
