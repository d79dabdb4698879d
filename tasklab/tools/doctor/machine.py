"""How fast this machine multiplies, and how much memory it gives."""

import os
import time

import numpy as np

from tasklab.system import usable_cores

SIZE = 768
"""Rows of the matrices whose product tells the speed of the machine."""


def speed(seconds: float = 0.6) -> float:
    """Operations per second of a plain float32 matrix product on all cores that this process may use.

    Taken from the processor time, so that other programs running now change it little.
    """
    a, count = np.ones((SIZE, SIZE), np.float32), 0
    a @ a  # starts the threads
    start, end = time.process_time(), time.perf_counter() + seconds
    while count == 0 or time.perf_counter() < end:
        a @ a
        count += 1
    return 2 * SIZE**3 * count / (time.process_time() - start) * usable_cores()


def memory() -> int:
    """Bytes that this process may use: the machine's, or the limit of its control group."""
    limits = [os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")]
    for path in ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"):
        try:
            with open(path, encoding="ascii") as file:
                limits.append(int(file.read()))
        except (OSError, ValueError):  # no control group, or "max"
            continue
    return min(limits)
