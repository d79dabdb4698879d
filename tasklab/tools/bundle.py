"""One folder that answers requests: weights, tokenizer, labels, settings, checksums, and a program of a few lines."""

import logging
from dataclasses import dataclass
from pathlib import Path

from tasklab import __version__
from tasklab.errors import CheckpointError
from tasklab.tools import TOOLS
from tasklab.tools.opened import open_model
from tasklab.weights.folder import CONFIG, METRICS, is_checkpoint

logger = logging.getLogger("tasklab")

PROGRAM = '''"""Answers with the model in this folder: python predict.py INPUT ...; reads a file with --file."""

import argparse
import json
from pathlib import Path

from tasklab import Trainer

parser = argparse.ArgumentParser(description="example input: " + {primer!r})
parser.add_argument("inputs", nargs="*")
parser.add_argument("--file", help="inputs from a file (.json, .jsonl, .txt)")
parser.add_argument("--top-k", type=int, default=1)
options = parser.parse_args()
if bool(options.inputs) == bool(options.file):
    parser.error("give inputs, or --file")
trainer = Trainer(model=str(Path(__file__).resolve().parent))
answers = trainer.predict(input_data=options.file or options.inputs, top_k=options.top_k)
print(json.dumps(answers, ensure_ascii=False, indent=1, default=lambda vectors: vectors.tolist()))
'''


@dataclass(frozen=True)
class Bundle:
    folder: Path
    files: dict[str, int]

    def __str__(self):
        total = sum(self.files.values()) / 1e6
        rows = [f"  {name:24} {size:>12,}" for name, size in sorted(self.files.items())]
        return "\n".join([f"{self.folder}: {total:.1f} MB; try: python {self.folder}/predict.py INPUT", *rows])


@TOOLS.register("bundle")
def bundle(source: str, to: str) -> Bundle:
    """Make a folder that serves one model: nothing of the training, everything that predict needs.

    It holds a checkpoint without optimizer and state, predict.py, and the requirements for pip; SHA256SUMS covers all.
    Every verb of tasklab takes the folder, and so does `predict.py`, wherever it is copied.

    Args:
        source: a checkpoint or run folder; of a run its best checkpoint is taken.
        to: the folder to write.
    """
    from tasklab.config import task_in
    from tasklab.task import TASKS

    folder = _checkpoint(source)
    task = TASKS.get(task_in(folder / CONFIG))
    model = open_model(folder)
    made = model.write(to, model.tensors, **{
        "predict.py": PROGRAM.format(primer=task.primer).encode(),
        "requirements.txt": f"tasklab>={__version__}\n".encode(),
        **({METRICS: (folder / METRICS).read_bytes()} if (folder / METRICS).is_file() else {}),
    })  # fmt: skip
    return Bundle(made, {path.name: path.stat().st_size for path in made.iterdir()})


def _checkpoint(source) -> Path:
    from tasklab.runs.naming import run_of

    run = run_of(source)
    folder = run.best_or_last(logger.warning) if run else Path(source)
    if folder is None or not is_checkpoint(folder):
        raise CheckpointError(
            f"{source}: no checkpoint or run of tasklab, so there is no task to serve; train one first"
        )
    return folder
