"""tasklab demo"""

from tasklab.commands import Verb


def arguments(parser):
    parser.add_argument("--output", default="output/demo", metavar="DIR", help="default: %(default)s")


def run(options):
    from tasklab.tools.demo import run as run_demo

    return run_demo(options.output)


VERB = Verb("demo", "train, evaluate and answer on a sample set, in one to two minutes", run, arguments, collect="")
