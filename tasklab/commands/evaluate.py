"""tasklab evaluate"""

import sys

from tasklab.commands import Verb, next_step, print_json
from tasklab.commands.names import NAMES, OVERRIDE, add_compute_metrics, add_names, tell_unused, trainer_of
from tasklab.console import Scores

EXAMPLES = """examples:
  tasklab evaluate output/qa_minilm_l6                                  # on what the run held out, or evaluated on
  tasklab evaluate output/qa_minilm_l6 data.eval=dev.json               # the best checkpoint of a run
  tasklab evaluate qa_minilm_l6 data.eval=dev.json --checkpoint output/qa_minilm_l6/checkpoint-120
"""


def arguments(parser):
    add_names(parser)
    parser.add_argument("--checkpoint", metavar="DIR", help="default: the best checkpoint of the run")
    parser.add_argument("--predictions", metavar="FILE", help="also write the predictions as JSON")
    parser.add_argument("--report", metavar="DIR", help="also write classes, confusion matrix and wrong answers there")
    parser.add_argument("--json", action="store_true", help="all digits as JSON, in a terminal too")
    add_compute_metrics(parser)


def run(options):
    from tasklab.config import TRAINING

    trainer, _ = trainer_of(options)
    tell_unused(trainer.config, (TRAINING,))
    metrics = trainer.evaluate(options.checkpoint, predictions_file=options.predictions, report_folder=options.report)
    if options.json or not sys.stdout.isatty():
        print_json(metrics)
    elif not sys.stderr.isatty():  # where the log has shown them
        print(Scores("metrics", metrics).table())
    names = [word for word in options.names if not OVERRIDE.fullmatch(word)]
    given = ["--checkpoint", options.checkpoint] if options.checkpoint else []
    next_step("answer with it", "predict", *names, *given, trainer.example())


VERB = Verb("evaluate", "score a checkpoint", run, arguments, NAMES + " [OPTIONS]", EXAMPLES)
