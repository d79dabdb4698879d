"""tasklab train"""

import shlex
import sys

from tasklab.commands import Verb
from tasklab.commands.names import NAMES, OVERRIDE, add_compute_metrics, add_names, trainer_of

EXAMPLES = """examples:
  tasklab train qa_minilm_l6 data.train=train.json data.eval=dev.json
  tasklab train qa_minilm_l6 data.train=train.json data.eval=0.2        # a fifth is held out; without it a tenth
  tasklab train question_answering bert_tiny data.train=train.json      # a task with a backbone
  tasklab train qa_minilm_l6 data.train=train.json train.epochs=3 optimizer.lr=5e-5   # any key of `tasklab show`
  tasklab train --resume output/qa_minilm_l6                            # same run, next step
  tasklab train --resume output/qa_minilm_l6 train.epochs=9             # a finished run, longer
  tasklab train qa_minilm_l6 data.train=t.json --from output/other/checkpoint-120     # weights only
"""


def arguments(parser):
    add_names(parser, "; a resumed run knows its own", count="*")
    start = parser.add_mutually_exclusive_group()
    start.add_argument("--resume", metavar="DIR", help="continue this run or checkpoint exactly")
    start.add_argument("--from", dest="start", metavar="DIR|NAME", help="start from these weights, new optimizer")
    add_compute_metrics(parser)


def run(options):
    from tasklab.runs.naming import refuse_absent

    if options.resume:
        refuse_absent(options.resume)
    if options.resume and not any(not OVERRIDE.fullmatch(word) for word in options.names):
        options.names.insert(0, options.resume)
    trainer, _ = trainer_of(options)
    done = trainer.train(options.resume or options.start or False, do_finetune=bool(options.start))
    folder = shlex.quote(done["output_dir"])  # a second run of one name lies in a folder of its own
    print(f"answer with it: tasklab predict {folder} {shlex.quote(trainer.example())}", file=sys.stderr)


VERB = Verb("train", "fine-tune a model", run, arguments, NAMES + " [--resume DIR | --from DIR|NAME]", EXAMPLES)
