"""tasklab predict"""

import logging
import os
import shlex

from tasklab.commands import Verb, next_step, print_json
from tasklab.commands.names import NAMES, add_names, is_setting, tell_unused, trainer_of

logger = logging.getLogger("tasklab")

EXAMPLES = """examples:
  tasklab predict output/qa_minilm_l6 "My name is Wolfgang and I live in Berlin - Where do I live?"
  tasklab predict output/qa_minilm_l6 --file questions.json --top-k 3 > answers.json
  tasklab predict output/qa_minilm_l6 --context manual.md "What does it cost?" "Who made it?"
  tasklab predict output/qa_minilm_l6 --context manual.md --questions questions.txt --output answers.csv
  tasklab predict output/txtcls_minilm_l6 --file test.tsv --output labels.tsv --output_prob
  tasklab predict output/txtcls_minilm_l6 --file test.xlsx --output answers.csv
  zcat test.tsv.gz | tasklab predict output/txtcls_minilm_l6 --file -
  tasklab predict output/txtcls_minilm_l6 -- "data.x=1"                 # behind -- every word is an input
"""
FILES = "inputs from a file (.csv, .tsv, .xlsx, .json, .jsonl, .parquet, .txt, .conll; also packed, .gz), - from a pipe"
CONTEXT = "a text, Markdown or HTML file; inputs are questions about it (question answering)"
OUTPUT = "answers to .csv, .tsv, .json, .jsonl, .parquet or .txt, vectors to .npy; - for JSON lines to the output"


def arguments(parser):
    add_names(parser, "; every further word is an input")
    parser.add_argument("--checkpoint", metavar="DIR", help="default: the best checkpoint of the run")
    parser.add_argument("--file", metavar="FILE", help=FILES)
    parser.add_argument("--context", metavar="FILE", help=CONTEXT)
    parser.add_argument("--questions", metavar="FILE", help="questions about --context, one per line, or as a table")
    parser.add_argument("--output", "--out", metavar="FILE", help=OUTPUT)
    for name, what in (("logits", "outputs"), ("prob", "probabilities")):
        help_text = f"answers of classifiers carry the {what} of all classes (column {name})"
        parser.add_argument(f"--output_{name}", f"--output-{name}", action="store_true", help=help_text)
    parser.add_argument("--top-k", type=int, default=1, metavar="K", help="answers per input (default 1)")


def run(options):
    from pathlib import Path  # here, as these take time that --help does not need

    from tasklab.config import TRAINING, TRUTH
    from tasklab.data.files.answers import arranged
    from tasklab.data.files.inputs import refuse_no_file
    from tasklab.session.destinations import answer_file, answer_layout

    options.names += [f"data.{key}=true" for key in ("output_logits", "output_prob") if getattr(options, key)]
    trainer, inputs = trainer_of(options, inputs=True)
    for word in filter(os.path.isfile, inputs):
        logger.warning("%s is answered as a text; what that file holds is read by --file %s", word, shlex.quote(word))
    if options.context or options.questions:
        inputs = _about(options, trainer, inputs)
    elif bool(inputs) == bool(options.file):
        options.usage.error(f"give inputs as arguments or with --file, for example: {shlex.quote(trainer.example())}")
    tell_unused(trainer.config, (TRAINING, TRUTH))
    if options.file:
        refuse_no_file(options.file)  # before anything is loaded
    # a Path: whatever its name ends with, it is a file and not a text
    asked = {"input_data": Path(options.file) if options.file else inputs, "top_k": options.top_k}
    if options.output:
        file = answer_file(trainer.config, options.output, options.top_k)  # before anything is loaded
        file.write(trainer.predict_parts(options.checkpoint, **asked))
    else:
        layout = answer_layout(trainer.config, options.top_k)
        print_json(arranged(trainer.predict(options.checkpoint, **asked), layout))
        names = [word for word in options.names if word not in inputs and not is_setting(word)]
        next_step("answers to a file", "predict", *names, "--file", options.file or "FILE", "--output", "answers.csv")


def _about(options, trainer, inputs: list[str]):
    """The questions about a file as inputs."""
    from pathlib import Path

    from tasklab.task import TASKS

    if not options.context:
        options.usage.error("--questions are about a file; name it with --context FILE")
    if options.file or bool(inputs) == bool(options.questions):
        options.usage.error('ask about --context FILE with words ("How much is it?" ...) or with --questions FILE')
    task = TASKS.get(trainer.config.task)(trainer.config, None)
    return task.about(Path(options.context), Path(options.questions) if options.questions else inputs)


WORDS = NAMES + " (INPUT ... | -- INPUT ... | --file FILE | --context FILE QUESTION ...)"
VERB = Verb("predict", "answer inputs", run, arguments, WORDS, EXAMPLES, texts=True)
