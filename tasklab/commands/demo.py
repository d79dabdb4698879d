"""tasklab demo"""

from tasklab.commands import Verb


def arguments(parser):
    parser.add_argument("task", nargs="?", default="question_answering", help="default: %(default)s")
    parser.add_argument("--output", default="output/demo", metavar="DIR", help="default: %(default)s")


def run(options):
    from tasklab.tools.demo import run as run_demo

    return run_demo(options.task, options.output)


SUMMARY = "train, evaluate and answer on a task's sample set, in one to two minutes"
VERB = Verb("demo", SUMMARY, run, arguments, collect="")
