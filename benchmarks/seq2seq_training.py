"""Fine-tuning T5-small: tasklab against HuggingFace's Trainer, in turn, from equal weights, without dropout.

python benchmarks/seq2seq_training.py [--torch-python PYTHON] [--steps 6] [--rounds 2]
8 rows of 128 tokens with targets of 64, AdamW, clip 1.0, fp32. Weights are drawn, nothing is downloaded.
The last column is the largest difference of two losses.
"""

import argparse
import json
import statistics
import sys
import tempfile
from pathlib import Path

import numpy as np
from sides import HERE, run_side

T5_SMALL = {"model_type": "t5", "dropout_rate": 0.0, "decoder_start_token_id": 0}  # the other sizes are its defaults


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--torch-python", default=sys.executable)
    parser.add_argument("--steps", type=int, default=6, help="the first is not timed")
    parser.add_argument("--rounds", type=int, default=2, help="how often each side runs")
    parser.add_argument("--threads", default="2")
    parser.add_argument("--shape", nargs=3, type=int, default=(8, 128, 64), help="rows, tokens, tokens of a target")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        runs = _both(Path(folder), options)
    print("| side | tokens/s | processor s a step | first step s | MB |")
    print("|---|---|---|---|---|")
    tokens = options.shape[0] * sum(options.shape[1:])
    for side, found in runs.items():
        middle = {key: statistics.median(run[key] for run in found) for key in found[0] if key != "losses"}
        took, processor = middle["seconds_of_a_step"], middle["processor_seconds"]
        first, peak = middle["first_step"], middle["peak_mb"]
        print(f"| {side} | {tokens / took:.0f} | {processor:.2f} | {first:.1f} | {peak:.0f} |")
    apart = np.abs(np.subtract(runs["tasklab"][0]["losses"], runs["Trainer"][0]["losses"])).max()
    print(f"losses differ by at most {apart:.1e}")


def _both(folder: Path, options) -> dict[str, list[dict]]:
    (folder / "config.json").write_text(json.dumps(T5_SMALL))
    rows, source, target = options.shape
    rng = np.random.default_rng(0)  # few words that repeat, so that there is something to learn
    ids, targets = (
        (rng.zipf(1.3, (options.steps, rows, length)) % 32_000).astype(np.int32) for length in (source, target)
    )
    before = np.concatenate([np.zeros_like(targets[..., :1]), targets[..., :-1]], axis=-1)
    np.savez(folder / "rows.npz", input_ids=ids, decoder_input_ids=before, target_ids=targets)
    sides = {
        "tasklab": [sys.executable, str(HERE / "seq2seq_tasklab.py"), str(folder)],
        "Trainer": [options.torch_python, str(HERE / "seq2seq_torch.py"), str(folder), "train"],
    }
    run_side([*sides["Trainer"][:-1], "make"], options.threads)
    runs: dict[str, list[dict]] = {side: [] for side in sides}
    for _ in range(options.rounds):
        for side, command in sides.items():
            runs[side].append(run_side(command, options.threads))
    return runs


if __name__ == "__main__":
    main()
