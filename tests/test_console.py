"""What a plain script shows of a run, and that a program's own logging is left alone."""

import subprocess
import sys

import pytest

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
