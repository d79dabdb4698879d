"""tasklab doctor data, tasklab doctor env"""

from tasklab.commands import Verb
from tasklab.commands.names import OVERRIDE

EXAMPLES = """examples:
  tasklab doctor env
  tasklab doctor data train.json --eval dev.json --model qa_bert_base_uncased
  tasklab doctor data train.tsv --eval dev.tsv data.label=stars        # texts with labels
  tasklab doctor data train.conll data.repair_tags=true                # tagged sentences
  tasklab doctor data corpus.txt --task text_generation                # plain text, which several tasks read
"""


def arguments(parser):
    subjects = parser.add_subparsers(dest="subject", required=True, metavar="SUBJECT")
    DATA.attach(subjects)
    ENV.attach(subjects)


def data_arguments(parser):
    parser.add_argument("train", metavar="TRAIN", help="training file or folder")
    parser.add_argument("--eval", metavar="FILE", help="evaluation file or folder")
    parser.add_argument("--task", metavar="NAME", help="default: the one that the file looks like")
    parser.add_argument("--model", metavar="NAME", help="default: that of the task")
    parser.add_argument("overrides", nargs="*", metavar="KEY=VALUE", help="any key of `tasklab show`")


def data(options):
    from tasklab.tools.doctor.data import report

    for word in options.overrides:
        if not OVERRIDE.fullmatch(word):
            goes = "the evaluation file goes with --eval, names with --task and --model, settings are KEY=VALUE"
            options.usage.error(f"unexpected {word!r}: {goes}")
    return report(options.train, options.eval, options.model, options.overrides, options.task)


def env(options):
    from tasklab.tools.doctor.env import report

    return report()


DATA = Verb(
    "data", "rows, labels, duplicates, leaks, lengths, expected memory and time", data, data_arguments,
    epilog="The exit status is 1 when something has to be fixed before training, else 0.", collect="overrides",
)  # fmt: skip
ENV = Verb("env", "device, cores, memory, kernels, packages, caches", env, collect="")
VERB = Verb("doctor", "check a data set or this machine before training", None, arguments, epilog=EXAMPLES)
