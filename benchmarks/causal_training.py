"""Fine-tuning GPT-2 small and SmolLM2: tasklab's kernels against HuggingFace's Trainer, in turn, from equal weights.

python benchmarks/causal_training.py [--models gpt2 smollm2] [--torch-python PYTHON] [--steps 6] [--rounds 2]
8 rows of 256 tokens, AdamW, clip 1.0, no dropout. Weights are drawn (Trainer's side does not download either).
"processor s" is what one step takes of all threads together: on a busy machine the better measure, with --threads 1,
since threads that wait for one another take of it too. The last column is the largest difference of two losses.
"""

import argparse
import json
import statistics
import sys
import tempfile
from pathlib import Path

import numpy as np
from sides import HERE, run_side

MODELS = {
    "gpt2": {"model_type": "gpt2", "resid_pdrop": 0.0, "embd_pdrop": 0.0, "attn_pdrop": 0.0},
    "smollm2": {
        "model_type": "llama", "vocab_size": 49152, "hidden_size": 576, "intermediate_size": 1536,
        "num_hidden_layers": 30, "num_attention_heads": 9, "num_key_value_heads": 3, "rope_theta": 100000.0,
        "rms_norm_eps": 1e-5, "max_position_embeddings": 8192, "tie_word_embeddings": True,
    },
}  # fmt: skip


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--models", nargs="+", default=list(MODELS), choices=MODELS)
    parser.add_argument("--torch-python", default=sys.executable)
    parser.add_argument("--steps", type=int, default=6, help="the first is not timed")
    parser.add_argument("--rounds", type=int, default=2, help="how often each side runs")
    parser.add_argument("--threads", type=int, default=2, help="of each side")
    parser.add_argument("--precision", default="fp32", choices=["fp32", "bf16"])
    parser.add_argument("--shape", nargs=2, type=int, default=(8, 256), help="rows, tokens")
    options = parser.parse_args()
    sides = "tasklab tokens/s | Trainer | ratio | processor s | Trainer | ratio | MB | Trainer | first step s | Trainer"
    print(f"| model | {sides} | losses differ by |\n{'|---' * 12}|")
    for model in options.models:
        with tempfile.TemporaryDirectory() as folder:
            print(_compare(Path(folder), model, options), flush=True)


def _compare(folder: Path, model: str, options) -> str:
    (folder / "config.json").write_text(json.dumps(MODELS[model]))
    # few words that repeat, so that there is something to learn
    tokens = np.random.default_rng(0).zipf(1.3, (options.steps, *options.shape)) % 40_000
    np.save(folder / "tokens.npy", tokens.astype(np.int32))
    sides = {
        "tasklab": [sys.executable, str(HERE / "causal_tasklab.py")],
        "torch": [options.torch_python, str(HERE / "causal_torch.py")],
    }
    run_side([*sides["torch"], str(folder), "make"], options.threads)
    runs = {side: [] for side in sides}
    for _ in range(options.rounds):
        for side, command in sides.items():
            runs[side].append(run_side([*command, str(folder), options.precision], options.threads))

    def median(side, key):
        return statistics.median(run[key] for run in runs[side])

    ours, theirs = (options.shape[0] * options.shape[1] / median(side, "seconds_of_a_step") for side in sides)
    spent, theirs_spent = (median(side, "processor_seconds") for side in sides)
    apart = np.abs(np.subtract(runs["tasklab"][0]["losses"], runs["torch"][0]["losses"])).max()
    cells = [
        f"{model}, {options.precision}", f"{ours:.0f}", f"{theirs:.0f}", f"{ours / theirs:.2f}",
        f"{spent:.2f}", f"{theirs_spent:.2f}", f"{theirs_spent / spent:.2f}",
        f"{median('tasklab', 'peak_mb'):.0f}", f"{median('torch', 'peak_mb'):.0f}",
        f"{median('tasklab', 'first_step'):.1f}", f"{median('torch', 'first_step'):.1f}", f"{apart:.1e}",
    ]  # fmt: skip
    return "| " + " | ".join(cells) + " |"


if __name__ == "__main__":
    main()
