"""The command line: tasklab VERB [TASK] NAME [key=value ...]. Heavy imports happen inside the verbs."""

import argparse
import json
import re
import sys

from tasklab import __version__
from tasklab.errors import Interrupted, TasklabError

OVERRIDE = re.compile(r"[a-z_][a-z0-9_]*(\.[a-z0-9_]+)*=\S*")
"""key=value without blanks; anything else is a name or an input text."""

NAME_HELP = "recipe, backbone, YAML file or checkpoint folder; a backbone needs its task before it"


def main(arguments: list[str] | None = None) -> int:
    """Runs one command; returns the exit status: 0, 1 for a user's error, 2 for wrong usage, 128 + n for a signal."""
    options = parser().parse_args(arguments)
    try:
        return options.run(options) or 0
    except Interrupted as stop:
        print(stop, file=sys.stderr)
        return stop.exit_code
    except TasklabError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        return 141


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(
        prog="tasklab",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        description="Fine-tune and use language models on MindSpore; two names run a job.",
        epilog="""first steps:
  tasklab demo                                                       # trains, evaluates and answers in about a minute
  tasklab list                                                       # tasks, recipes and backbones
  tasklab doctor data my/train.json --eval my/dev.json               # checks the data before training
  tasklab train qa_minilm_l6 data.train=my/train.json data.eval=my/dev.json
  tasklab predict output/qa_minilm_l6 "I live in Berlin - Where do I live?"
""",
    )
    top.add_argument("--version", action="version", version=f"tasklab {__version__}")
    verbs = top.add_subparsers(dest="verb", required=True, metavar="VERB")

    verb = _verb(verbs, "train", train, "fine-tune a model", """examples:
  tasklab train qa_minilm_l6 data.train=train.json data.eval=dev.json
  tasklab train question_answering bert_tiny data.train=train.json      # a task with a backbone
  tasklab train qa_minilm_l6 data.train=train.json train.epochs=3 optimizer.lr=5e-5   # any key of `tasklab show`
  tasklab train qa_minilm_l6 --resume output/qa_minilm_l6               # same run, next step
  tasklab train qa_minilm_l6 data.train=t.json --from output/other/checkpoint-120     # weights only
""")  # fmt: skip
    verb.add_argument("names", nargs="+", metavar="[TASK] NAME | KEY=VALUE", help=NAME_HELP)
    start = verb.add_mutually_exclusive_group()
    start.add_argument("--resume", metavar="DIR", help="continue this run or checkpoint exactly")
    start.add_argument("--from", dest="start", metavar="DIR|NAME", help="start from these weights, new optimizer")

    verb = _verb(verbs, "evaluate", evaluate, "score a checkpoint", """examples:
  tasklab evaluate output/qa_minilm_l6 data.eval=dev.json               # the best checkpoint of a run
  tasklab evaluate qa_minilm_l6 data.eval=dev.json --checkpoint output/qa_minilm_l6/checkpoint-120
""")  # fmt: skip
    verb.add_argument("names", nargs="+", metavar="[TASK] NAME | KEY=VALUE", help=NAME_HELP)
    verb.add_argument("--checkpoint", metavar="DIR", help="default: the best checkpoint of the run")
    verb.add_argument("--predictions", metavar="FILE", help="also write the predictions as JSON")

    verb = _verb(verbs, "predict", predict, "answer inputs", """examples:
  tasklab predict output/qa_minilm_l6 "My name is Wolfgang and I live in Berlin - Where do I live?"
  tasklab predict output/qa_minilm_l6 --file questions.json --top-k 3 > answers.json
""")  # fmt: skip
    verb.add_argument("names", nargs="+", metavar="[TASK] NAME | KEY=VALUE | INPUT", help=NAME_HELP)
    verb.add_argument("--checkpoint", metavar="DIR", help="default: the best checkpoint of the run")
    verb.add_argument("--file", metavar="FILE", help="inputs from a file instead (.json, .jsonl, .txt)")
    verb.add_argument("--top-k", type=int, default=1, metavar="K", help="answers per input (default 1)")

    verb = _verb(verbs, "list", list_names, "tasks, recipes and backbones")
    verb.add_argument("task", nargs="?", help="only this task")

    verb = _verb(verbs, "show", show, "the complete configuration that a name stands for")
    verb.add_argument("names", nargs="+", metavar="[TASK] NAME | KEY=VALUE", help=NAME_HELP)

    verb = _verb(verbs, "doctor", None, "check a data set or this machine before training", """examples:
  tasklab doctor env
  tasklab doctor data train.json --eval dev.json --model qa_bert_base_uncased
""")  # fmt: skip
    subjects = verb.add_subparsers(dest="subject", required=True, metavar="SUBJECT")
    subject = _verb(subjects, "data", doctor_data, "rows, labels, duplicates, leaks, lengths, expected memory and time")
    subject.add_argument("train", metavar="TRAIN", help="training file or folder")
    subject.add_argument("--eval", metavar="FILE", help="evaluation file or folder")
    subject.add_argument("--model", default="qa_minilm_l6", metavar="NAME", help="default: %(default)s")
    subject.add_argument("overrides", nargs="*", metavar="KEY=VALUE")
    _verb(subjects, "env", doctor_env, "device, cores, memory, kernels, packages, caches")

    verb = _verb(verbs, "demo", demo, "train, evaluate and answer on a small sample set, in about a minute")
    verb.add_argument("--output", default="output/demo", metavar="DIR", help="default: %(default)s")
    return top


