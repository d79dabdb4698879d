"""PyTorch's side of seq2seq_training.py: makes the weights, then trains with HuggingFace's Trainer; one JSON line."""

import json
import os
import sys
import tempfile
from pathlib import Path

import numpy as np
import torch
from causal_torch import Steps
from transformers import AutoConfig, AutoModelForSeq2SeqLM, Trainer, TrainingArguments
from work_batches import of_steps


def make(folder: Path) -> dict:
    torch.manual_seed(0)
    AutoModelForSeq2SeqLM.from_config(AutoConfig.from_pretrained(folder)).save_pretrained(folder / "weights")
    return {}


def train(folder: Path) -> dict:
    torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
    columns, steps = dict(np.load(folder / "rows.npz")), Steps()
    lr, kept = float(columns.pop("lr", 5e-5)), "kept" in columns and columns.pop("kept")
    batch = columns["input_ids"].shape[1]
    theirs = {"target_ids": "labels", "input_ids": "input_ids", "decoder_input_ids": "decoder_input_ids"}
    theirs |= {"attention_mask": "attention_mask"} if "attention_mask" in columns else {}
    columns["target_ids"] = np.where(columns["target_ids"] < 0, -100, columns["target_ids"])
    flat = {name: columns[key].reshape(-1, columns[key].shape[-1]).astype(np.int64) for key, name in theirs.items()}
    rows = [dict(zip(flat, values, strict=True)) for values in zip(*flat.values(), strict=True)]
    with tempfile.TemporaryDirectory() as out:
        arguments = TrainingArguments(
            out, max_steps=len(rows) // batch, per_device_train_batch_size=batch, learning_rate=lr,
            lr_scheduler_type="constant", weight_decay=0.0, max_grad_norm=1.0, logging_steps=1, save_strategy="no",
            report_to=[], disable_tqdm=True, use_cpu=True, dataloader_pin_memory=False,
        )  # fmt: skip
        network = AutoModelForSeq2SeqLM.from_pretrained(folder / "weights", dropout_rate=0.0)
        trainer = Trainer(network, arguments, train_dataset=rows, callbacks=[steps])
        trainer._get_train_sampler = lambda *_: torch.utils.data.SequentialSampler(rows)
        trainer.train()
    if kept:
        network.save_pretrained(folder / "trained")
    return of_steps(list(zip(steps.times, steps.processor, strict=True)), steps.losses)


if __name__ == "__main__":
    where = Path(sys.argv[1])
    print(json.dumps(make(where) if sys.argv[2] == "make" else train(where)))
