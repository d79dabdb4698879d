"""One query among many vectors: tasklab's index beside faiss, hnswlib and NumPy, in turns, on the same vectors.

    python benchmarks/vector_index.py make real.npy FOLDER 1000000     # FOLDER/vectors.npy, queries.npy and the indexes
    python benchmarks/vector_index.py make real.npy FOLDER 200000 --hnsw
    python benchmarks/vector_index.py run FOLDER [--python OTHER]      # OTHER has faiss-cpu and hnswlib

real.npy holds vectors of real texts [M, D] (`tasklab predict minilm_l6 --file texts.txt --output real.npy`). Each of
the many is one of them with noise, half as long as it: cosine about 0.89 to where it came from. Every side is a process
of its own, warm, and answers the same queries one by one when told: A B C A B C. Of each round the medians of time and
of processor time per query count; with other work on the machine the second is the fairer one. Recall@10 is against all
products in float64.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

NOISE, QUERIES, TOP, ROUNDS = 0.5, 20, 10, 3
SIDES = ("tasklab fp32", "faiss fp32", "tasklab int8", "faiss int8", "numpy", "tasklab hnsw", "hnswlib")


def noisy(real, count, rng):
    vectors = np.empty((count, real.shape[1]), np.float32)
    for first in range(0, count, 1 << 16):
        rows = real[np.arange(first, min(count, first + (1 << 16))) % len(real)]
        noise = rng.standard_normal(rows.shape, np.float32) * NOISE / real.shape[1] ** 0.5
        rows = rows + noise
        vectors[first : first + len(rows)] = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return vectors


def make(real, folder, count, hnsw):
    from tasklab import VectorIndex

    real, rng, folder = np.load(real), np.random.default_rng(0), Path(folder)
    folder.mkdir()
    vectors = noisy(real, count, rng)
    queries = noisy(real[rng.permutation(len(real))], QUERIES, rng)
    np.save(folder / "vectors.npy", vectors)
    np.save(folder / "queries.npy", queries)
    products = queries.astype(np.float64) @ vectors.T  # [Q, N]
    np.save(folder / "wanted.npy", np.argsort(-products, axis=1, kind="stable")[:, :TOP])
    texts = [f"text {i}" for i in range(count)]
    for precision in ("fp32", "int8"):
        start = time.perf_counter(), time.process_time()
        index = VectorIndex.build(texts, vectors, precision=precision)
        if hnsw and precision == "fp32":
            index.link()
        index.save(folder / precision)
        print(precision, "made in", time.perf_counter() - start[0], "s, of processor", time.process_time() - start[1])
        print(index.description.graph)


def searcher(side, folder):
    """queries [Q, D] -> rows [Q, TOP]."""
    threads = len(os.sched_getaffinity(0))
    if side == "numpy":
        vectors = np.load(folder / "vectors.npy")
        return lambda q: [np.argpartition(-(vectors @ row), TOP)[:TOP] for row in q]
    if side.startswith("faiss"):
        import faiss

        faiss.omp_set_num_threads(threads)
        vectors = np.load(folder / "vectors.npy")
        size = vectors.shape[1]
        index = faiss.IndexFlatIP(size)
        if side == "faiss int8":
            index = faiss.IndexScalarQuantizer(size, faiss.ScalarQuantizer.QT_8bit, faiss.METRIC_INNER_PRODUCT)
            index.train(vectors[:100_000])
        index.add(vectors)
        return lambda q: index.search(q, TOP)[1]
    described = folder / "fp32" / "index.json"
    graph = json.loads(described.read_text())["graph"]
    if side in ("hnswlib", "tasklab hnsw") and not graph:
        return None
    if side == "hnswlib":
        import hnswlib

        index = hnswlib.Index(space="ip", dim=np.load(folder / "queries.npy").shape[1])
        index.load_index(str(folder / "fp32" / "graph.hnsw"))
        index.set_num_threads(threads)
        index.set_ef(graph["search_width"])
        return lambda q: index.knn_query(q, TOP)[0]
    from tasklab import VectorIndex

    index = VectorIndex.open(folder / ("int8" if side == "tasklab int8" else "fp32"))
    exact = side != "tasklab hnsw"
    return lambda q: [[int(hit["id"]) for hit in hits] for hits in index.search(q, TOP, exact=exact)]


def answer(side, folder):
    """A round for each line of the input."""
    search, wanted = searcher(side, folder), np.load(folder / "wanted.npy")
    queries = np.load(folder / "queries.npy")[:QUERIES]
    if search is None:
        return print("none", flush=True)
    search(queries[:1])
    print("ready", flush=True)
    for _ in sys.stdin:
        spent, used, met = [], [], 0
        for i in range(len(queries)):
            start = time.perf_counter(), time.process_time()
            rows = search(queries[i : i + 1])
            spent.append(time.perf_counter() - start[0])
            used.append(time.process_time() - start[1])
            met += len(set(np.asarray(rows[0]).tolist()) & set(wanted[i].tolist()))
        told = statistics.median(spent), statistics.median(used), min(spent), met / len(queries) / TOP
        print(json.dumps(told), flush=True)


def run(folder, other):
    running = {}
    for side in SIDES:
        python = other if side.split()[0] in ("faiss", "hnswlib") else sys.executable
        command = [python, __file__, "side", side, str(folder)]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        if process.stdout.readline().strip() == "ready":
            running[side] = process, []
    for _ in range(ROUNDS):
        for process, told in running.values():
            process.stdin.write("go\n")
            process.stdin.flush()
            told.append(json.loads(process.stdout.readline()))
    count = len(np.load(Path(folder) / "vectors.npy", mmap_mode="r"))
    print(f"{count} vectors, {len(os.sched_getaffinity(0))} cores, {ROUNDS} rounds of {QUERIES} queries, ms per query")
    for side, (process, told) in running.items():
        process.stdin.close()
        process.wait()
        wall, used, least, recall = (statistics.median(column) for column in zip(*told, strict=True))
        times = f"{wall * 1e3:8.2f} (least {least * 1e3:.2f}), processor {used * 1e3:8.2f}"
        print(f"{side:14} {times}, recall {recall:.4f}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("verb", choices=("make", "run", "side"))
    parser.add_argument("words", nargs="+")
    parser.add_argument("--hnsw", action="store_true")
    parser.add_argument("--python", default=sys.executable)
    options = parser.parse_args()
    if options.verb == "make":
        make(*options.words[:2], int(options.words[2]), options.hnsw)
    elif options.verb == "run":
        run(options.words[0], options.python)
    else:
        answer(options.words[0], Path(options.words[1]))
