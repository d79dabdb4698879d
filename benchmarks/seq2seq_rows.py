"""Losses on pairs of a file, step by step: tasklab beside HuggingFace's Trainer, a small T5 of one start, no dropout.

python benchmarks/seq2seq_rows.py TASK FILE VOCABULARY [KEY=VALUE ...] [--torch-python PYTHON] [--steps 50]
Rows in the order of the file, 16 a step, AdamW, clip 1.0, fp32; tasklab's task reads and cuts them. Weights are drawn.
"""

import argparse
import json
import sys
import tempfile
from pathlib import Path

import numpy as np
from sides import HERE, run_side

from tasklab.config import Config
from tasklab.task import TASKS
from tasklab.text import tokenizer_of

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
    parser.add_argument("settings", nargs="*", metavar="KEY=VALUE", help="of data")
    parser.add_argument("--torch-python", default=sys.executable)
    parser.add_argument("--steps", type=int, default=50)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        columns, words = rows_of(options)
        np.savez(folder / "rows.npz", **columns)
        (folder / "config.json").write_text(json.dumps({**SMALL, "vocab_size": words}))
        torch = [options.torch_python, str(HERE / "seq2seq_torch.py"), str(folder)]
        run_side([*torch, "make"], "1")
        theirs = run_side([*torch, "train"], "1")["losses"]
        ours = run_side([sys.executable, str(HERE / "seq2seq_tasklab.py"), str(folder)], "1")["losses"]
    apart = np.abs(np.subtract(ours, theirs))
    print(f"{len(ours)} steps of {ROWS} rows: loss {ours[0]:.4f} to {ours[-1]:.4f}; apart by at most {apart.max():.1e}")
    print("every fifth:", " ".join(f"{one:.1e}" for one in apart[::5]))


def rows_of(options) -> tuple[dict[str, np.ndarray], int]:
    """Columns [steps, rows, tokens], and the words of the vocabulary."""
    given = dict(setting.split("=", 1) for setting in options.settings)
    given = {key: int(value) if value.isdecimal() else value for key, value in given.items()}
    kind = TASKS.get(options.task)
    config = Config.create(kind.data_config, task=options.task, **kind.defaults, **given)
    config.tokenizer.name, config.model.decoder_start_token_id = "wordpiece", 0
    tokenizer = tokenizer_of(config.tokenizer, options.vocabulary)
    config.model.vocab_size = tokenizer.vocab_size
    task = kind(config, tokenizer)
    examples, _ = task.read(options.file, True)
    table = task.encode(examples[: options.steps * ROWS], True)
    lengths = {axis: int(length.max()) for axis, length in table.lengths.items()}
    numbers = np.arange(options.steps * ROWS) % len(table)
    batches = [table.batch(numbers[at : at + ROWS], lengths, ROWS) for at in range(0, len(numbers), ROWS)]
    names = ("input_ids", "attention_mask", "decoder_input_ids", "target_attention_mask", "target_ids")
    return {name: np.stack([batch[name] for batch in batches]) for name in names}, tokenizer.vocab_size


if __name__ == "__main__":
    main()
