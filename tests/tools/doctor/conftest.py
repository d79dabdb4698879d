"""What the tests of `doctor data` share."""

import pytest

from tasklab.cli import main
from tasklab.tools.doctor import machine


@pytest.fixture
def doctor(request, capsys, monkeypatch):
    """doctor(*words, settings=SETTINGS of the test's module) -> (exit status, what it prints)."""
    monkeypatch.setattr(machine, "speed", lambda: 1e11)  # measuring takes most of a second

    def call(*words, settings=request.module.SETTINGS):
        status = main(["doctor", "data", *map(str, words), *settings])
        return status, capsys.readouterr().out

    return call
