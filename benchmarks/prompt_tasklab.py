"""tasklab's side of prompt_training.py: writes the texts of each batch down, then trains on them; one JSON line."""

import json
import sys
from pathlib import Path

import numpy as np
from rows_tasklab import trained

from tasklab import Trainer
from tasklab.model import prepare_start
from tasklab.session.refusals import prepare_device

ROWS = 8


def main(path: Path):
    job = json.loads(path.read_text())
    data = Path(job["data"])
    overrides = [
        "model.hidden_dropout_prob=0", "model.attention_probs_dropout_prob=0", "data.columns=[label,text_a]",
        *_pattern(job, data), f"data.verbalizer={data / 'verbalizer.txt'}", "loss.balanced=false",
        "data.max_seq_length=64", f"data.train={data / 'train.txt'}",
    ]  # fmt: skip
    config = Trainer(task="prompt_classification", model=job["weights"], overrides=overrides).config
    prepare_device(config, training=True)
    prepared = prepare_start(config, job["weights"])
    _write_vectors(prepared.load().network, path.parent / "prompt.npz")  # a load gives the same ones every time
    task = prepared.task
    examples, _ = task.read(config.data.train, True)
    order = np.concatenate([np.random.default_rng(0).permutation(len(examples)) for _ in range(job["steps"])])
    order = order[: job["steps"] * ROWS].reshape(-1, ROWS)
    texts = [[(examples[i].text_a, examples[i].label) for i in rows] for rows in order.tolist()]
    (path.parent / "rows.json").write_text(json.dumps(texts))
    print(json.dumps(trained(prepared, examples, order, 5e-5)))


def _pattern(job: dict, data: Path) -> list[str]:
    if not job["soft"]:
        return [f"data.pattern={data / 'prompt.txt'}"]
    return [
        'data.patterns=["{soft}{MASK}{soft}{textA}"]', f"data.soft_tokens={job['soft']}",
        f"model.prompt_encoder={job['prompt_encoder']}",
    ]  # fmt: skip


def _write_vectors(network, path: Path):
    """The learned vectors and what stands before them as they begin, by the last words of their names."""
    start = "head.prompt."
    np.savez(path, **{
        name.removeprefix(start): p.asnumpy() for name, p in network.parameters_and_names() if name.startswith(start)
    })  # fmt: skip


if __name__ == "__main__":
    main(Path(sys.argv[1]))
