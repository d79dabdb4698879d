"""Memory and time of a contrastive step over many pairs, at once or through the gradient cache; fresh processes, ABAB.

python benchmarks/gradient_cache.py [--pairs 1024] [--micro 64] [--length 32] [--threads 2] [--rounds 2] [--whole 256]
Networks have all-MiniLM-L6's shape and random weights, texts are full rows; the loss is in_batch. Of each round the
sides are a step of `micro` pairs, one of `pairs` pairs in micro-batches of as many through the cache, and with --whole
one of so many pairs at once.
"""

import argparse
import json
import statistics
import sys
import time

import numpy as np
from sides import run_side
from work_batches import peak_mb


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pairs", type=int, default=1024)
    parser.add_argument("--micro", type=int, default=64)
    parser.add_argument("--whole", type=int, default=0)
    parser.add_argument("--length", type=int, default=32)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--side", help="only this one, given as JSON; prints JSON")
    options = parser.parse_args()
    if options.side:
        print(json.dumps(measured(**json.loads(options.side))))
        return
    sides = {
        f"{options.micro} at once": (options.micro, options.micro),
        f"{options.pairs} through the cache": (options.pairs, options.micro),
    }
    if options.whole:
        sides[f"{options.whole} at once"] = (options.whole, options.whole)
    results = {name: [] for name in sides}
    for _ in range(options.rounds):
        for name, (pairs, micro) in sides.items():
            side = json.dumps({"pairs": pairs, "micro": micro, "length": options.length})
            results[name].append(run_side([sys.executable, __file__, "--side", side], options.threads))
            print(name, results[name][-1], flush=True)
    print("\n| pairs | peak MB | processor s per step | pairs per processor s |\n|---|---|---|---|")
    for name, runs in results.items():
        peak, busy = max(run["peak_mb"] for run in runs), min(run["processor_seconds"] for run in runs)
        print(f"| {name} | {peak:.0f} | {busy:.2f} | {sides[name][0] / busy:.1f} |")


def measured(pairs: int, micro: int, length: int, steps: int = 2) -> dict:
    """Peak memory, and the median processor time of a step, optimizer included."""
    from tasklab.config import resolve
    from tasklab.data.matching.settings import MatchingDataConfig
    from tasklab.engine import device
    from tasklab.engine.gradient_cache import gradients_of
    from tasklab.engine.optim import optimizer_for
    from tasklab.engine.ranks import Ranks
    from tasklab.engine.step import CompileLog, GradientStep
    from tasklab.networks import NETWORKS
    from tasklab.nn.init import initialize
    from tasklab.tasks.text_matching import TextMatching

    cached = pairs > micro
    settings = ["model.pair_encoding=cosine", "loss.matching=in_batch", f"train.batch_size={micro}"]
    if cached:
        settings += [f"train.gradient_accumulation_steps={pairs // micro}", "train.gradient_cache=true"]
    config = resolve("text_matching", "minilm_l6", settings, data_class=MatchingDataConfig)
    device.prepare(config)
    task = TextMatching(config, None)
    network = NETWORKS.get(task.head)(config)
    initialize(network, 0, config.model.initializer_range)
    step = GradientStep(network, task.loss(), CompileLog())
    gradients, optimizer = gradients_of(step, config, Ranks()), optimizer_for(step.parameters, config.optimizer, 1.0)
    random, busy, losses = np.random.default_rng(0), [], []
    for number in range(steps + 1):
        batches = [(_columns(random, micro, length, config), number * 100 + i) for i in range(pairs // micro)]
        spent = time.process_time()
        loss_sum = weight_sum = 0.0
        for loss, weight, grads in gradients(batches):
            optimizer.accumulate(grads)
            loss_sum, weight_sum = loss_sum + loss, weight_sum + weight
        optimizer.step(5e-5, 1.0 / weight_sum)
        busy.append(time.process_time() - spent)
        losses.append(loss_sum / weight_sum)
    assert np.isfinite(losses).all()
    return {"peak_mb": peak_mb(), "processor_seconds": statistics.median(busy[1:]), "loss": losses[-1]}


def _columns(random, rows: int, length: int, config) -> dict[str, np.ndarray]:
    shape = (rows, 2, length)
    return {
        "input_ids": random.integers(1, config.model.vocab_size, shape, np.int32),
        "attention_mask": np.ones(shape, np.int32), "token_type_ids": np.zeros(shape, np.int32),
        "present": np.ones((rows, 2), np.float32), "sample_weight": np.ones(rows, np.float32),
    }  # fmt: skip


if __name__ == "__main__":
    main()
