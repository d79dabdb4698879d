"""The pages of docs/ show every tool, with commands that the command line takes."""

import importlib
import re
import shlex
from pathlib import Path

import pytest

from tasklab.tools import TOOLS
from tasklab.tools.command import parser

FOLDER = Path(__file__).resolve().parents[2] / "docs"
PAGES = {page.name: page.read_text(encoding="utf-8") for page in FOLDER.glob("*.md")}
COMMANDS = [c for page in PAGES.values() for c in re.findall(r"^(?:\$ )?tasklab tools (\S[^#\n]*)", page, re.MULTILINE)]
ROWS = dict(re.findall(r"^\| `([\w-]+)` \| `([\w.]+)` \|", PAGES["tools.md"], re.MULTILINE))


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_is_taken(command):
    name, *arguments = shlex.split(command)
    parser(name, TOOLS.get(name)).parse_args(arguments)


def test_every_tool_is_shown_and_every_function_exists():
    assert {command.split()[0] for command in COMMANDS} == set(TOOLS.names())
    for name, place in ROWS.items():
        module, _, function = place.rpartition(".")
        assert getattr(importlib.import_module(f"tasklab.{module}"), function) is TOOLS.get(name)
