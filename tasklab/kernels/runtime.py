"""Two settings of the process that MindSpore leaves wrong for kernels of our own: its task queue, and glibc's heap.

MindSpore 2.9 hands a graph to a queue with its own thread; reading a result then spins in AsyncRQueue::Wait until that
queue is empty, which takes one of two cores away from the kernels. With the queues disabled the calling thread runs
the task itself and sleeps while the kernels work. On a CPU nothing else is lost: there is no device to run ahead of.

glibc (before 2.38) seldom finds a freed aligned block again, and MindSpore asks for one per operator's output: the heap
of a BERT-base that predicts grew by 28 MB per batch. Blocks that are mapped one by one go back when they are freed.
"""

import ctypes
import functools
import importlib.util
from pathlib import Path

GET, DISABLE = "_ZN9mindspore7runtime8Pipeline3GetEv", "_ZN9mindspore7runtime8Pipeline15DisablePipelineEv"
M_MMAP_THRESHOLD = -3  # malloc.h


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


@functools.cache
def map_large_blocks() -> bool:
    """Has malloc map blocks of a megabyte and more; False where the C library is not glibc."""
    try:
        return bool(ctypes.CDLL(None).mallopt(M_MMAP_THRESHOLD, 1 << 20))
    except (OSError, AttributeError):
        return False
