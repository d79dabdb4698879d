"""tasklab's side of matching_training.py: writes the rows of each batch down, then trains on them; one JSON line."""

import json
import sys
from pathlib import Path

import numpy as np
from rows_tasklab import trained

from tasklab import Trainer
from tasklab.model import prepare_start
from tasklab.session.refusals import prepare_device

ROWS = 32


def main(path: Path):
    job = json.loads(path.read_text())
    graded = ["data.score_range=[0,5]"] if "STS-B" in job["data"] else []
    overrides = [
        f"loss.matching={job['loss']}", "model.hidden_dropout_prob=0", "model.attention_probs_dropout_prob=0",
        "from_scratch=false", *graded,
    ]  # fmt: skip
    config = Trainer(model=job["recipe"], overrides=overrides).config
    prepare_device(config, training=True)
    prepared = prepare_start(config, job["weights"])
    task = prepared.task
    examples, _ = task.read(job["data"], True)
    if job["loss"] == "in_batch":
        examples = [e for e in examples if e.label == 1]
    order = np.random.default_rng(0).permutation(len(examples))
    order = np.resize(order, job["steps"] * ROWS).reshape(-1, ROWS)
    texts = [[(*examples[i].texts, examples[i].label) for i in rows] for rows in order.tolist()]
    (path.parent / "rows.json").write_text(json.dumps(texts))
    print(json.dumps(trained(prepared, examples, order, job["lr"])))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
