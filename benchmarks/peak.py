"""The machine's own limit: operations per second of large matrix products, with the oneDNN that MindSpore brings.

python benchmarks/peak.py [--threads 2]
"""

import argparse
import ctypes
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from tasklab.kernels import build

SIZE, ROUNDS = 1536, 5
FUNCTIONS = {"fp32": ("dnnl_sgemm", np.float32), "bf16": ("dnnl_gemm_bf16bf16f32", np.uint16)}


def peak(precision: str, threads: int = 2) -> float:
    """Operations per second of all threads together, each with products of its own; the best of some rounds."""
    name, kind = FUNCTIONS[precision]
    product = getattr(ctypes.CDLL(str(build.onednn())), name)
    n, one, zero, plain = ctypes.c_int64(SIZE), ctypes.c_float(1.0), ctypes.c_float(0.0), ctypes.c_char(b"N")
    operands = [(np.ones((SIZE, SIZE), kind), np.ones((SIZE, SIZE), kind), np.empty((SIZE, SIZE), np.float32))
                for _ in range(threads)]  # fmt: skip

    def multiply(a, b, c):
        pointers = [ctypes.c_void_p(array.ctypes.data) for array in (a, b, c)]
        status = product(plain, plain, n, n, n, one, pointers[0], n, pointers[1], n, zero, pointers[2], n)
        if status != 0:
            raise SystemExit(f"{name} returned {status}: this processor cannot compute in {precision}")

    best = 0.0
    with ThreadPoolExecutor(threads) as pool:
        for _ in range(ROUNDS):
            start = time.perf_counter()
            for done in [pool.submit(multiply, *arrays) for arrays in operands]:
                done.result()
            best = max(best, 2.0 * SIZE**3 * threads / (time.perf_counter() - start))
    return best


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    for precision in FUNCTIONS:
        print(f"{precision}: {peak(precision, options.threads) / 1e9:.0f} GFLOP/s")
