"""transformers' side of prompt_training.py: its tokenizer over the filled pattern, its model, the labels' words."""

import json
import os
import sys
import time
from pathlib import Path

import torch
from transformers import BertForMaskedLM, BertTokenizerFast
from work_batches import of_steps

LENGTH = 64


def rows_of(tokenizer, pattern: str, texts: list[str], masks: int):
    """Token ids of the pattern around each text, whose end is cut where the row is too long."""
    before, after = pattern.replace("{MASK}", tokenizer.mask_token * masks).split("{textA}")
    before, after = (tokenizer(part, add_special_tokens=False)["input_ids"] for part in (before, after))
    room = LENGTH - len(before) - len(after) - 2
    cells = tokenizer(texts, add_special_tokens=False)["input_ids"]
    rows = [[tokenizer.cls_token_id, *before, *own[:room], *after, tokenizer.sep_token_id] for own in cells]
    return tokenizer.pad({"input_ids": rows}, return_tensors="pt")


def main(path: Path):
    torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
    job = json.loads(path.read_text())
    data = Path(job["data"])
    tokenizer = BertTokenizerFast(str(Path(job["weights"]) / "vocab.txt"))
    model = BertForMaskedLM.from_pretrained(job["weights"])
    for module in model.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.0
    for layer in model.bert.encoder.layer:
        layer.attention.self.dropout_prob = 0.0
    words = [line.split("\t") for line in (data / "verbalizer.txt").read_text(encoding="utf-8").split("\n") if line]
    labels = [label for label, _ in words]
    spelled = [tokenizer(word, add_special_tokens=False)["input_ids"] for _, word in words]  # a word a label here
    masks = max(map(len, spelled))
    pattern = (data / "prompt.txt").read_text(encoding="utf-8").split("\n")[0]
    batches = []
    for rows in json.loads((path.parent / "rows.json").read_text()):
        texts, names = zip(*rows, strict=True)
        wanted = torch.tensor([labels.index(name) for name in names])
        batches.append((rows_of(tokenizer, pattern, list(texts), masks), wanted))
    optimizer = torch.optim.AdamW(model.parameters(), lr=5e-5, weight_decay=0.0, eps=1e-8)
    model.train()
    times, losses = [(time.perf_counter(), time.process_time())], []
    for columns, wanted in batches:
        hidden = model.bert(**columns).last_hidden_state
        there = hidden[columns["input_ids"] == tokenizer.mask_token_id]  # of the pattern's masks alone
        logs = model.cls(there).log_softmax(-1).reshape(len(wanted), masks, -1)
        scores = torch.stack([logs[:, range(len(ids)), ids].sum(-1) for ids in spelled], dim=1)
        loss = torch.nn.functional.cross_entropy(scores, wanted)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
        losses.append(loss.item())
        times.append((time.perf_counter(), time.process_time()))
    print(json.dumps(of_steps(times, losses)))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
