"""What a plain script shows of a run, and that a program's own logging is left alone."""

import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios

import pytest

from tasklab.console import Scores

SHOWN = [
    ("", "step 1\nwarning: slow\n"),  # a plain script
    ("logging.basicConfig(format='own %(message)s', level=logging.INFO); ", "own step 1\nown slow\n"),
    ("logging.getLogger('tasklab').addHandler(logging.NullHandler()); ", ""),
    ("logging.getLogger('tasklab').setLevel(logging.ERROR); ", ""),
]
LATER = "console.attach(); logging.basicConfig(format='own %(message)s'); logger.info('step 1')"


def stderr_of(code: str) -> str:
    start = "import logging; from tasklab import console; logger = logging.getLogger('tasklab'); "
    done = subprocess.run([sys.executable, "-c", start + code], capture_output=True, text=True, check=True)
    assert done.stdout == ""
    return done.stderr


@pytest.mark.parametrize("before, expected", SHOWN)
def test_lines_are_plain_unless_the_program_has_its_own_logging(before, expected):
    twice = "console.attach(); console.attach(); "
    assert stderr_of(before + twice + "logger.info('step 1'); logger.warning('slow')") == expected


def test_logging_set_up_later_does_not_double_the_lines():
    assert stderr_of(LATER) == "own step 1\n"


METRICS = "{'exact_match': 81.25, 'f1': 0.12345678, 'total': 12345}"
WORK = (
    "import time; console.attach()\n"
    "with console.bar(15, 'row', 'busy') as move:\n"
    "    for _ in range(15): time.sleep(0.1); move(1)\n"
    f"    logger.info(console.Scores('QA Metric', {METRICS}))\n"
)


def in_terminal(code: str) -> str:
    """What a terminal of 80 columns gets on stderr."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    start = "import logging; from tasklab import console; logger = logging.getLogger('tasklab')\n"
    with subprocess.Popen([sys.executable, "-c", start + code], stderr=theirs):
        os.close(theirs)
        shown = b""
        while part := _read(ours):
            shown += part
    os.close(ours)
    return shown.decode()


def _read(handle: int) -> bytes:
    try:
        return os.read(handle, 1 << 16)
    except OSError:  # Linux's way to say that nobody writes any more
        return b""


def test_in_a_log_there_is_no_bar_and_metrics_stand_in_one_line_with_six_digits():
    assert stderr_of(f"\n{WORK}") == "QA Metric = {'exact_match': 81.25, 'f1': 0.123457, 'total': 12345}\n"


def test_in_a_terminal_a_bar_tells_the_time_left_and_metrics_are_a_table():
    shown = in_terminal(WORK)
    assert re.search(r"\rbusy: +\d+%.*\d+/15 \[00:01<00:0\d", shown)
    table = "QA Metric\r\n  exact_match     81.2500\r\n  f1               0.1235\r\n  total        12345\r\n"
    assert re.search(r"\r +\r" + re.escape(table), shown)  # the bar is taken away before the line
    assert re.search(r"\r +\r$", shown) or shown.endswith("\r")  # and at the end


def test_short_work_shows_no_bar():
    assert in_terminal(WORK.replace("0.1", "0.001")).startswith("QA Metric\r\n")


def test_metrics_of_no_number_of_digits_alike_stand_under_one_another():
    table = Scores("T", {"a": -0.5, "longer": 100.0, "n": 0, "x": float("nan")}).table()
    assert table == "T\n  a        -0.5000\n  longer  100.0000\n  n         0\n  x            nan"
