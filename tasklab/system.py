"""What only some operating systems have, each with a plain fallback: locks, cores of a process, ties to a parent."""

import ctypes
import errno
import os
import signal
import sys
import threading
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None
try:
    import msvcrt
except ImportError:
    msvcrt = None

AS_IT_IS = sum(getattr(os, name, 0) for name in ("O_BINARY", "O_NONBLOCK", "O_CLOEXEC"))
"""Flags for os.open: bytes, this process's alone, and a pipe that nobody writes to is not waited for."""
UNLINKED = getattr(os, "O_NOFOLLOW", 0)
"""Another one: a link is an error, not followed."""
SET_PARENT_DEATH_SIGNAL = 1  # of Linux' prctl(2)


def usable_cores() -> int:
    """Cores that this process may use, which can be fewer than the machine has."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def lock(file, wait: bool) -> bool:
    """Locks an open file for this process until it is closed; whether that went. Without `wait` at once or not at all.

    Where the system has no locks it goes always, and two runs in one folder are the user's to avoid.
    """
    try:
        if fcntl is not None:
            fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        elif msvcrt is not None:
            msvcrt.locking(file.fileno(), msvcrt.LK_LOCK if wait else msvcrt.LK_NBLCK, 1)
    except OSError:
        return False
    return True


def is_in_place(file, path) -> bool:
    """Whether an open file is still the one at `path`: whoever had the lock before may have removed it."""
    try:
        return os.path.samestat(os.fstat(file.fileno()), os.stat(path))
    except FileNotFoundError:
        return False


def tied_to_parent() -> dict:
    """Options of subprocess.Popen for a process that ends with this one, where the system can do it: Linux."""
    return {"preexec_fn": _die_with_parent} if sys.platform == "linux" else {}


def interrupt_main_thread():
    """Sends Ctrl-C once more to the main thread, from another one."""
    if hasattr(signal, "pthread_kill"):
        signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)
    else:
        signal.raise_signal(signal.SIGINT)


def make_readable(handle: int):
    """Gives a file of mkstemp, which is its owner's alone, the mode that any new file has."""
    if hasattr(os, "fchmod"):
        mask = os.umask(0o077)  # it can be read only by setting it
        os.umask(mask)
        os.fchmod(handle, 0o666 & ~mask)


def keeps_more_files(path, count: int = 1) -> bool:
    """Whether the disk has room for so many more names; True where the system, or the disk, does not tell."""
    if not hasattr(os, "statvfs"):
        return True
    disk = os.statvfs(path)
    return disk.f_files == 0 or disk.f_favail >= count  # 0 in all: a disk that does not count them


def why_unwritten(error: OSError, path, count: int = 1) -> str:
    """What to tell about a path that could not be written: a disk that keeps no more files says that it is full.

    count: of the files that were to be written.
    """
    there = next(folder for folder in Path(path).absolute().parents if folder.exists())
    if error.errno == errno.ENOSPC and not keeps_more_files(there, count):
        return "no inodes left on the disk, which keeps no more files: remove some"
    return error.strerror or str(error)


def _die_with_parent():
    libc = ctypes.CDLL(None)
    if hasattr(libc, "prctl"):
        libc.prctl(SET_PARENT_DEATH_SIGNAL, signal.SIGKILL)
