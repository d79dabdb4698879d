"""tasklab evaluate"""

from tasklab.commands import Verb, print_json
from tasklab.commands.names import NAMES, add_compute_metrics, add_names, tell_unused, trainer_of

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
    add_compute_metrics(parser)


def run(options):
    from tasklab.config import TRAINING

    trainer, _ = trainer_of(options)
    tell_unused(trainer.config, (TRAINING,))
    metrics = trainer.evaluate(options.checkpoint, predictions_file=options.predictions, report_folder=options.report)
    print_json(metrics)


VERB = Verb("evaluate", "score a checkpoint", run, arguments, NAMES + " [OPTIONS]", EXAMPLES)
