"""Fine-tuning a masked-word model by a pattern: tasklab against transformers, in turn, on equal batches, no dropout.

python benchmarks/prompt_training.py WEIGHTS_DIR comment_classify/prompt [--torch-python PYTHON] [--steps 50]
WEIGHTS_DIR holds a BertForMaskedLM with vocab.txt; the other folder train.txt, prompt.txt and verbalizer.txt, a word
per label. 8 rows of at most 64 tokens, AdamW at 5e-5, clip 1.0, fp32. Each side tokenises for itself, before the clock
runs; transformers' is its model with the loss of the labels' words in a plain loop.
"""

import argparse
import json
import sys
import tempfile
from pathlib import Path
from statistics import median

import numpy as np
from sides import HERE, run_side

SCRIPTS = {"tasklab": "prompt_tasklab.py", "transformers": "prompt_torch.py"}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("weights")
    parser.add_argument("data")
    parser.add_argument("--torch-python", default=sys.executable)
    parser.add_argument("--steps", type=int, default=50, help="the first is not timed")
    parser.add_argument("--rounds", type=int, default=2, help="how often each side runs")
    parser.add_argument("--threads", default="1")
    options = parser.parse_args()
    sides = dict(zip(SCRIPTS, (sys.executable, options.torch_python), strict=True))
    runs: dict[str, list[dict]] = {side: [] for side in sides}
    with tempfile.TemporaryDirectory() as folder:
        job = Path(folder) / "job.json"
        job.write_text(json.dumps({"weights": options.weights, "data": options.data, "steps": options.steps}))
        for _ in range(options.rounds):
            for side, python in sides.items():  # tasklab's first run writes the rows down for the other side
                runs[side].append(run_side([python, str(HERE / SCRIPTS[side]), str(job)], options.threads))
    print("| side | rows/s | processor s a step | first step s | MB |")
    print("|---|---|---|---|---|")
    for side, found in runs.items():
        middle = {key: median(run[key] for run in found) for key in found[0] if key != "losses"}
        took, processor = middle["seconds_of_a_step"], middle["processor_seconds"]
        first, peak = middle["first_step"], middle["peak_mb"]
        print(f"| {side} | {8 / took:.0f} | {processor:.3f} | {first:.1f} | {peak:.0f} |")
    losses = [runs[side][0]["losses"] for side in sides]
    print(f"{len(losses[0])} losses, {losses[0][0]:.6f} to {losses[0][-1]:.6f}, differ by at most "
          f"{np.abs(np.subtract(*losses)).max():.1e}")  # fmt: skip


if __name__ == "__main__":
    main()
