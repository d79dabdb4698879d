"""The command line: tasklab VERB [TASK] NAME [key=value ...]. Heavy imports happen inside the verbs."""

import argparse
import json
import os
import re
import sys
from operator import methodcaller

from tasklab import __version__
from tasklab.errors import Interrupted, TasklabError

OVERRIDE = re.compile(r"[a-z_][a-z0-9_]*(\.[a-z0-9_]+)*=.*", re.DOTALL)
"""key=value; anything else is a name or, for predict, an input text."""

NAMES = "[TASK] NAME [KEY=VALUE ...]"
WORDS = "recipe, backbone, YAML file, run or checkpoint folder; a backbone needs the task before it; then any KEY=VALUE"


def main(arguments: list[str] | None = None) -> int:
    """Runs one command; returns the exit status: 0, 1 for a user's error, 2 for wrong usage, 128 + n for a signal."""
    arguments = sys.argv[1:] if arguments is None else arguments
    top = parser()
    if not arguments:
        top.print_help()
        return 2
    options = _parsed(top, arguments)
    try:
        status = options.run(options) or 0
        sys.stdout.flush()
        return status
    except Interrupted as stop:
        print(stop, file=sys.stderr)
        return stop.exit_code
    except TasklabError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
        return 130
    except BrokenPipeError:  # `tasklab list | head`: the reader has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    except OSError as error:  # a file that cannot be written, a full disk
        print(f"error: {error.filename or 'operating system'}: {error.strerror or error}", file=sys.stderr)
        return 1