def _verb(group, name: str, run, summary: str, epilog: str = ""):
    verb = group.add_parser(
        name, help=summary, description=summary, epilog=epilog, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    verb.set_defaults(run=run)
    return verb


def _split(words: list[str]) -> tuple[list[str], list[str]]:
    """(names and inputs, overrides) in their order."""
    overrides = [word for word in words if OVERRIDE.fullmatch(word)]
    return [word for word in words if not OVERRIDE.fullmatch(word)], overrides


def _trainer(names: list[str], overrides: list[str]):
    """A Trainer for [TASK] NAME, and the words left over."""
    from tasklab.errors import UnknownName
    from tasklab.task import TASKS
    from tasklab.trainer import Trainer

    task = names.pop(0) if len(names) > 1 and names[0] in TASKS.names() else None
    if not names:
        raise UnknownName("no model name given; `tasklab list` shows the known ones")
    return Trainer(task=task, model=names.pop(0), overrides=overrides), names


def _nothing_left(words: list[str]):
    if words:
        raise TasklabError(f"unexpected argument {words[0]!r}: expected [TASK] NAME and then KEY=VALUE pairs")


def train(options):
    names, overrides = _split(options.names)
    trainer, left = _trainer(names, overrides)
    _nothing_left(left)
    trainer.train(options.resume or options.start or False, do_finetune=bool(options.start))


def evaluate(options):
    names, overrides = _split(options.names)
    trainer, left = _trainer(names, overrides)
    _nothing_left(left)
    metrics = trainer.evaluate(options.checkpoint, predictions_file=options.predictions)
    print(json.dumps(metrics, indent=1))


def predict(options):
    names, overrides = _split(options.names)
    trainer, inputs = _trainer(names, overrides)
    if bool(inputs) == bool(options.file):
        raise TasklabError("give the inputs either as arguments or with --file, for example: " + trainer.example())
    answers = trainer.predict(options.checkpoint, input_data=options.file or inputs, top_k=options.top_k)
    print(json.dumps(answers, ensure_ascii=False, indent=1))


def list_names(options):
    from tasklab.tools.listing import print_names

    print_names(options.task)


def show(options):
    names, overrides = _split(options.names)
    trainer, left = _trainer(names, overrides)
    _nothing_left(left)
    print(trainer.config.to_yaml(), end="")


def doctor_data(options):
    from tasklab.tools.doctor_data import report

    return report(options.train, options.eval, options.model, options.overrides)


def doctor_env(options):
    from tasklab.tools.doctor_env import report

    return report()


def demo(options):
    from tasklab.tools.demo import run

    return run(options.output)


if __name__ == "__main__":
    sys.exit(main())
