"""tasklab fewshot"""

import json

from tasklab.commands import Verb, goes_on_when_repeated
from tasklab.commands.names import OVERRIDE

EXAMPLES = """examples:
  tasklab fewshot train.tsv                                   # 8 rows a class, 5 times; the other rows are tested on
  tasklab fewshot train.tsv --eval dev.tsv --shots 4 --methods contrastive tfidf --out table.json
  tasklab fewshot train.tsv data.patterns='["It was {MASK}: {textA}"]' data.verbalizer=verbalizer.txt
  tasklab fewshot train.tsv --model small_chinese --from output/mlm_small_chinese
A killed comparison goes on when the same command is given again.
"""


def arguments(parser):
    parser.add_argument("data", metavar="DATA", help="a table of labelled texts, as text classification takes it")
    help_text = "any KEY=VALUE; it counts for the methods that have such a setting"
    parser.add_argument("names", nargs="*", metavar="KEY=VALUE", help=help_text)
    parser.add_argument("--shots", type=int, default=8, metavar="K", help="rows of each class (default %(default)s)")
    help_text = "times, each with other rows (default %(default)s)"
    parser.add_argument("--seeds", type=int, default=5, metavar="N", help=help_text)
    help_text = "of contrastive, prompt, p_tuning, fine_tuning, tfidf (default: all)"
    parser.add_argument("--methods", nargs="+", metavar="METHOD", help=help_text)
    help_text = "backbone, or how recipes' names end, such as small_chinese (default %(default)s)"
    parser.add_argument("--model", default="minilm_l6", metavar="NAME", help=help_text)
    parser.add_argument("--from", dest="start", metavar="DIR|NAME", help="weights to start from")
    parser.add_argument("--eval", metavar="FILE", help="what to test on; default: the rows not learned from")
    parser.add_argument("--test-rows", type=int, metavar="N", help="rows to test on at most (default: all)")
    parser.add_argument("--out", metavar="FILE", help="write the table as JSON")
    parser.add_argument("--output", metavar="DIR", help="folder of the trainings; default: output/NAME-fewshot")


def run(options):
    from tasklab.content import from_home
    from tasklab.replacing import replace_text
    from tasklab.shots.compare import few_shot, titles
    from tasklab.shots.table import rendered

    behind = options.methods or []  # --methods takes the settings behind it too
    methods = [word for word in behind if not OVERRIDE.fullmatch(word)] or None
    names = options.names + [word for word in behind if OVERRIDE.fullmatch(word)]
    if wrong := next((word for word in names if not OVERRIDE.fullmatch(word)), None):
        options.usage.error(f"unexpected {wrong!r}; settings are written KEY=VALUE, methods behind --methods")
    with goes_on_when_repeated("comparison"):
        comparison = few_shot(
            options.data, options.shots, options.seeds, methods, options.model, start=options.start,
            eval_data=options.eval, test_rows=options.test_rows, overrides=names, output_dir=options.output,
        )  # fmt: skip
    if options.out:
        replace_text(from_home(options.out), json.dumps(comparison, ensure_ascii=False, indent=1) + "\n")
    print(rendered(comparison["methods"], titles(comparison["methods"])))
    print(f"\n{comparison['sentence']}")


VERB = Verb("fewshot", "compare ways to learn from few examples", run, arguments, "DATA [KEY=VALUE ...]", EXAMPLES)