def _parsed(top: argparse.ArgumentParser, arguments: list[str]) -> argparse.Namespace:
    """The options; names, overrides and inputs may stand before, between and behind them."""
    options, left = top.parse_known_args(arguments)
    words = getattr(options, options.collect, None) if options.collect else None
    strange = [word for word in left if words is None or (word.startswith("-") and " " not in word)]
    if strange:
        options.usage.error(f"unexpected {' '.join(strange)}")
    if left:
        words.extend(left)
    return options


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(
        prog="tasklab",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        description="Fine-tune and use language models on MindSpore; two names run a job.",
        epilog="""first steps:
  tasklab demo                                                       # trains, evaluates and answers, one to two minutes
  tasklab list                                                       # tasks, recipes and backbones
  tasklab doctor data my/train.json --eval my/dev.json               # checks the data before training
  tasklab train qa_minilm_l6 data.train=my/train.json data.eval=my/dev.json
  tasklab predict output/qa_minilm_l6 "I live in Berlin - Where do I live?"
""",
    )
    top.add_argument("--version", action="version", version=f"tasklab {__version__}")
    verbs = top.add_subparsers(dest="verb", required=True, metavar="VERB")

    verb = _verb(verbs, "train", train, "fine-tune a model", NAMES + " [--resume DIR | --from DIR|NAME]", """examples:
  tasklab train qa_minilm_l6 data.train=train.json data.eval=dev.json
  tasklab train question_answering bert_tiny data.train=train.json      # a task with a backbone
  tasklab train qa_minilm_l6 data.train=train.json train.epochs=3 optimizer.lr=5e-5   # any key of `tasklab show`
  tasklab train --resume output/qa_minilm_l6                            # same run, next step
  tasklab train qa_minilm_l6 data.train=t.json --from output/other/checkpoint-120     # weights only
""")  # fmt: skip
    verb.add_argument("names", nargs="*", metavar="NAME", help=WORDS + "; a resumed run knows its own")
    start = verb.add_mutually_exclusive_group()
    start.add_argument("--resume", metavar="DIR", help="continue this run or checkpoint exactly")
    start.add_argument("--from", dest="start", metavar="DIR|NAME", help="start from these weights, new optimizer")

    verb = _verb(verbs, "evaluate", evaluate, "score a checkpoint", NAMES + " [OPTIONS]", """examples:
  tasklab evaluate output/qa_minilm_l6 data.eval=dev.json               # the best checkpoint of a run
  tasklab evaluate qa_minilm_l6 data.eval=dev.json --checkpoint output/qa_minilm_l6/checkpoint-120
""")  # fmt: skip
    verb.add_argument("names", nargs="+", metavar="NAME", help=WORDS)
    verb.add_argument("--checkpoint", metavar="DIR", help="default: the best checkpoint of the run")
    verb.add_argument("--predictions", metavar="FILE", help="also write the predictions as JSON")
    verb.add_argument("--report", metavar="DIR", help="also write classes, confusion matrix and wrong answers there")

    verb = _verb(verbs, "predict", predict, "answer inputs", NAMES + " (INPUT ... | --file FILE)", """examples:
  tasklab predict output/qa_minilm_l6 "My name is Wolfgang and I live in Berlin - Where do I live?"
  tasklab predict output/qa_minilm_l6 --file questions.json --top-k 3 > answers.json
  tasklab predict output/txtcls_minilm_l6 --file test.tsv --output labels.tsv --output_prob
""")  # fmt: skip
    verb.add_argument("names", nargs="+", metavar="NAME", help=WORDS + "; every further word is an input")
    verb.add_argument("--checkpoint", metavar="DIR", help="default: the best checkpoint of the run")
    verb.add_argument("--file", metavar="FILE", help="inputs from a file (.json, .jsonl, .txt, .tsv, .csv, .conll)")
    verb.add_argument("--output", metavar="FILE", help="answers to .tsv, .json, .jsonl, or .txt; vectors to .npy")
    for name, what in (("logits", "outputs"), ("prob", "probabilities")):
        told = f"answers of classifiers carry the {what} of all classes (column {name})"
        verb.add_argument(f"--output_{name}", f"--output-{name}", action="store_true", help=told)
    verb.add_argument("--top-k", type=int, default=1, metavar="K", help="answers per input (default 1)")

    verb = _verb(verbs, "search", search, "find good settings by many trainings", NAMES + " [OPTIONS]", """examples:
  tasklab search txtcls_minilm_l6 data.train=t.tsv data.eval=d.tsv --trials 10 --subset 0.1
  tasklab search NAME ... --space optimizer.lr=1e-5..5e-4 --space "train.batch_size=[16, 32]"
  tasklab search NAME ... --space space.yaml      # optimizer.lr: {low: 1.0e-5, high: 5.0e-4, log: true}
A killed search goes on when the same command is given again.
""")  # fmt: skip
    verb.add_argument("names", nargs="+", metavar="NAME", help=WORDS)
    verb.add_argument("--trials", type=int, default=10, metavar="N", help="trainings in all (default %(default)s)")
    verb.add_argument("--space", action="append", metavar="KEY=VALUES|FILE", help="default: around the recipe")
    verb.add_argument("--subset", type=float, metavar="SHARE", help="share of the training examples that trials see")
    verb.add_argument("--parallel", type=int, default=1, metavar="N", help="trainings at a time (default %(default)s)")
    verb.add_argument("--direction", choices=("maximize", "minimize"), help="default: as the metric says")
    verb.add_argument("--no-pruning", action="store_true", help="let every trial train to its end")
    verb.add_argument("--backend", choices=("optuna", "ray"), default="optuna", help="ray spreads over machines")
    verb.add_argument("--output", metavar="DIR", help="default: output/NAME-search")

    verb = _verb(verbs, "cross-validate", cross_validate, "hold out every part of the data once", NAMES, """examples:
  tasklab cross-validate txtcls_minilm_l6 data.train=train.tsv --folds 5
A killed cross-validation goes on when the same command is given again.
""")  # fmt: skip
    verb.add_argument("names", nargs="+", metavar="NAME", help=WORDS)
    verb.add_argument("--folds", type=int, default=5, metavar="K", help="trainings (default %(default)s)")
    verb.add_argument("--parallel", type=int, default=1, metavar="N", help="trainings at a time (default %(default)s)")
    verb.add_argument("--output", metavar="DIR", help="default: output/NAME-folds")

    verb = _verb(verbs, "list", list_names, "tasks, recipes and backbones", collect="")
    verb.add_argument("task", nargs="?", help="only this task")

    verb = _verb(verbs, "show", show, "the complete configuration that a name stands for", NAMES, """examples:
  tasklab show qa_minilm_l6
  tasklab show question_answering bert_tiny train.epochs=5 > my.yaml    # then: tasklab train my.yaml
""")  # fmt: skip
    verb.add_argument("names", nargs="+", metavar="NAME", help=WORDS)

    verb = _verb(verbs, "doctor", None, "check a data set or this machine before training", epilog="""examples:
  tasklab doctor env
  tasklab doctor data train.json --eval dev.json --model qa_bert_base_uncased
  tasklab doctor data train.tsv --eval dev.tsv data.label=stars        # texts with labels
""")  # fmt: skip
    subjects = verb.add_subparsers(dest="subject", required=True, metavar="SUBJECT")
    subject = _verb(
        subjects, "data", doctor_data, "rows, labels, duplicates, leaks, lengths, expected memory and time",
        epilog="The exit status is 1 when something has to be fixed before training, else 0.", collect="overrides",
    )  # fmt: skip
    subject.add_argument("train", metavar="TRAIN", help="training file or folder")
    subject.add_argument("--eval", metavar="FILE", help="evaluation file or folder")
    subject.add_argument("--model", metavar="NAME", help="default: qa_minilm_l6 for JSON of SQuAD's kind, "
                         "txtcls_minilm_l6 for tables")  # fmt: skip
    subject.add_argument("overrides", nargs="*", metavar="KEY=VALUE", help="any key of `tasklab show`")
    _verb(subjects, "env", doctor_env, "device, cores, memory, kernels, packages, caches", collect="")

    verb = _verb(
        verbs, "convert", convert, "turn a model into the files of another program",
        "SOURCE TARGET --to huggingface|google|uer|mindspore|tasklab", """examples:
  tasklab convert output/run/checkpoint-120 my_bert --to huggingface
  tasklab convert chinese_L-12_H-768_A-12 my_bert --to uer               # Google's folder; told by what it holds
  tasklab convert cluecorpus.bin my_bert --to tasklab --config bert/base_config.json --vocab google_zh_vocab.txt
""", collect="")  # fmt: skip
    verb.add_argument("source", metavar="SOURCE", help="folder, file of weights, or name")
    verb.add_argument("target", metavar="TARGET", help="new folder")
    verb.add_argument("--to", required=True, choices=("huggingface", "google", "uer", "mindspore", "tasklab"))
    verb.add_argument("--task", help="what the head is for, where neither configuration nor names tell it")
    verb.add_argument("--family", choices=("bert", "roberta", "albert"), help="where they do not tell it either")
    verb.add_argument("--config", metavar="FILE", help="the model's description, where none lies beside the weights")
    verb.add_argument("--vocab", metavar="FILE", help="its vocabulary, where none lies beside them")

    verb = _verb(verbs, "tools", tools, "average, inspect, compare, export, ... models", "[NAME ...]", """examples:
  tasklab tools                                                         # lists them
  tasklab tools average output/run/checkpoint-1* --to averaged
  tasklab tools diff output/run/checkpoint-120 minilm_l6
""", collect="arguments")  # fmt: skip
    verb.add_argument("arguments", nargs=argparse.REMAINDER, metavar="NAME ...", help="a tool, and what it takes")

    verb = _verb(verbs, "demo", demo, "train, evaluate and answer on a sample set, in one to two minutes", collect="")
    verb.add_argument("--output", default="output/demo", metavar="DIR", help="default: %(default)s")
    return top


