"""Vectors of STS-B's sentences, tasklab or sentence-transformers: correlation with the scores, vectors per second.

    python benchmarks/sentence_vectors.py tasklab FOLDER dev.tsv
    python benchmarks/sentence_vectors.py sentence_transformers FOLDER dev.tsv   # pip install sentence-transformers
    taskset -c 0 python benchmarks/sentence_vectors.py tasklab FOLDER train.tsv 10000   # so many sentences, one core

FOLDER holds all-MiniLM-L6-v2 as HuggingFace stores it. Some sentences warm up, then all are encoded. With other work on
the machine processor time is the fairer one; call the sides in turns.
"""

import csv
import os
import sys
import time

import numpy as np
from scipy.stats import pearsonr, spearmanr

WARM, BATCH = 512, 32


def with_tasklab(folder: str):
    from tasklab import Trainer

    trainer = Trainer(task="feature_extraction", model=folder)
    return lambda texts: trainer.predict(input_data=texts, batch_size=BATCH)


def with_sentence_transformers(folder: str):
    import torch
    from sentence_transformers import SentenceTransformer, models

    torch.set_num_threads(len(os.sched_getaffinity(0)))
    encoder = models.Transformer(folder, max_seq_length=256)
    pooling = models.Pooling(encoder.get_word_embedding_dimension(), "mean")
    model = SentenceTransformer(modules=[encoder, pooling, models.Normalize()], device="cpu")
    return lambda texts: model.encode(texts, batch_size=BATCH)


def main(side: str, folder: str, path: str, count: str = "0"):
    encode = {"tasklab": with_tasklab, "sentence_transformers": with_sentence_transformers}[side](folder)
    with open(path, encoding="utf-8") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    rows = rows[: int(count) // 2 or len(rows)]
    texts = [row["sentence1"] for row in rows] + [row["sentence2"] for row in rows]
    encode(texts[:WARM])
    clock, processor = time.perf_counter(), time.process_time()
    vectors = np.asarray(encode(texts), np.float64)
    clock, processor = time.perf_counter() - clock, time.process_time() - processor
    cosines = (vectors[: len(rows)] * vectors[len(rows) :]).sum(axis=1)
    scores = [float(row["score"]) for row in rows]
    spearman, pearson = spearmanr(cosines, scores).statistic, pearsonr(cosines, scores).statistic
    print(
        f"{side}: Spearman {100 * spearman:.2f}, Pearson {100 * pearson:.2f}, {len(texts) / clock:.0f} vectors/s on "
        f"{len(os.sched_getaffinity(0))} cores, {processor:.1f} s of processor ({len(texts)} texts)"
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
