"""Information extraction on UIE's files: tasklab against PyTorch, in turn, from equal weights on equal rows.

python benchmarks/extraction_training.py DATA VOCABULARY [--torch-python PYTHON] [--steps 50] [--rounds 2]
                                         [--evaluate DEV [--negative-ratio 1]]
DATA: train.txt of duie. A small BERT of ie_small_chinese from a random start, rows of 32, AdamW, clip 1.0, no dropout,
fp32. Seconds are those of the processors, one thread a side, which say most where a machine is shared. Prompts are
answered by batches of 32, padded to their longest row there, to planned lengths here. The last column is the largest
difference of two losses. --evaluate scores the spans of DATA and DEV that both networks find after their steps.
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
    parser.add_argument("--evaluate", metavar="DEV", help="score exact spans of DATA and of this file")
    parser.add_argument("--negative-ratio", type=float, help="rows without an answer for each with one; default: all")
    options = parser.parse_args()
    pythons, runs = {"tasklab": sys.executable, "torch": options.torch_python}, {side: [] for side in SIDES}
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "job.json"
        path.write_text(json.dumps({key: value for key, value in vars(options).items() if key != "torch_python"}))
        ours = [sys.executable, str(HERE / "extraction_tasklab.py")]
        run_side([*ours, "make", str(path)], 1)
        for _ in range(options.rounds):
            for side in SIDES:
                command = [pythons[side], str(HERE / f"extraction_{side}.py"), "run", str(path)]
                runs[side].append(run_side(command, 1))
        scores = run_side([*ours, "score", str(path)], 1) if options.evaluate else {}
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
    for name, sides in scores.items():
        for side, found in sides.items():
            cells = [f"{found[key]:.3f}" for key in ("precision", "recall", "f1")]
            print("|", " | ".join([{"rows": "DATA", "dev": "DEV"}[name], side, *cells]), "|")


if __name__ == "__main__":
    main()
