"""peft's side of lora_training.py, with HuggingFace's Trainer; one JSON line."""

import json
import os
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
from causal_torch import Steps
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM, Trainer, TrainingArguments
from work_batches import peak_mb


class Times(Steps):
    """Also the processors' seconds."""

    def __init__(self):
        super().__init__()
        self.spent = []

    def on_step_end(self, *_, **__):
        super().on_step_end()
        self.spent.append(time.process_time())


def main(folder: Path):
    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "2")))
    said, tokens, steps = json.loads((folder / "lora.json").read_text()), np.load(folder / "tokens.npy"), Times()
    every = tokens.astype(np.int64).reshape((-1, tokens.shape[-1]))
    rows = [{"input_ids": row, "labels": np.append(-100, row[1:])} for row in every]
    network = AutoModelForCausalLM.from_pretrained(folder / "weights")
    targets = [said["theirs"][name] for name in said["targets"]]
    network = get_peft_model(network, LoraConfig(r=said["rank"], lora_alpha=16, target_modules=targets))
    names = {theirs: ours for ours, theirs in said["theirs"].items()}
    for name, parameter in network.named_parameters():
        if ".lora_A." in name:
            layer, module = int(name.split(".layers.")[1].split(".")[0]), name.split(".lora_A.")[0].rpartition(".")[2]
            drawn = np.random.default_rng((layer, *names[module].encode())).uniform(-1, 1, tuple(parameter.shape))
            parameter.data = torch.from_numpy((drawn * parameter.shape[1] ** -0.5).astype(np.float32))
    with tempfile.TemporaryDirectory() as out:
        arguments = TrainingArguments(
            out, max_steps=len(tokens), per_device_train_batch_size=tokens.shape[1], learning_rate=1e-3,
            lr_scheduler_type="constant", weight_decay=0.0, max_grad_norm=1.0, logging_steps=1, save_strategy="no",
            report_to=[], disable_tqdm=True, use_cpu=True, dataloader_pin_memory=False,
        )  # fmt: skip
        trainer = Trainer(network, arguments, train_dataset=rows, callbacks=[steps])
        trainer._get_train_sampler = lambda *_: torch.utils.data.SequentialSampler(rows)
        trainer.train()
    print(json.dumps({
        "clock": float(np.median(np.diff(steps.times)[1:])), "processors": float(np.median(np.diff(steps.spent))),
        "losses": steps.losses, "peak_mb": peak_mb(),
    }))  # fmt: skip


if __name__ == "__main__":
    main(Path(sys.argv[1]))
