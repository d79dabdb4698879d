"""transformers' side of prompt_training.py: its tokenizer over the filled pattern, its model, the labels' words."""

import json
import os
import sys
import time
from pathlib import Path

import numpy as np
import torch
from transformers import BertForMaskedLM, BertTokenizerFast
from work_batches import of_steps

LENGTH = 64


def rows_of(tokenizer, pattern: str, texts: list[str], masks: int, length: int):
    """Token ids of the pattern around each text, whose end is cut where the row is too long."""
    before, after = pattern.replace("{MASK}", tokenizer.mask_token * masks).split("{textA}")
    before, after = (tokenizer(part, add_special_tokens=False)["input_ids"] for part in (before, after))
    room = length - len(before) - len(after) - 2
    cells = tokenizer(texts, add_special_tokens=False)["input_ids"]
    rows = [[tokenizer.cls_token_id, *before, *own[:room], *after, tokenizer.sep_token_id] for own in cells]
    return tokenizer.pad({"input_ids": rows}, return_tensors="pt")


def with_vectors(columns, soft: int, masks: int):
    """Rows of `{MASK}{textA}` with unknown words where learned vectors come: `soft` on either side of the masks."""
    ids, count = columns["input_ids"], len(columns["input_ids"])
    ids = torch.cat([ids[:, :1], ids.new_zeros(count, soft), ids[:, 1 : 1 + masks], ids.new_zeros(count, soft),
                     ids[:, 1 + masks :]], dim=1)  # fmt: skip
    there = torch.cat([torch.ones(count, 2 * soft, dtype=torch.long), columns["attention_mask"]], dim=1)
    return {"input_ids": ids, "attention_mask": there}


def embedded(model, columns, vectors, masks: int):
    """The same columns with vectors of words, and the learned ones at their places."""
    words = model.bert.embeddings.word_embeddings(columns["input_ids"])  # [B, S, E]
    first, second = (half.expand(len(words), -1, -1) for half in vectors.chunk(2))
    n = first.shape[1]
    parts = [words[:, :1], first, words[:, 1 + n : 1 + n + masks], second, words[:, 1 + 2 * n + masks :]]
    return {"inputs_embeds": torch.cat(parts, dim=1), "attention_mask": columns["attention_mask"]}


class Vectors(torch.nn.Module):
    """2 n vectors as `prompt.npz` has them, behind two LSTM layers and two Dense where these are there too."""

    def __init__(self, path: Path):
        super().__init__()
        kept = {theirs(name): torch.tensor(array) for name, array in np.load(path).items()}
        size = kept["weight"].shape[1]
        self.weight = torch.nn.Parameter(kept["weight"])
        recurrent, deep = (any(name.startswith(part) for name in kept) for part in ("recurrent", "dense"))
        self.recurrent = torch.nn.LSTM(size, size // 2, num_layers=2, bidirectional=True) if recurrent else None
        dense = [torch.nn.Linear(size, size), torch.nn.ReLU(), torch.nn.Linear(size, size)] if deep else []
        self.dense = torch.nn.Sequential(*dense)
        self.load_state_dict(kept)

    def forward(self):
        return self.dense(self.weight if self.recurrent is None else self.recurrent(self.weight)[0])


def theirs(name: str) -> str:
    """What PyTorch calls a weight that stands before the vectors."""
    part, *rest = name.split(".")
    if part == "recurrent":
        layer, way, matrix, kind = rest
        return f"recurrent.{kind}_{'ih' if matrix == 'input' else 'hh'}_l{layer}{'_reverse' * (way == 'back')}"
    return name.replace("inner", "dense.0").replace("outer", "dense.2")


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
    soft, pattern = job["soft"], (data / "prompt.txt").read_text(encoding="utf-8").split("\n")[0]
    vectors = Vectors(path.parent / "prompt.npz") if soft else None
    pattern = "{MASK}{textA}" if soft else pattern
    batches = []
    for rows in json.loads((path.parent / "rows.json").read_text()):
        texts, names = zip(*rows, strict=True)
        wanted = torch.tensor([labels.index(name) for name in names])
        columns = rows_of(tokenizer, pattern, list(texts), masks, LENGTH - 2 * soft)
        batches.append((with_vectors(columns, soft, masks) if soft else columns, wanted))
    parameters = [*model.parameters(), *(vectors.parameters() if soft else [])]
    optimizer = torch.optim.AdamW(parameters, lr=5e-5, weight_decay=0.0, eps=1e-8)
    model.train()
    times, losses = [(time.perf_counter(), time.process_time())], []
    for columns, wanted in batches:
        given = columns if vectors is None else embedded(model, columns, vectors(), masks)
        hidden = model.bert(**given).last_hidden_state
        there = hidden[columns["input_ids"] == tokenizer.mask_token_id]  # of the pattern's masks alone
        logs = model.cls(there).log_softmax(-1).reshape(len(wanted), masks, -1)
        scores = torch.stack([logs[:, range(len(ids)), ids].sum(-1) for ids in spelled], dim=1)
        loss = torch.nn.functional.cross_entropy(scores, wanted)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        optimizer.zero_grad()
        losses.append(loss.item())
        times.append((time.perf_counter(), time.process_time()))
    print(json.dumps(of_steps(times, losses)))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
