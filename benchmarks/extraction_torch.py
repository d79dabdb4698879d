"""PyTorch's side of extraction_training.py: transformers' BERT with two pointers and AdamW; one JSON line."""

import json
import sys
import time
from pathlib import Path

import numpy as np
import torch
from transformers import BertConfig, BertForQuestionAnswering

BATCH = 32
torch.set_num_threads(1)


def main(path: Path):
    job, folder = json.loads(path.read_text()), path.parent
    network = BertForQuestionAnswering.from_pretrained(folder, config=BertConfig.from_json_file(folder / "config.json"))
    groups = [
        {"params": [p for p in network.parameters() if p.ndim > 1], "weight_decay": 0.01},
        {"params": [p for p in network.parameters() if p.ndim == 1], "weight_decay": 0.0},
    ]
    optimizer = torch.optim.AdamW(groups, lr=1e-3)
    batches, spent, losses = dict(np.load(folder / "batches.npz")), [], []
    for number in range(job["steps"]):
        batch = {name: torch.from_numpy(column[number].astype(np.int64)) for name, column in batches.items()}
        found, real = _logits(network, batch), batch["attention_mask"].float()
        wanted = torch.stack([batch["start_labels"], batch["end_labels"]]).clamp(min=0).float()
        each = torch.nn.functional.binary_cross_entropy_with_logits(torch.stack(found), wanted, reduction="none")
        loss = (each.mean(dim=0) * real).sum() / real.sum()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
        losses.append(loss.item())
        spent.append(time.process_time())
    network.eval()
    answered, rows = [], dict(np.load(folder / "rows.npz"))
    for _ in range(3):
        start, logits = time.process_time(), _answers(network, rows)
        answered.append(logits.shape[1] / (time.process_time() - start))
    np.save(folder / "torch_rows.npy", logits)
    if job["evaluate"]:
        np.save(folder / "torch_dev.npy", _answers(network, dict(np.load(folder / "dev.npz"))))
    print(json.dumps({"step": float(np.median(np.diff(spent))), "prompts": max(answered), "losses": losses}))


def _answers(network, rows: dict) -> np.ndarray:
    """Logits of starts and ends [2, rows, S], batches as long as their longest row."""
    logits = np.zeros((2, *rows["input_ids"].shape), np.float32)
    for at in range(0, logits.shape[1], BATCH):
        part = {name: torch.from_numpy(column[at : at + BATCH].astype(np.int64)) for name, column in rows.items()}
        longest = int(part["attention_mask"].sum(dim=1).max())
        with torch.inference_mode():
            found = _logits(network, {name: column[:, :longest] for name, column in part.items() if column.ndim > 1})
        logits[:, at : at + BATCH, :longest] = torch.stack(found).numpy()
    return logits


def _logits(network, batch):
    found = network(**{name: batch[name] for name in ("input_ids", "attention_mask", "token_type_ids")})
    return found.start_logits, found.end_logits


if __name__ == "__main__":
    main(Path(sys.argv[2]))
