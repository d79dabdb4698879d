"""tasklab list"""

from tasklab.commands import Verb


def arguments(parser):
    parser.add_argument("task", nargs="?", help="only this task")


def run(options):
    from tasklab.tools.listing import print_names

    print_names(options.task)


VERB = Verb("list", "tasks, recipes and backbones", run, arguments, collect="")