def _verb(group, name: str, run, summary: str, usage: str = "", epilog: str = "", collect: str = "names"):
    """A subcommand; `collect` names the list that also takes the words behind its options."""
    verb = group.add_parser(
        name, help=summary, description=summary[0].upper() + summary[1:] + ".", epilog=epilog,
        usage=f"tasklab {name} {usage}" if usage else None, formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    verb.set_defaults(run=run, usage=verb, collect=collect)
    return verb


def _trainer(options, inputs: bool = False):
    """A Trainer for [TASK] NAME [KEY=VALUE ...], and with `inputs` the texts behind the name."""
    from tasklab.config import find_model, task_name
    from tasklab.registry import unknown_name
    from tasklab.task import TASKS
    from tasklab.trainer import Trainer

    # an input may hold "=" and a path may hold blanks: where there are inputs, an override has no blank
    overrides = [w for w in options.names if OVERRIDE.fullmatch(w) and not (inputs and any(map(str.isspace, w)))]
    names = [word for word in options.names if word not in overrides]
    task = names.pop(0) if names and task_name(names[0]) in TASKS.names() else None
    if not names:
        options.usage.error(f"no model is named{f' for {task}' if task else ''}; `tasklab list` shows the known ones")
    model, left = names[0], names[1:]
    if left and not inputs:
        if task is None and find_model(model) is None and not os.path.exists(model):
            raise unknown_name("task", model, TASKS.names())
        options.usage.error(f"unexpected {left[0]!r} behind the name {model!r}; settings are written KEY=VALUE")
    return Trainer(task=task, model=model, overrides=overrides), left


def train(options):
    if options.resume and not any(not OVERRIDE.fullmatch(word) for word in options.names):
        options.names.insert(0, options.resume)
    trainer, _ = _trainer(options)
    trainer.train(options.resume or options.start or False, do_finetune=bool(options.start))


def evaluate(options):
    trainer, _ = _trainer(options)
    metrics = trainer.evaluate(options.checkpoint, predictions_file=options.predictions, report_folder=options.report)
    print(json.dumps(metrics, indent=1))


def predict(options):
    from pathlib import Path  # here, as it takes time that --help does not need

    options.names += [f"data.{key}=true" for key in ("output_logits", "output_prob") if getattr(options, key)]
    trainer, inputs = _trainer(options, inputs=True)
    if bool(inputs) == bool(options.file):
        options.usage.error(f"give inputs as arguments or with --file, for example: {trainer.example()}")
    # a Path: whatever its name ends with, it is a file and not a text
    asked = {"input_data": Path(options.file) if options.file else inputs, "top_k": options.top_k}
    if options.output:
        from tasklab.data.files.answers import write_parts

        write_parts(options.output, trainer.predict_parts(options.checkpoint, **asked))
    else:
        answers = trainer.predict(options.checkpoint, **asked)
        print(json.dumps(answers, ensure_ascii=False, indent=1, default=methodcaller("tolist")))  # vectors are arrays


def search(options):
    trainer, _ = _trainer(options)
    space = options.space
    if space and len(space) == 1 and "=" not in space[0]:
        space = space[0]  # a file
    best = trainer.hyperparameter_search(
        space, n_trials=options.trials, direction=options.direction, backend=options.backend, subset=options.subset,
        pruning=not options.no_pruning, parallel=options.parallel, output_dir=options.output,
    )  # fmt: skip
    print(json.dumps(best._asdict(), ensure_ascii=False, indent=1))
    settings = " ".join(f"{key}={value}" for key, value in best.hyperparameters.items())
    print(f"train with it: tasklab train {' '.join(options.names)} {settings}", file=sys.stderr)


def cross_validate(options):
    trainer, _ = _trainer(options)
    found = trainer.cross_validate(options.folds, parallel=options.parallel, output_dir=options.output)
    print(json.dumps(found, indent=1))


def list_names(options):
    from tasklab.tools.listing import print_names

    print_names(options.task)


def show(options):
    trainer, _ = _trainer(options)
    print(trainer.config.to_yaml(), end="")


def doctor_data(options):
    from tasklab.tools.doctor_data import report

    for word in options.overrides:
        if not OVERRIDE.fullmatch(word):
            options.usage.error(f"unexpected {word!r}: the evaluation file goes with --eval, settings are KEY=VALUE")
    return report(options.train, options.eval, options.model, options.overrides)


def doctor_env(options):
    from tasklab.tools.doctor_env import report

    return report()


def convert(options):
    from tasklab.convert import convert

    convert(
        options.source, options.target, options.to, task=options.task, family=options.family, config=options.config,
        vocab=options.vocab,
    )  # fmt: skip


def tools(options):
    from tasklab.tools.command import run

    return run(options.arguments)


def demo(options):
    from tasklab.tools.demo import run

    return run(options.output)


if __name__ == "__main__":
    sys.exit(main())
