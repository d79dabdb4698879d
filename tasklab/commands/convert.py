"""tasklab convert"""

from tasklab.commands import Verb, next_step

USAGE = "SOURCE TARGET --to huggingface|google|uer|mindspore|tasklab"
EXAMPLES = """examples:
  tasklab convert output/run/checkpoint-120 my_bert --to huggingface
  tasklab convert chinese_L-12_H-768_A-12 my_bert --to uer               # Google's folder; told by what it holds
  tasklab convert cluecorpus.bin my_bert --to tasklab --config bert/base_config.json --vocab google_zh_vocab.txt
"""


def arguments(parser):
    parser.add_argument("source", metavar="SOURCE", help="folder, file of weights, or name")
    parser.add_argument("target", metavar="TARGET", help="new folder")
    parser.add_argument("--to", required=True, choices=("huggingface", "google", "uer", "mindspore", "tasklab"))
    parser.add_argument("--task", help="what the head is for, where neither configuration nor names tell it")
    families = ("bert", "roberta", "albert", "gpt", "gpt2", "rcnn", "crnn")
    parser.add_argument("--family", choices=families, help="where they do not tell it either")
    parser.add_argument("--labels", metavar="FILE", help="names of the head's outputs, one a line or JSON")
    norms = ("unbiased", "usual")
    parser.add_argument("--norm", choices=norms, help="of a UER-py file: as it computes, n - 1, or trained elsewhere")
    parser.add_argument("--config", metavar="FILE", help="the model's description, where none lies beside the weights")
    parser.add_argument("--tokenizer", metavar="NAME", help="how texts are cut, where nothing says it: char, bert, ...")
    parser.add_argument("--vocab", metavar="FILE", help="its vocabulary, where none lies beside them")
    parser.add_argument("--decoder-vocab", metavar="FILE", help="the same of an encoder-decoder's own target")


def run(options):
    from pathlib import Path

    from tasklab.config import task_named
    from tasklab.convert import convert
    from tasklab.task import TASKS
    from tasklab.weights.folder import CONFIG

    convert(
        options.source, options.target, options.to, task=options.task, family=options.family, config=options.config,
        vocab=options.vocab, decoder_vocab=options.decoder_vocab, labels=options.labels, norm=options.norm,
        tokenizer=options.tokenizer,
    )  # fmt: skip
    if options.to == "tasklab":
        task = task_named(Path(options.target, CONFIG))
        if task:
            next_step("answer with it", "predict", options.target, TASKS.get(task).primer.strip('"'))
        else:
            next_step("train with it", "train", "TASK", options.target, "data.train=FILE")


VERB = Verb("convert", "turn a model into the files of another program", run, arguments, USAGE, EXAMPLES, collect="")
