"""`tasklab tools NAME ...`: the command line of a tool is the signature and the docstring of its function."""

import argparse
import inspect
import re
import typing

from tasklab.tools import TOOLS


def run(arguments: list[str]) -> int:
    """Runs one tool, or lists them without a name. Returns its exit status. Raises UnknownName."""
    if not arguments or arguments[0] in ("-h", "--help"):
        print("usage: tasklab tools NAME ...    (tasklab tools NAME --help tells more)\n")
        for name in TOOLS.names():
            print(f"  {name:18} {documented(TOOLS.get(name))[0]}")
        return 0
    name, *rest = arguments
    tool = TOOLS.get(name)
    given = vars(parser(name, tool).parse_args(rest))
    positional = [given.pop(p.name) for p in parameters(tool) if p.kind is not p.KEYWORD_ONLY]
    if any(p.kind is p.VAR_POSITIONAL for p in parameters(tool)):
        positional = [*positional[:-1], *positional[-1]]
    result = tool(*positional, **given)
    print(result)
    return getattr(result, "status", 0)


def parser(name: str, tool) -> argparse.ArgumentParser:
    """Parameters without `*` are positions, those behind it options; a bool is a switch, a Literal a choice."""
    summary, help_texts, rest = documented(tool)
    line = argparse.ArgumentParser(
        prog=f"tasklab tools {name}", description=summary, epilog=rest, allow_abbrev=False,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    hints = typing.get_type_hints(tool)
    for parameter in parameters(tool):
        kind, help_text = hints.get(parameter.name, str), help_texts.get(parameter.name, "")
        word = parameter.name.rstrip("s").upper()
        if parameter.kind is parameter.VAR_POSITIONAL:
            line.add_argument(parameter.name, nargs="+", metavar=word, help=help_text)
        elif parameter.kind is not parameter.KEYWORD_ONLY:
            line.add_argument(parameter.name, metavar=word, help=help_text)
        else:
            line.add_argument(f"--{parameter.name.replace('_', '-')}", help=help_text, **_option(parameter, kind))
    return line


def _option(parameter: inspect.Parameter, kind) -> dict:
    if kind is bool:
        return {"action": "store_true"}
    required = parameter.default is parameter.empty
    option = {"required": required, "default": None if required else parameter.default}
    arguments = [part for part in typing.get_args(kind) if part is not type(None)]
    if typing.get_origin(kind) is typing.Literal:
        return {**option, "choices": arguments}
    if type(None) in typing.get_args(kind):  # "list[float] | None"
        kind, arguments = arguments[0], typing.get_args(arguments[0])
    if typing.get_origin(kind) is list:
        return {**option, "nargs": "+", "type": arguments[0], "metavar": parameter.name.rstrip("s").upper()}
    return {**option, "type": kind, "metavar": parameter.name.upper()}


def parameters(tool) -> list[inspect.Parameter]:
    return list(inspect.signature(tool).parameters.values())


def documented(tool) -> tuple[str, dict[str, str], str]:
    """Summary, parameter -> what the Args section says, and the text between the two."""
    text = inspect.getdoc(tool)
    summary, _, rest = text.partition("\n")
    rest, _, args = rest.partition("Args:\n")
    args = re.split(r"\n(?=\S)", args)[0]
    entries = re.findall(r"^ +\*?(\w+): ((?:.|\n(?! {1,4}\*?\w+: ))*)", args, re.MULTILINE)
    return summary, {name: " ".join(help_text.split()) for name, help_text in entries}, rest.strip()
