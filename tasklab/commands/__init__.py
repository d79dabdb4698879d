"""The verbs of the command line, one file each. Heavy imports happen when a verb runs: `--help` answers at once."""

import argparse
import contextlib
import importlib
import json
import shlex
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from operator import methodcaller

from tasklab.console import print_text, watched
from tasklab.errors import Interrupted

VERBS = (
    "train", "evaluate", "predict", "chat", "index", "query", "search", "cross_validate", "fewshot", "list_names",
    "show", "doctor", "convert", "tools", "demo", "completion",
)  # fmt: skip
"""Modules here, as `tasklab --help` lists them."""


def nothing_more(parser: argparse.ArgumentParser):
    """Arguments of a verb that takes none."""


@dataclass(frozen=True)
class Verb:
    """What stands behind `tasklab`, and what it does.

    run: options -> exit status, None for 0.   arguments: adds the verb's own to its parser.
    collect: name of the list among the options that also takes the words behind them; "" when there is none.
    texts: whether it takes texts; what stands behind `--` is one whatever it looks like, `options.plain`.
    """

    name: str
    summary: str
    run: Callable[[argparse.Namespace], int | None] | None
    arguments: Callable[[argparse.ArgumentParser], None] = nothing_more
    usage: str = ""
    epilog: str = ""
    collect: str = "names"
    texts: bool = False

    def attach(self, group):
        """Adds this verb to a group of subparsers."""
        parser = group.add_parser(
            self.name, help=self.summary, description=self.summary[0].upper() + self.summary[1:] + ".",
            epilog=self.epilog, usage=f"tasklab {self.name} {self.usage}" if self.usage else None,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )  # fmt: skip
        parser.set_defaults(run=self.run, usage=parser, collect=self.collect, plain=[])
        self.arguments(parser)


def verbs() -> list[Verb]:
    """All of them, in the order of VERBS."""
    return [importlib.import_module(f"tasklab.commands.{name}").VERB for name in VERBS]


@contextlib.contextmanager
def goes_on_when_repeated(what: str):
    """Ctrl-C inside ends in a sentence that says how it goes on."""
    try:
        yield
    except KeyboardInterrupt:
        message = f"stopped; what has ended is kept, and the {what} goes on when the same command is given again"
        raise Interrupted(message, signal.SIGINT) from None


def next_step(purpose: str, *words: str):
    """The last line where a person is watching: the command that usually comes next, to copy."""
    if watched():
        print(f"{purpose}: {shlex.join(['tasklab', *words])}", file=sys.stderr)


def print_json(value):
    """Shows a value on standard output."""
    text = json.dumps(value, ensure_ascii=False, indent=1, default=methodcaller("tolist"))  # vectors are arrays
    print_text(text + "\n")
