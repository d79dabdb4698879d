"""Information extraction on UIE's files: tasklab against PyTorch, in turn, from equal weights on equal rows.

python benchmarks/extraction_training.py DATA VOCABULARY [--torch-python PYTHON] [--steps 50] [--rounds 2]
DATA: train.txt of duie. A small BERT of ie_small_chinese from a random start, rows of 32, AdamW, clip 1.0, no dropout,
fp32. Seconds are those of the processors, one thread a side, which say most where a machine is shared. Prompts are
answered by batches of 32, padded to their longest row there, to planned lengths here. The last column is the largest
difference of two losses.
"""

import argparse
import json
import statistics
import sys
import tempfile
from pathlib import Path

from sides import HERE, run_side

SIDES = ("tasklab", "torch")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data")
    parser.add_argument("vocabulary")
    parser.add_argument("--torch-python", default=sys.executable)
    parser.add_argument("--steps", type=int, default=50)
    parser.add_argument("--rounds", type=int, default=2, help="how often each side runs")
    options = parser.parse_args()
    pythons, runs = {"tasklab": sys.executable, "torch": options.torch_python}, {side: [] for side in SIDES}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        asked = [str(folder), options.data, options.vocabulary, str(options.steps)]
        run_side([pythons["tasklab"], str(HERE / "extraction_tasklab.py"), "make", *asked], 1)
        for _ in range(options.rounds):
            for side in SIDES:
                runs[side].append(run_side([pythons[side], str(HERE / f"extraction_{side}.py"), "run", *asked], 1))
    ours, theirs = (runs[side][0]["losses"] for side in SIDES)
    print("| tasklab s/step | torch | ratio | prompts/s | torch | ratio | losses differ by |")
    print("|---|---|---|---|---|---|---|")
    cells = []
    for key in ("step", "prompts"):
        one, other = (statistics.median(run[key] for run in runs[side]) for side in SIDES)
        cells += [f"{one:.4g}", f"{other:.4g}", f"{(other / one if key == 'step' else one / other):.2f}"]
    cells.append(f"{max(abs(a - b) for a, b in zip(ours, theirs, strict=True)):.1e}")
    print("| " + " | ".join(cells) + " |")
    print(json.dumps({"first": ours[0], "last": ours[-1], "runs": runs["tasklab"] and {
        side: [{k: round(run[k], 4) for k in ("step", "prompts")} for run in runs[side]] for side in SIDES
    }}))  # fmt: skip


if __name__ == "__main__":
    main()
