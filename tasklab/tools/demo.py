"""The first five minutes: train on the sample set, evaluate, answer, and say what to type next."""

import logging
import time
from pathlib import Path

from tasklab.trainer import Trainer

SAMPLES = Path(__file__).resolve().parents[1] / "samples" / "question_answering"
QUESTION = "My name is Wolfgang and I live in Berlin - Where do I live?"

logger = logging.getLogger("tasklab")


def run(output_dir: str) -> int:
    """Runs the main job with recipe qa_demo; returns the exit status."""
    start = time.perf_counter()
    trainer = Trainer(
        model="qa_demo", train_dataset=SAMPLES / "train.json", eval_dataset=SAMPLES / "dev.json",
        output_dir=_unused(Path(output_dir)),
    )  # fmt: skip
    summary = trainer.train()
    answer = trainer.predict(input_data=[QUESTION])[0]
    folder = summary["output_dir"]
    print(f"""
{QUESTION}
  -> {answer['text']}   (characters {answer['start']} to {answer['end']}, score {answer['score']})

done in {time.perf_counter() - start:.0f} s; model: {summary['best_checkpoint']}; loss curve: {folder}/curves.png
next:
  tasklab predict {folder} "your text - your question?"
  tasklab doctor data your/train.json --eval your/dev.json
  tasklab train qa_minilm_l6 data.train=your/train.json data.eval=your/dev.json""")
    return 0


def _unused(folder: Path) -> Path:
    """The folder itself, or numbered when an earlier demo is in it."""
    number, candidate = 1, folder
    while candidate.exists():
        number += 1
        candidate = folder.with_name(f"{folder.name}-{number}")
    return candidate
