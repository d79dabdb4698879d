"""`tasklab chat` in a terminal of its own: Ctrl-C in an answer and in a line, Ctrl-D at the end."""

import os
import select
import subprocess
import sys
import time

import pytest

pty = pytest.importorskip("pty")
fcntl, termios = pytest.importorskip("fcntl"), pytest.importorskip("termios")

SLOW = """
import sys, time
from types import SimpleNamespace
import tasklab.commands.names
from tasklab.cli import main

class Parrot:
    def say(self, question, emit):
        for word in question.split():
            emit(word.upper() + " ")
            time.sleep(30 if word == "slow" else 0)

trainer = SimpleNamespace(config=SimpleNamespace(name="parrot"), chat=lambda checkpoint, system: Parrot())
tasklab.commands.names.trainer_of = lambda options: (trainer, None)
sys.exit(main(["chat", "parrot"]))
"""
PATIENCE = 60  # seconds; the whole takes two


class Terminal:
    """A child process whose terminal this is."""

    def __init__(self, program: str):
        self.ours, theirs = pty.openpty()
        self.child = subprocess.Popen(
            [sys.executable, "-c", program], stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0), env={**os.environ, "TERM": "dumb"},
        )  # fmt: skip
        os.close(theirs)
        self.shown = ""

    def types(self, keys: str):
        os.write(self.ours, keys.encode())

    def interrupts(self, text: str):
        """Ctrl-C until `text` is shown: one between readline's prompt and its wait is seen with the next key only."""
        for _ in range(PATIENCE // 2):
            self.types("\x03")
            if select.select([self.ours], [], [], 2)[0]:
                break
        self.shows(text)

    def shows(self, text: str) -> str:
        """What is shown up to `text`, which is waited for."""
        until = time.monotonic() + PATIENCE
        while text not in self.shown:
            assert time.monotonic() < until, f"{text!r} is not in {self.shown!r}"
            if select.select([self.ours], [], [], 0.1)[0]:
                self.shown += os.read(self.ours, 4096).decode()
        before, _, self.shown = self.shown.partition(text)
        return before


@pytest.fixture
def terminal():
    opened = Terminal(SLOW)
    yield opened
    opened.child.kill()
    opened.child.wait()
    os.close(opened.ours)


def test_ctrl_c_stops_an_answer_gives_up_a_line_and_ctrl_d_leaves(terminal):
    terminal.shows("parrot; /help tells of commands, /exit leaves")
    terminal.shows("> ")
    terminal.types("a slow one\n")
    terminal.shows("A SLOW ")
    terminal.types("\x03")
    assert "ONE" not in terminal.shows(" [stopped]")
    terminal.shows("> ")
    terminal.types("half a line")
    terminal.shows("half a line")
    terminal.interrupts("> ")
    terminal.types("again\n")
    assert "HALF" not in terminal.shows("AGAIN ")
    terminal.shows("> ")
    terminal.types("\x04")
    assert terminal.child.wait(PATIENCE) == 0
