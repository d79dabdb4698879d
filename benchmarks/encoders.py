"""What each encoder learns from a random start in the same time of study: accuracy, speed, size.

python benchmarks/encoders.py run txtcls_lstm_chinese DATA_DIR VOCABULARY [key=value ...]   # one line: result {...}
python benchmarks/encoders.py table DATA_DIR LOG [LOG ...]      # those lines as a table, TF-IDF on the same rows below

DATA_DIR holds train.tsv and dev.tsv with the columns label and text_a. BUDGET is the same for all; what a recipe says
of its network, its learning rate and its tokenizer stands.
"""

import argparse
import json
import statistics
import tempfile
from pathlib import Path

from tasklab import Trainer
from tasklab.data.texts.reading import read_text_rows
from tasklab.data.texts.settings import TextDataConfig
from tasklab.engine.hooks import Callback
from tasklab.metrics.tfidf import tfidf_predictions

ROWS = 4000
BUDGET = {
    "data.limit": ROWS, "data.max_seq_length": 96, "data.num_buckets": 1, "train.epochs": 3, "train.batch_size": 32,
    "train.save_strategy": "no",
}  # fmt: skip


class Speeds(Callback):
    """Steps per second of each logging interval; the first holds the compilation."""

    def __init__(self):
        self.found = []

    def on_log(self, loop, record):
        self.found.append(record["speed"])
        self.parameters = sum(parameter.size for parameter in loop.network.trainable_params())


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(dest="command", required=True)
    run_parser = commands.add_parser("run")
    run_parser.add_argument("recipe")
    run_parser.add_argument("data")
    run_parser.add_argument("vocabulary")
    run_parser.add_argument("overrides", nargs="*")
    table_parser = commands.add_parser("table")
    table_parser.add_argument("data")
    table_parser.add_argument("logs", nargs="+")
    options = parser.parse_args()
    if options.command == "run":
        print("result", json.dumps(run(options)), flush=True)
    else:
        print("\n".join(table(options.data, options.logs)))


def run(options) -> dict:
    settings = {**BUDGET, "tokenizer.vocab": options.vocabulary, "data.train": options.data, "data.eval": options.data}
    settings |= dict(pair.split("=", 1) for pair in options.overrides)
    speeds = Speeds()
    with tempfile.TemporaryDirectory() as folder:
        trainer = Trainer(settings, "text_classification", options.recipe, output_dir=folder, callbacks=[speeds])
        trained = trainer.train()
    size = int(settings["train.batch_size"])
    return {
        "recipe": options.recipe, "accuracy": trained["best_metric"], "loss": trained["loss"],
        "rows_per_second": statistics.median(speeds.found[1:] or speeds.found) * size,
        "parameters": int(speeds.parameters), "seconds": trained["seconds"],
    }  # fmt: skip


def table(data: str, logs: list[str]):
    """Lines of Markdown, the best first."""
    lines = [line for log in logs for line in Path(log).read_text(encoding="utf-8").splitlines()]
    found = [json.loads(line.removeprefix("result ")) for line in lines if line.startswith("result {")]
    yield "| recipe | accuracy | mean loss | rows/s | parameters |"
    yield "|---|---|---|---|---|"
    for one in sorted(found, key=lambda one: -one["accuracy"]):
        yield (
            f"| `{one['recipe']}` | {one['accuracy']:.1%} | {one['loss']:.3f} | {one['rows_per_second']:.0f} | "
            f"{one['parameters'] / 1e6:.2f} M |"
        )
    yield f"| TF-IDF and logistic regression | {baseline(data):.1%} | | | |"


def baseline(data: str) -> float:
    """Accuracy on the first ROWS of dev, learned from the first ROWS of train, as the networks' data."""
    config, kind = TextDataConfig(), "single_label_classification"
    train, dev = (read_text_rows(data, config, kind, training=training)[0] for training in (True, False))
    train, dev = train[:ROWS], dev[:ROWS]
    predicted = tfidf_predictions([e.text_a for e in train], [e.label for e in train], [e.text_a for e in dev])
    return sum(a == e.label for a, e in zip(predicted, dev, strict=True)) / len(dev)


if __name__ == "__main__":
    main()
