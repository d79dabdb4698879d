"""Ctrl-C and SIGTERM become a request to stop at the next safe point; a Ctrl-C after that stops at once."""

import signal
import threading


class GracefulStop:
    """Context in which `received` tells the number of the signal that asked to stop, or None.

    MindSpore puts a handler of its own in place at every run of a graph, which turns Ctrl-C into SIGTERM; every look at
    `received` takes the signals back. A Ctrl-C while a graph runs still arrives as SIGTERM, with the same effect.
    """

    SIGNALS = (signal.SIGINT, signal.SIGTERM)

    def __init__(self):
        self._received: int | None = None
        self._previous = {}

    @property
    def received(self) -> int | None:
        for number in self._previous:
            signal.signal(number, self._note)  # some microseconds
        return self._received

    def __enter__(self):
        if threading.current_thread() is threading.main_thread():  # Python allows handlers nowhere else
            self._previous = {number: signal.signal(number, self._note) for number in self.SIGNALS}
        return self

    def __exit__(self, *_):
        for number, handler in self._previous.items():
            signal.signal(number, signal.SIG_DFL if handler is None else handler)  # None: set outside Python

    def _note(self, number, _frame):
        if self._received is None:
            self._received = number
        elif number == signal.SIGINT:  # schedulers repeat SIGTERM while a checkpoint is being written
            raise KeyboardInterrupt
