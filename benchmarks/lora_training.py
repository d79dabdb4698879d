"""LoRA on SmolLM2: tasklab against peft with HuggingFace's Trainer, in turn, from equal weights and equal adapters.

python benchmarks/lora_training.py [--torch-python PYTHON] [--targets query value] [--rank 8] [--steps 6]
8 rows of 256 tokens, AdamW, clip 1.0, no dropout, fp32. Base and adapters are drawn. Seconds of a step are those of the
clock and those of the processors, which say more where a machine is shared, and with --threads 1, as threads that wait
for each other count too. The last column is the largest difference of two losses.
"""

import argparse
import json
import statistics
import sys
import tempfile
from pathlib import Path

import numpy as np
from causal_training import MODELS
from sides import HERE, run_side

THEIRS = {
    "query": "q_proj", "key": "k_proj", "value": "v_proj", "output": "o_proj", "intermediate": "up_proj",
    "gate": "gate_proj", "down": "down_proj",
}  # fmt: skip
"""Our words for a layer's Denses -> transformers' of a Llama."""
SIDES = ("tasklab", "torch")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--torch-python", default=sys.executable)
    parser.add_argument("--targets", nargs="+", default=["query", "value"], choices=THEIRS)
    parser.add_argument("--rank", type=int, default=8)
    parser.add_argument("--steps", type=int, default=6, help="the first is not timed")
    parser.add_argument("--rounds", type=int, default=2, help="how often each side runs")
    parser.add_argument("--shape", nargs=2, type=int, default=(8, 256), help="rows, tokens")
    parser.add_argument("--threads", type=int, default=2, help="processor time says most with 1")
    options = parser.parse_args()
    print("| targets | tasklab s/step | peft | ratio | processor s | peft | ratio | MB | peft | losses differ by |")
    print("|---|---|---|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        print(_compare(Path(folder), options), flush=True)


def _compare(folder: Path, options) -> str:
    (folder / "config.json").write_text(json.dumps(MODELS["smollm2"]))
    rng = np.random.default_rng(0)
    # few words that repeat, so that there is something to learn
    np.save(folder / "tokens.npy", (rng.zipf(1.3, (options.steps, *options.shape)) % 40_000).astype(np.int32))
    (folder / "lora.json").write_text(json.dumps({"rank": options.rank, "targets": options.targets, "theirs": THEIRS}))
    pythons = {"tasklab": sys.executable, "torch": options.torch_python}
    run_side([pythons["torch"], str(HERE / "causal_torch.py"), str(folder), "make"], options.threads)
    runs = {side: [] for side in SIDES}
    for _ in range(options.rounds):
        for side in SIDES:
            runs[side].append(run_side([pythons[side], str(HERE / f"lora_{side}.py"), str(folder)], options.threads))

    def median(side, key):
        return statistics.median(run[key] for run in runs[side])

    cells = [f"{' '.join(options.targets)}, rank {options.rank}"]
    for key in ("clock", "processors"):
        ours, theirs = (median(side, key) for side in SIDES)
        cells += [f"{ours:.2f}", f"{theirs:.2f}", f"{theirs / ours:.2f}"]
    apart = np.abs(np.subtract(runs["tasklab"][0]["losses"], runs["torch"][0]["losses"])).max()
    cells += [*(f"{median(side, 'peak_mb'):.0f}" for side in SIDES), f"{apart:.1e}"]
    return "| " + " | ".join(cells) + " |"


if __name__ == "__main__":
    main()
