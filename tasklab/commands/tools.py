"""tasklab tools"""

import argparse

from tasklab.commands import Verb

EXAMPLES = """examples:
  tasklab tools                                                         # lists them
  tasklab tools average output/run/checkpoint-1* --to averaged
  tasklab tools diff output/run/checkpoint-120 minilm_l6
"""


def arguments(parser):
    parser.add_argument("arguments", nargs=argparse.REMAINDER, metavar="NAME ...", help="a tool, and what it takes")


def run(options):
    from tasklab.tools.command import run as run_tool

    return run_tool(options.arguments)


VERB = Verb(
    "tools", "average, inspect, compare, export, ... models", run, arguments, "[NAME ...]", EXAMPLES,
    collect="arguments",
)  # fmt: skip
