"""Fine-tuning a masked-word model by a pattern: tasklab against transformers, in turn, on equal batches, no dropout.

python benchmarks/prompt_training.py WEIGHTS_DIR comment_classify/prompt [--torch-python PYTHON] [--steps 50]
                                     [--soft 4 [--prompt-encoder mlp]]
WEIGHTS_DIR holds a BertForMaskedLM with vocab.txt; the other folder train.txt, prompt.txt and verbalizer.txt, a word
per label. With --soft the pattern is {soft}{MASK}{soft}{textA}, with so many learned vectors at each place, which begin
alike on both sides. 8 rows of at most 64 tokens, AdamW at 5e-5, clip 1.0, fp32. Each side tokenises for itself, before
the clock runs; transformers' is its model with the loss of the labels' words in a plain loop.
"""

import argparse
import sys

from sides import HERE, in_turn, tell

SCRIPTS = {"tasklab": "prompt_tasklab.py", "transformers": "prompt_torch.py"}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("weights")
    parser.add_argument("data")
    parser.add_argument("--torch-python", default=sys.executable)
    parser.add_argument("--steps", type=int, default=50, help="the first is not timed")
    parser.add_argument("--soft", type=int, default=0, help="learned vectors at each place of the pattern")
    parser.add_argument("--prompt-encoder", choices=("embedding", "lstm", "mlp"), default="embedding")
    parser.add_argument("--rounds", type=int, default=2, help="how often each side runs")
    parser.add_argument("--threads", default="1")
    options = parser.parse_args()
    pythons = zip(SCRIPTS.items(), (sys.executable, options.torch_python), strict=True)
    commands = {side: [python, str(HERE / script)] for (side, script), python in pythons}
    job = {"weights": options.weights, "data": options.data, "steps": options.steps, "soft": options.soft,
           "prompt_encoder": options.prompt_encoder}  # fmt: skip
    tell(in_turn(commands, job, options.rounds, options.threads), rows=8)


if __name__ == "__main__":
    main()
