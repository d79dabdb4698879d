"""Fine-tuning MiniLM on pairs: tasklab against sentence-transformers, in turn, on equal batches, without dropout.

python benchmarks/matching_training.py WEIGHTS_DIR STS-B/train.tsv cosent [--torch-python PYTHON] [--steps 50]
python benchmarks/matching_training.py WEIGHTS_DIR MRPC/train.tsv in_batch
WEIGHTS_DIR holds all-MiniLM-L6-v2 as HuggingFace stores it. 32 rows of at most 128 tokens, AdamW at 2e-5,
clip 1.0, fp32.
Both have the tokens of all batches before the clock runs. sentence-transformers' side is its model and its loss in a
plain loop, without its Trainer.
"""

import argparse
import json
import sys
import tempfile
from pathlib import Path
from statistics import median

import numpy as np
from sides import HERE, run_side

SCRIPTS = {"tasklab": "matching_tasklab.py", "sentence-transformers": "matching_torch.py"}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("weights")
    parser.add_argument("data")
    parser.add_argument("loss", choices=("cosine_mse", "cosent", "angle", "contrastive", "in_batch"))
    parser.add_argument("--torch-python", default=sys.executable)
    parser.add_argument("--steps", type=int, default=50, help="the first is not timed")
    parser.add_argument("--rounds", type=int, default=2, help="how often each side runs")
    parser.add_argument("--threads", default="2", help="processor time says most with 1")
    options = parser.parse_args()
    sides = dict(zip(SCRIPTS, (sys.executable, options.torch_python), strict=True))
    runs: dict[str, list[dict]] = {side: [] for side in sides}
    with tempfile.TemporaryDirectory() as folder:
        job = Path(folder) / "job.json"
        told = {"weights": options.weights, "data": options.data, "loss": options.loss, "steps": options.steps}
        job.write_text(json.dumps(told))
        for _ in range(options.rounds):
            for side, python in sides.items():  # tasklab's first run writes the rows down for the other side
                runs[side].append(run_side([python, str(HERE / SCRIPTS[side]), str(job)], options.threads))
    print("| loss | side | pairs/s | processor s a step | first step s | MB |")
    print("|---|---|---|---|---|---|")
    for side, found in runs.items():
        middle = {key: median(run[key] for run in found) for key in found[0] if key != "losses"}
        took, processor = middle["seconds_of_a_step"], middle["processor_seconds"]
        first, peak = middle["first_step"], middle["peak_mb"]
        print(f"| {options.loss} | {side} | {32 / took:.0f} | {processor:.3f} | {first:.1f} | {peak:.0f} |")
    losses = [runs[side][0]["losses"] for side in sides]
    print(f"{len(losses[0])} losses, {losses[0][0]:.6f} to {losses[0][-1]:.6f}, differ by at most "
          f"{np.abs(np.subtract(*losses)).max():.1e}")  # fmt: skip


if __name__ == "__main__":
    main()
