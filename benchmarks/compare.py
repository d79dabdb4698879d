"""Fine-tuning and prediction: tasklab against HuggingFace + PyTorch, in turn, on equal batches from equal weights.

python benchmarks/compare.py --data train-v1.1.json [--models minilm_l6 bert_base_uncased] [--only predict] [--rounds 2]
Needs the extra `bench`; --torch-python names another interpreter for PyTorch's side.
"""

import argparse
import json
import statistics
import sys
import tempfile
from pathlib import Path

from peak import peak
from sides import HERE, run_side
from work import prepare

WORKS = [  # name, model, mode, batch size, batches, fixed length or None for real rows
    ("fine-tune, 128 tokens", "train", 16, 3, 128),
    ("predict, 128 tokens", "predict", 16, 3, 128),
    ("fine-tune, 384 tokens", "train", 12, 1, 384),
    ("fine-tune, real rows up to 384 tokens", "train", 12, 12, None),
    ("predict, real rows up to 384 tokens", "predict", 32, 6, None),
]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", required=True, help="a SQuAD training file")
    parser.add_argument("--models", nargs="+", default=["minilm_l6", "bert_base_uncased"])
    parser.add_argument("--only", default="", help="work whose name holds this text")
    parser.add_argument("--precision", nargs="+", default=["fp32"], choices=["fp32", "bf16"])
    parser.add_argument("--rounds", type=int, default=2, help="how often each side runs")
    parser.add_argument("--repeat", type=int, default=2, help="passes over the batches within one run")
    parser.add_argument("--torch-python", default=sys.executable)
    parser.add_argument("--out", default="compare", help="writes <out>.json and <out>.md")
    options = parser.parse_args()
    results = []
    with tempfile.TemporaryDirectory() as folder:
        for model in options.models:
            for name, mode, batch_size, batches, length in [work for work in WORKS if options.only in work[0]]:
                prepare(Path(folder) / "work", model, options.data, batches, batch_size, length)
                for precision in options.precision:
                    results.append(_compare(Path(folder) / "work", f"{model}, {name}", mode, precision, options))
                    print(_row(results[-1]), flush=True)
                    Path(options.out + ".json").write_text(json.dumps(results, indent=1) + "\n")
    Path(options.out + ".md").write_text(HEADER + "\n".join(_row(result) for result in results) + "\n")


def _compare(folder: Path, name: str, mode: str, precision: str, options) -> dict:
    sides = {"tasklab": (sys.executable, "side_tasklab.py"), "torch": (options.torch_python, "side_torch.py")}
    runs = {side: [] for side in sides}
    for _ in range(options.rounds):
        for side, (python, script) in sides.items():
            command = [python, str(HERE / script), str(folder), mode, str(options.repeat), precision]
            runs[side].append(run_side(command, 2))
    return {"work": name, "precision": precision, "peak_operations_per_second": peak(precision), **runs}


HEADER = (
    "| work | precision | tasklab samples/s | PyTorch | ratio | MB | PyTorch | first step s | PyTorch | of peak |\n"
    "|---|---|---|---|---|---|---|---|---|---|\n"
)


def _row(result: dict) -> str:
    def median(side, key):
        return statistics.median(run[key] for run in result[side])

    ours, theirs = median("tasklab", "samples_per_second"), median("torch", "samples_per_second")
    cells = [
        result["work"], result["precision"], f"{ours:.1f}", f"{theirs:.1f}", f"{ours / theirs:.2f}",
        f"{median('tasklab', 'peak_mb'):.0f}", f"{median('torch', 'peak_mb'):.0f}",
        f"{median('tasklab', 'seconds_to_first_step'):.1f}", f"{median('torch', 'seconds_to_first_step'):.1f}",
        f"{median('tasklab', 'operations_per_second') / result['peak_operations_per_second']:.0%}",
    ]  # fmt: skip
    return "| " + " | ".join(cells) + " |"


if __name__ == "__main__":
    main()
