"""Ctrl-C: an exception in the middle of an import or of MindSpore ends in their own errors, so there it waits."""

import os
import signal
import sys
import threading
from types import FrameType

from tasklab.system import interrupt_main_thread

LATER = 0.05  # seconds until a Ctrl-C that waits is looked at again
STOPPED = 130  # what a shell reports for SIGINT
_waits = threading.Event()
_again = threading.Event()


def keep_back():
    """From here on Ctrl-C raises KeyboardInterrupt outside of imports and of MindSpore's own code, and waits inside.

    A second one while the first waits ends the process at once. Where somebody else minds the signal, or it is ignored
    as under nohup, nothing changes.
    """
    mine = threading.current_thread() is threading.main_thread()  # Python allows handlers nowhere else
    if mine and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _interrupt)


def leave():
    """Ends the process as stopped, without the end of the interpreter, at which MindSpore's threads abort."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError, AttributeError):
            pass
    os._exit(STOPPED)


def _interrupt(_number, frame: FrameType | None):
    repeated = _again.is_set()
    _again.clear()
    if not _is_busy(frame):
        _waits.clear()
        raise KeyboardInterrupt
    if _waits.is_set() and not repeated:
        os.write(2, b"stopped\n")
        os._exit(STOPPED)
    _waits.set()
    timer = threading.Timer(LATER, _repeat)
    timer.daemon = True
    timer.start()


def _repeat():
    _again.set()
    interrupt_main_thread()  # whoever minds it by then


def _is_busy(frame: FrameType | None) -> bool:
    while frame is not None:
        if frame.f_code.co_filename.startswith("<frozen importlib"):
            return True
        if str(frame.f_globals.get("__name__")).partition(".")[0] == "mindspore":
            return True
        frame = frame.f_back
    return False
