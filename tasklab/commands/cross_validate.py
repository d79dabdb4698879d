"""tasklab cross-validate"""

from tasklab.commands import Verb, goes_on_when_repeated, next_step, print_json
from tasklab.commands.names import NAMES, add_compute_metrics, add_names, trainer_of

EXAMPLES = """examples:
  tasklab cross-validate txtcls_minilm_l6 data.train=train.tsv --folds 5
A killed cross-validation goes on when the same command is given again.
"""


def arguments(parser):
    add_names(parser)
    parser.add_argument("--folds", type=int, default=5, metavar="K", help="trainings (default %(default)s)")
    help_text = "trainings at a time (default %(default)s)"
    parser.add_argument("--parallel", type=int, default=1, metavar="N", help=help_text)
    parser.add_argument("--output", metavar="DIR", help="default: output/NAME-folds")
    add_compute_metrics(parser)


def run(options):
    trainer, _ = trainer_of(options)
    with goes_on_when_repeated("cross-validation"):
        scores = trainer.cross_validate(options.folds, parallel=options.parallel, output_dir=options.output)
    print_json(scores)
    next_step("train on all of it", "train", *options.names)


VERB = Verb("cross-validate", "hold out every part of the data once", run, arguments, NAMES, EXAMPLES)
