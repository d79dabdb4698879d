"""Losses on pairs of a file, step by step: tasklab beside HuggingFace's Trainer, a small T5 of one start, no dropout.

python benchmarks/seq2seq_rows.py TASK FILE VOCABULARY [KEY=VALUE ...] [--torch-python PYTHON] [--steps 50]
                                  [--lr 5e-5] [--start RUN] [--evaluate FILE]
Rows of 16 a step, in the order of the file, in later rounds shuffled; AdamW, clip 1.0, fp32; tasklab's task reads and
cuts them. Weights are drawn, or those of a run whose network is a T5's. --evaluate scores what both have learned, the
answers decoded greedily by the one decoder.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from sides import HERE, run_side

from tasklab.config import Config
from tasklab.convert.loaded import read_model
from tasklab.engine.generating import generated
from tasklab.engine.native import native_decoder
from tasklab.task import TASKS
from tasklab.text import tokenizer_of
from tasklab.weights.source import source_at, weights_in

ROWS = 16
SMALL = {
    "model_type": "t5", "d_model": 192, "num_layers": 2, "num_heads": 3, "d_ff": 768, "dropout_rate": 0.0,
    "decoder_start_token_id": 0, "architectures": ["T5ForConditionalGeneration"],
}  # fmt: skip


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("task")
    parser.add_argument("file")
    parser.add_argument("vocabulary", help="of WordPiece")
    parser.add_argument("settings", nargs="*", metavar="KEY=VALUE", help="of data and generation")
    parser.add_argument("--torch-python", default=sys.executable)
    parser.add_argument("--steps", type=int, default=50)
    parser.add_argument("--lr", type=float, default=5e-5)
    parser.add_argument("--start", help="in place of weights that are drawn")
    parser.add_argument("--evaluate", metavar="FILE", help="whose sources are answered behind the last step")
    options = parser.parse_args()
    task = task_of(options)
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        torch = [options.torch_python, str(HERE / "seq2seq_torch.py"), str(folder)]
        if options.start:
            convert = [sys.executable, "-m", "tasklab.cli", "convert", options.start, str(folder / "weights")]
            subprocess.run([*convert, "--to", "huggingface"], check=True)
            said = json.loads((folder / "weights" / "config.json").read_text())
            task.config.model.decoder_start_token_id = said["decoder_start_token_id"]
        else:
            (folder / "config.json").write_text(json.dumps({**SMALL, "vocab_size": task.tokenizer.vocab_size}))
            run_side([*torch, "make"], "1")
        np.savez(folder / "rows.npz", **rows_of(task, options), lr=options.lr, kept=bool(options.evaluate))
        theirs = run_side([*torch, "train"], "1")["losses"]
        ours = run_side([sys.executable, str(HERE / "seq2seq_tasklab.py"), str(folder)], "1")["losses"]
        apart = np.abs(np.subtract(ours, theirs))
        print(f"{len(ours)} steps of {ROWS} rows: loss {ours[0]:.4f} to {ours[-1]:.4f}, theirs {theirs[-1]:.4f}; apart")
        print(f"by at most {apart[:50].max():.1e} in the first 50, {apart.max():.1e} in all")
        print("ten of them:", " ".join(f"{one:.1e}" for one in apart[:: max(1, len(apart) // 10)]))
        if options.evaluate:
            tell_scores(task, options.evaluate, folder)


def task_of(options):
    """The task with its settings and the vocabulary."""
    given = dict(setting.split("=", 1) for setting in options.settings)
    given = {key: int(value) if value.isdecimal() else value for key, value in given.items()}
    kind = TASKS.get(options.task)
    config = Config.create(kind.data_config, task=options.task, **kind.defaults, **given)
    config.tokenizer.name, config.model.decoder_start_token_id = "wordpiece", 0
    return kind(config, tokenizer_of(config.tokenizer, options.vocabulary))


def rows_of(task, options) -> dict[str, np.ndarray]:
    """Columns [steps, rows, tokens]."""
    examples, _ = task.read(options.file, True)
    table, rng = task.encode(examples[: options.steps * ROWS], True), np.random.default_rng(0)
    lengths = {axis: int(length.max()) for axis, length in table.lengths.items()}
    rounds = [np.arange(len(table))]
    while sum(map(len, rounds)) < options.steps * ROWS:
        rounds.append(rng.permutation(len(table)))
    numbers = np.concatenate(rounds)[: options.steps * ROWS]
    batches = [table.batch(numbers[at : at + ROWS], lengths, ROWS) for at in range(0, len(numbers), ROWS)]
    names = ("input_ids", "attention_mask", "decoder_input_ids", "target_attention_mask", "target_ids")
    return {name: np.stack([batch[name] for batch in batches]) for name in names}


class Answering:
    """What a task asks for answers, by the decoder with one side's weights."""

    def __init__(self, decoder, tokenizer):
        self.decoder, self.tokenizer = decoder, tokenizer

    def generate(self, prompts, settings, emit=None, sources=()):
        return generated(self.decoder, self.tokenizer, 0, prompts, settings, emit, sources)


def tell_scores(task, file: str, folder: Path):
    """Of both sides, and what each answers to the first three sources."""
    examples, _ = task.read(file, False)
    theirs = read_model(source_at("theirs", weights_in(folder / "trained")))
    answers = {}
    for side, known in (("tasklab", dict(np.load(folder / "trained.npz"))), ("Trainer", theirs.weights)):
        decoder = native_decoder(theirs.description.model, known, "fp32", "seq2seq")
        answers[side] = task.answer(examples, Answering(decoder, task.tokenizer))
        scores = task.score(answers[side], examples)
        print(side, " ".join(f"{name} {score:.2f}" for name, score in scores.items()), *answers[side][:3])
    same = sum(one == other for one, other in zip(*answers.values(), strict=True))
    print(f"{same} of {len(examples)} answers are equal")


if __name__ == "__main__":
    main()
