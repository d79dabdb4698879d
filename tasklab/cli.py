"""The command line: tasklab VERB [TASK] NAME [key=value ...]."""

from __future__ import annotations

import io
import os
import shlex
import sys
from typing import TYPE_CHECKING

from tasklab import __version__
from tasklab.interrupts import STOPPED, keep_back, leave

if TYPE_CHECKING:
    import argparse


def main(arguments: list[str] | None = None) -> int:
    """Runs one command; returns the exit status: 0, 1 for a user's error, 2 for wrong usage, 128 + n for a signal."""
    if arguments is not None:
        return _run(arguments)
    _open_closed_streams()
    keep_back()
    status = STOPPED
    try:
        status = _run(sys.argv[1:])
    except KeyboardInterrupt:  # before a verb has begun, or behind its end
        print("stopped", file=sys.stderr)
    if status == STOPPED:
        leave()
    return status


def _open_closed_streams():
    """What cron and daemons have closed leads nowhere; else the next file that is opened would be the output."""
    while (handle := os.open(os.devnull, os.O_RDWR)) < 3:
        pass
    os.close(handle)
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))


def _run(arguments: list[str]) -> int:
    from tasklab.errors import Interrupted, TasklabError

    _never_fail_to_say()
    top = parser()
    if not arguments:
        top.print_help()
        return 2
    options = _parsed(top, arguments)
    try:
        status = options.run(options) or 0
        sys.stdout.flush()
        return status
    except Interrupted as stop:
        print(stop, file=sys.stderr)
        return stop.exit_code
    except TasklabError as error:
        print(f"error: {error}", file=sys.stderr)
        if words := getattr(error, "settings", None):
            print(f"if that is right: tasklab {_with(words, error.command or arguments)}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
        return STOPPED
    except BrokenPipeError:  # `tasklab list | head`: the reader has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    except MemoryError as error:
        print(f"error: not enough memory: {str(error)[:200] or 'none is left'}; take less at a time", file=sys.stderr)
        return 1
    except OSError as error:  # a file that cannot be written, a full disk
        print(f"error: {error.filename or 'operating system'}: {error.strerror or error}", file=sys.stderr)
        return 1


def _with(settings: list[str], command: list[str]) -> str:
    """The command with more settings, to be copied; behind `--` stand texts alone."""
    end = command.index("--") if "--" in command else len(command)
    return shlex.join([*command[:end], *settings, *command[end:]])


def _never_fail_to_say():
    """Characters that the terminal's encoding lacks are escaped."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _parsed(top: argparse.ArgumentParser, arguments: list[str]) -> argparse.Namespace:
    """The options; names, overrides and inputs may stand before, between and behind them, and texts as they
    are behind `--`."""
    from tasklab.commands import verbs
    from tasklab.commands.mistyped import options_instead, verb_instead

    plain, all_verbs = [], verbs()
    if not arguments[0].startswith("-") and arguments[0] not in [verb.name for verb in all_verbs]:
        top.error(verb_instead(arguments, all_verbs))
    if arguments[0] == "doctor" and len(arguments) > 1 and os.path.exists(arguments[1]):
        meant = shlex.join(["tasklab", "doctor", "data", *arguments[1:]])
        top.error(f"doctor checks data or env; did you mean: {meant}")
    if arguments[0] in [verb.name for verb in all_verbs if verb.texts] and "--" in arguments:
        cut = arguments.index("--")
        arguments, plain = arguments[:cut], arguments[cut + 1 :]
    options, left = top.parse_known_args(arguments)
    options.plain = plain
    for name, value in vars(options).items():
        if isinstance(value, str) and value.startswith("~/"):  # in quotes, or behind `--output=`, no shell reads it
            setattr(options, name, os.path.expanduser(value))
    words = getattr(options, options.collect, None) if options.collect else None
    strange = [word for word in left if words is None or (word.startswith("-") and " " not in word)]
    if strange:
        own = list(options.usage._option_string_actions)  # argparse tells them nowhere else
        right = options_instead(options.verb, arguments, strange, own, words is not None)
        options.usage.error(f"unexpected {' '.join(strange)}" + (f"; did you mean: {right}" if right else ""))
    if left:
        words.extend(left)
    return options


def parser() -> argparse.ArgumentParser:
    import argparse

    from tasklab.commands import verbs

    top = argparse.ArgumentParser(
        prog="tasklab",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        description="Fine-tune and use language models on MindSpore; two names run a job.",
        epilog="""first steps:
  tasklab demo                                                       # trains, evaluates and answers, one to two minutes
  tasklab list                                                       # tasks, recipes and backbones
  tasklab doctor data my/train.json --eval my/dev.json               # checks the data before training
  tasklab train qa_minilm_l6 data.train=my/train.json data.eval=my/dev.json
  tasklab predict output/qa_minilm_l6 "I live in Berlin - Where do I live?"
""",
    )
    top.add_argument("--version", action="version", version=f"tasklab {__version__}")
    group = top.add_subparsers(dest="verb", required=True, metavar="VERB")
    for verb in verbs():
        verb.attach(group)
    return top


if __name__ == "__main__":
    sys.exit(main())
