"""Fine-tuning MiniLM on pairs: tasklab against sentence-transformers, in turn, on equal batches, without dropout.

python benchmarks/matching_training.py WEIGHTS_DIR STS-B/train.tsv cosent [--torch-python PYTHON] [--steps 50]
python benchmarks/matching_training.py WEIGHTS_DIR MRPC/train.tsv in_batch
WEIGHTS_DIR holds all-MiniLM-L6-v2 as HuggingFace stores it, or what matching_start.py made of the --recipe. 32 rows of
at most 128 tokens, AdamW at 2e-5 or --lr, clip 1.0, fp32.
Both have the tokens of all batches before the clock runs. sentence-transformers' side is its model and its loss in a
plain loop, without its Trainer.
"""

import argparse
import sys

from sides import HERE, in_turn, tell

SCRIPTS = {"tasklab": "matching_tasklab.py", "sentence-transformers": "matching_torch.py"}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("weights")
    parser.add_argument("data")
    parser.add_argument("loss", choices=("cosine_mse", "cosent", "angle", "contrastive", "in_batch"))
    parser.add_argument("--recipe", default="matching_dssm_minilm_l6", help="of the sizes in WEIGHTS_DIR")
    parser.add_argument("--lr", type=float, default=2e-5)
    parser.add_argument("--torch-python", default=sys.executable)
    parser.add_argument("--steps", type=int, default=50, help="the first is not timed")
    parser.add_argument("--rounds", type=int, default=2, help="how often each side runs")
    parser.add_argument("--threads", default="2", help="processor time says most with 1")
    options = parser.parse_args()
    pythons = zip(SCRIPTS.items(), (sys.executable, options.torch_python), strict=True)
    commands = {side: [python, str(HERE / script)] for (side, script), python in pythons}
    job = {key: getattr(options, key) for key in ("weights", "data", "loss", "recipe", "lr", "steps")}
    tell(in_turn(commands, job, options.rounds, options.threads), rows=32)


if __name__ == "__main__":
    main()
