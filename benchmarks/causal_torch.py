"""PyTorch's side of causal_training.py: makes the weights, then trains with HuggingFace's Trainer; one JSON line."""

import json
import os
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
from transformers import AutoConfig, AutoModelForCausalLM, Trainer, TrainerCallback, TrainingArguments
from work_batches import of_steps


class Steps(TrainerCallback):
    """When each step ended, by the clock and in processor time, and the losses."""

    def __init__(self):
        self.times, self.processor, self.losses = [], [], []

    def on_train_begin(self, *_, **__):
        self.times.append(time.perf_counter())
        self.processor.append(time.process_time())

    on_step_end = on_train_begin

    def on_log(self, *_, logs, **__):
        if "loss" in logs:
            self.losses.append(float(logs["loss"]))


def make(folder: Path) -> dict:
    torch.manual_seed(0)
    AutoModelForCausalLM.from_config(AutoConfig.from_pretrained(folder)).save_pretrained(folder / "weights")
    return {}


def train(folder: Path, precision: str) -> dict:
    torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
    tokens, steps = np.load(folder / "tokens.npy").astype(np.int64), Steps()
    # Trainer divides by all labels, the first one of a row too, which nothing predicts
    rows = [{"input_ids": row, "labels": np.append(-100, row[1:])} for batch in tokens for row in batch]
    with tempfile.TemporaryDirectory() as out:
        arguments = TrainingArguments(
            out, max_steps=len(tokens), per_device_train_batch_size=tokens.shape[1], learning_rate=5e-5,
            lr_scheduler_type="constant", weight_decay=0.0, max_grad_norm=1.0, logging_steps=1, save_strategy="no",
            report_to=[], disable_tqdm=True, bf16=precision == "bf16", use_cpu=True, dataloader_pin_memory=False,
        )  # fmt: skip
        network = AutoModelForCausalLM.from_pretrained(folder / "weights")
        trainer = Trainer(network, arguments, train_dataset=rows, callbacks=[steps])
        trainer._get_train_sampler = lambda *_: torch.utils.data.SequentialSampler(rows)
        trainer.train()
    return of_steps(list(zip(steps.times, steps.processor, strict=True)), steps.losses)


if __name__ == "__main__":
    where, what = Path(sys.argv[1]), sys.argv[2]
    print(json.dumps(make(where) if what == "make" else train(where, what)))
