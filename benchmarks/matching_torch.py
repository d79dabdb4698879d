"""sentence-transformers' side of matching_training.py; one JSON line."""

import json
import os
import sys
import time
from pathlib import Path

import torch
from sentence_transformers import SentenceTransformer, losses, models
from work_batches import of_steps

LOSSES = {
    "cosine_mse": losses.CosineSimilarityLoss, "cosent": losses.CoSENTLoss, "angle": losses.AnglELoss,
    "contrastive": losses.ContrastiveLoss, "in_batch": losses.MultipleNegativesRankingLoss,
}  # fmt: skip


def main(path: Path):
    torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
    job = json.loads(path.read_text())
    encoder = models.Transformer(job["weights"], max_seq_length=128)
    pooling = models.Pooling(encoder.get_word_embedding_dimension(), "mean")
    model = SentenceTransformer(modules=[encoder, pooling], device="cpu")
    for module in model.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.0
    for module in encoder.auto_model.modules():
        if hasattr(module, "dropout_prob"):
            module.dropout_prob = 0.0
    loss = LOSSES[job["loss"]](model)
    optimizer = torch.optim.AdamW(model.parameters(), lr=job["lr"], weight_decay=0.0, eps=1e-8)
    batches = []
    for rows in json.loads((path.parent / "rows.json").read_text()):
        first, second, labels = zip(*rows, strict=True)
        batches.append(([model.tokenize(list(first)), model.tokenize(list(second))], torch.tensor(labels)))
    model.train()
    times, values = [(time.perf_counter(), time.process_time())], []
    for features, labels in batches:
        value = loss([dict(f) for f in features], labels)
        value.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
        values.append(value.item())
        times.append((time.perf_counter(), time.process_time()))
    print(json.dumps(of_steps(times, values)))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
