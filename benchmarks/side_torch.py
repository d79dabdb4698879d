"""PyTorch's side of compare.py: the same batches padded to their own longest row, prints one JSON line."""

import contextlib
import json
import sys
import time
from pathlib import Path

import numpy as np
import torch
from transformers import BertForQuestionAnswering
from work_batches import peak_mb, read_batches

torch.set_num_threads(2)


def main(folder: Path, mode: str, repeat: int, precision: str):
    network = BertForQuestionAnswering.from_pretrained(folder / "weights")
    batches = [_padded(batch) for batch in read_batches(folder)]
    rows = len(batches[0]["start_positions"])
    cast = torch.autocast("cpu", torch.bfloat16) if precision == "bf16" else contextlib.nullcontext()
    if mode == "train":
        network.train()
        parameters = list(network.named_parameters())
        groups = [
            {"params": [p for n, p in parameters if p.ndim > 1], "weight_decay": 0.01},
            {"params": [p for n, p in parameters if p.ndim == 1], "weight_decay": 0.0},
        ]
        optimizer = torch.optim.AdamW(groups, lr=5e-5)

        def work(batch):
            with cast:
                loss = network(**batch).loss
            loss.backward()
            torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimizer.step()
            optimizer.zero_grad()
            return loss.item()
    else:
        network.eval()

        def work(batch):
            inputs = {k: v for k, v in batch.items() if not k.endswith("positions")}
            with torch.inference_mode(), cast:
                return network(**inputs).start_logits.float().mean().item()

    start = time.perf_counter()
    work(batches[0])
    first = time.perf_counter() - start
    for batch in batches:
        work(batch)
    start = time.perf_counter()
    values = [work(batch) for _ in range(repeat) for batch in batches]
    seconds = time.perf_counter() - start
    print(json.dumps({
        "samples_per_second": repeat * len(batches) * rows / seconds, "seconds_to_first_step": first,
        "check": values[-1], "peak_mb": peak_mb(),
    }))  # fmt: skip


def _padded(batch: dict) -> dict:
    longest = max(len(row) for row in batch["input_ids"])

    def pad(rows):
        return torch.from_numpy(np.stack([np.pad(row, (0, longest - len(row))) for row in rows]).astype(np.int64))

    mask = pad([np.ones(len(row)) for row in batch["input_ids"]])
    columns = {key: pad(batch[key]) for key in ("input_ids", "token_type_ids")} | {"attention_mask": mask}
    return columns | {k: torch.from_numpy(batch[k].astype(np.int64)) for k in ("start_positions", "end_positions")}


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), sys.argv[4])
