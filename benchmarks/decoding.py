"""Generating text: tasklab's decoder against transformers' `generate`, CTranslate2 and llama.cpp where these are there.

python benchmarks/decoding.py [--models smollm2 t5_small] [--torch-python PYTHON] [--rounds 2] [--threads 2]
smollm2 goes on behind 64 tokens, t5_small answers sources of 64, greedily and with four beams; weights are drawn, so
nothing is downloaded. Sides run in turn, each in a fresh process. `begun`: seconds until the first token; `tokens/s`:
of those behind it, of all rows together; `MB`: largest memory of the process; `bandwidth`: bytes of weights that a step
reads, of what this machine reads in that time; `same`: rows whose tokens are those of transformers. With one thread
seconds are the processor's, so that a busy machine counts for little.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

HERE = Path(__file__).parent
MODELS = {
    "smollm2": {
        "model_type": "llama", "vocab_size": 49152, "hidden_size": 576, "intermediate_size": 1536,
        "num_hidden_layers": 30, "num_attention_heads": 9, "num_key_value_heads": 3, "rope_theta": 100000.0,
        "rms_norm_eps": 1e-5, "max_position_embeddings": 2048, "tie_word_embeddings": True, "pad_token_id": 0,
        "bos_token_id": 1, "eos_token_id": 2, "initializer_range": 0.1,
    },
    "t5_small": {
        "model_type": "t5", "vocab_size": 32128, "d_model": 512, "d_kv": 64, "d_ff": 2048, "num_layers": 6,
        "num_heads": 8, "decoder_start_token_id": 0, "pad_token_id": 0, "eos_token_id": 1, "n_positions": 512,
        "tie_word_embeddings": True,
    },
}  # fmt: skip
CASES = {"smollm2": [(1, 1), (8, 1)], "t5_small": [(1, 1), (8, 1), (32, 1), (1, 4), (8, 4), (32, 4)]}
"""(rows, beams)."""
GIVEN, NEW = 64, {"smollm2": 128, "t5_small": 64}
"""Tokens of a prompt or source, and those that follow: exactly so many, no row ends before."""
SIDES = [
    ("tasklab", "fp32"), ("tasklab", "bf16"), ("tasklab", "int8"), ("torch", "fp32"), ("ctranslate2", "fp32"),
    ("ctranslate2", "int8"), ("llamacpp", "fp32"), ("llamacpp", "int8"),
]  # fmt: skip


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--models", nargs="+", default=list(MODELS), choices=MODELS)
    parser.add_argument("--torch-python", default=sys.executable, help="has transformers, and what else is compared")
    parser.add_argument("--rounds", type=int, default=2, help="how often each side runs; the fastest run counts")
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    bandwidth = bytes_per_second(options.threads)
    print(f"{options.threads} threads read {bandwidth / 1e9:.1f} GB/s\n")
    for model in options.models:
        with tempfile.TemporaryDirectory() as folder:
            _compare(Path(folder), model, options, bandwidth)


def _compare(folder: Path, model: str, options, bandwidth: float):
    (folder / "config.json").write_text(json.dumps(MODELS[model]))
    largest = max(rows for rows, _ in CASES[model])
    np.save(folder / "given.npy", np.random.default_rng(0).integers(3, MODELS[model]["vocab_size"], (largest, GIVEN)))
    (folder / "cases.json").write_text(json.dumps({"new": NEW[model], "cases": CASES[model]}))
    for side in ("torch", "ctranslate2", "llamacpp"):
        _run(options, folder, side, "make")
    runs = {side: [] for side in SIDES}
    for _ in range(options.rounds):
        for side in SIDES:
            runs[side].append(_run(options, folder, *side))
    print(f"| {model}: rows, beams | side | begun s | tokens/s | MB | bandwidth | same |")
    print("|---|---|---|---|---|---|---|")
    for number, (rows, beams) in enumerate(CASES[model]):
        expected = runs["torch", "fp32"][0]["cases"][number]["ids"]
        for side, found in runs.items():
            if not (found := [run for run in found if run]):
                continue
            begun, seconds = (min(run["cases"][number][key] for run in found) for key in ("begun", "seconds"))
            speed = (NEW[model] - 1) / (seconds - begun)  # steps a second
            share = f"{found[0]['bytes'] * speed / bandwidth:.0%}" if "bytes" in found[0] else ""
            same = sum(a == b for a, b in zip(found[0]["cases"][number]["ids"], expected, strict=True))
            print(f"| {rows}, {beams} | {' '.join(side)} | {begun:.3f} | {rows * speed:.0f} | "
                  f"{min(run['peak_mb'] for run in found):.0f} | {share} | {same} of {rows} |", flush=True)  # fmt: skip
    print()


def _run(options, folder: Path, side: str, precision: str) -> dict | None:
    """What a side prints; None of one that is not there or has no such model."""
    python = sys.executable if side == "tasklab" else options.torch_python
    count = str(options.threads)
    command = [python, str(HERE / f"decoding_{side}.py"), str(folder), precision, count]
    environment = {**os.environ, "OMP_NUM_THREADS": count}
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    if done.returncode == 3:
        return None
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} failed:\n{done.stderr[-2000:]}")
    return json.loads(done.stdout.splitlines()[-1])


def bytes_per_second(threads: int) -> float:
    """What as many threads read of arrays far larger than caches, in the best of five rounds."""
    arrays = [np.ones(1 << 26, np.float32) for _ in range(threads)]  # 256 MB each
    with ThreadPoolExecutor(threads) as pool:
        clock = time.process_time if threads == 1 else time.perf_counter
        best = min(_seconds(clock, lambda: list(pool.map(np.max, arrays))) for _ in range(5))
    return sum(array.nbytes for array in arrays) / best


def _seconds(clock, call) -> float:
    start = clock()
    call()
    return clock() - start


if __name__ == "__main__":
    main()
