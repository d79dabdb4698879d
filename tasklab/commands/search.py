"""tasklab search"""

import sys

from tasklab.commands import Verb, goes_on_when_repeated, print_json
from tasklab.commands.names import NAMES, add_compute_metrics, add_names, trainer_of

EXAMPLES = """examples:
  tasklab search txtcls_minilm_l6 data.train=t.tsv data.eval=d.tsv --trials 10 --subset 0.1
  tasklab search NAME ... --space optimizer.lr=1e-5..5e-4 --space "train.batch_size=[16, 32]"
  tasklab search NAME ... --space space.yaml      # optimizer.lr: {low: 1.0e-5, high: 5.0e-4, log: true}
A killed search goes on when the same command is given again.
"""


def arguments(parser):
    add_names(parser)
    parser.add_argument("--trials", type=int, default=10, metavar="N", help="trainings in all (default %(default)s)")
    parser.add_argument("--space", action="append", metavar="KEY=VALUES|FILE", help="default: around the recipe")
    parser.add_argument("--subset", type=float, metavar="SHARE", help="share of the training examples that trials see")
    help_text = "trainings at a time (default %(default)s)"
    parser.add_argument("--parallel", type=int, default=1, metavar="N", help=help_text)
    parser.add_argument("--direction", choices=("maximize", "minimize"), help="default: as the metric says")
    parser.add_argument("--no-pruning", action="store_true", help="let every trial train to its end")
    parser.add_argument("--backend", choices=("optuna", "ray"), default="optuna", help="ray spreads over machines")
    parser.add_argument("--output", metavar="DIR", help="default: output/NAME-search")
    add_compute_metrics(parser)


def run(options):
    trainer, _ = trainer_of(options)
    space = options.space
    if space and len(space) == 1 and "=" not in space[0]:
        space = space[0]  # a file
    with goes_on_when_repeated("search"):
        best = trainer.hyperparameter_search(
            space, n_trials=options.trials, direction=options.direction, backend=options.backend, subset=options.subset,
            pruning=not options.no_pruning, parallel=options.parallel, output_dir=options.output,
        )  # fmt: skip
    print_json(best._asdict())
    settings = " ".join(f"{key}={value}" for key, value in best.hyperparameters.items())
    print(f"train with it: tasklab train {' '.join(options.names)} {settings}", file=sys.stderr)


VERB = Verb("search", "find good settings by many trainings", run, arguments, NAMES + " [OPTIONS]", EXAMPLES)
