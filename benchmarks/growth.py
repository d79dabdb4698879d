"""How the cost of tasklab grows with rows, length, batch size and model; each point in a fresh process.

python benchmarks/growth.py --data train-v1.1.json [--axes rows length batch model] [--steps 5]
Networks have random weights and full rows (nothing to pack away). Rows are those of the file, repeated with a number
at the end of question and context where it has too few, so that no text is tokenised once for several rows.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
from work_batches import peak_mb

USUAL = {"model": "minilm_l6", "length": 128, "batch": 16}
AXES = {
    "rows": [1_000, 10_000, 100_000],
    "length": [64, 128, 256, 512],
    "batch": [1, 4, 16, 64],
    "model": ["bert_tiny", "bert_mini", "bert_small", "bert_medium", "minilm_l6", "bert_base_uncased"],
}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", help="a SQuAD training file; the axis rows needs it")
    parser.add_argument("--axes", nargs="+", choices=AXES, default=list(AXES))
    parser.add_argument("--steps", type=int, default=5, help="timed steps of each point; the median is told")
    parser.add_argument("--out", default="growth", help="writes <out>.json and <out>.md")
    parser.add_argument("--point", help="only this point, given as JSON; prints JSON")
    options = parser.parse_args()
    if options.point:
        point = json.loads(options.point)
        print(json.dumps(rows_point(**point) if "rows" in point else network_point(**point)))
        return
    if "rows" in options.axes and not options.data:
        parser.error("the axis rows needs --data")
    tables, seen = {}, {}
    for axis in options.axes:
        tables[axis] = []
        for value in AXES[axis]:
            tables[axis].append(_rows_line(value, options) if axis == "rows" else _line(axis, value, options, seen))
            print(tables[axis][-1], flush=True)
            Path(options.out + ".json").write_text(json.dumps(tables, indent=1) + "\n")
    Path(options.out + ".md").write_text("\n".join(_markdown(axis, lines) for axis, lines in tables.items()))


def _rows_line(rows: int, options) -> dict:
    return _run({"rows": rows, "data": os.path.abspath(options.data)})


def _line(axis: str, value, options, seen: dict) -> dict:
    """Training and prediction at one point; a point that two axes share is measured once."""
    point = USUAL | {axis: value}
    key = tuple(point.values())
    if key not in seen:
        seen[key] = point | {
            mode: _run({**point, "mode": mode, "steps": options.steps}) for mode in ("train", "predict")
        }
    return seen[key]


def _run(point: dict) -> dict:
    command = [sys.executable, __file__, "--point", json.dumps(point)]
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "OMP_NUM_THREADS": "2"})
    if done.returncode:
        raise SystemExit(f"{point} failed:\n{done.stderr[-2000:]}")
    return json.loads(done.stdout.splitlines()[-1])


def rows_point(rows: int, data: str) -> dict:
    """Reading, encoding, and one epoch of padded batches of 12, without a network."""
    from tasklab.config import resolve
    from tasklab.data.rows.buckets import plan_axes, train_batches
    from tasklab.nn.heads.network import INPUTS
    from tasklab.tasks.question_answering import QADataConfig, QuestionAnswering
    from tasklab.text.wordpiece import WordPiece
    from tasklab.weights.store import resolve as find

    config = resolve("question_answering", "minilm_l6", data_class=QADataConfig)
    task = QuestionAnswering(config, WordPiece(find("minilm_l6").vocabulary))
    examples, _ = task.read(data, True)
    given = len(examples)
    if rows > given:
        examples = [*examples, *(_numbered(examples[i % given], i // given) for i in range(given, rows))]
    start = time.perf_counter()
    features = task.encode(examples[:rows], True)
    encoded = time.perf_counter()
    planned = plan_axes(features.lengths, config.data.num_buckets, config.data.max_length)
    batches = train_batches(features.lengths, planned, 12, seed=0, epoch=0)
    for batch in batches:
        features.batch(batch.rows, batch.lengths, 12, (*INPUTS, *task.loss().labels))
    padded = time.perf_counter()
    return {
        "rows": rows, "windows": len(features), "encode_seconds": encoded - start, "batch_seconds": padded - encoded,
        "batches": len(batches), "peak_mb": peak_mb(),
    }  # fmt: skip


def _numbered(example, copy: int):
    return replace(example, question=f"{example.question} {copy}", context=f"{example.context} {copy}")


def network_point(model: str, length: int, batch: int, mode: str, steps: int) -> dict:
    """Median seconds of a step, optimizer included when training: on the clock, and of the processor's time, which
    other programs cannot stretch as much."""
    from tasklab.config import resolve
    from tasklab.engine import device
    from tasklab.engine.optim import optimizer_for
    from tasklab.engine.step import CompileLog, GradientStep, forward
    from tasklab.networks import NETWORKS
    from tasklab.nn.init import initialize
    from tasklab.tasks.question_answering import QADataConfig, QuestionAnswering

    config = resolve("question_answering", model, data_class=QADataConfig)
    device.prepare(config)
    task = QuestionAnswering(config, None)
    network, compiles = NETWORKS.get(task.head)(config), CompileLog()
    initialize(network, 0, config.model.initializer_range)
    random = np.random.default_rng(0)
    columns = {
        "input_ids": random.integers(1, config.model.vocab_size, (batch, length), np.int32),
        "attention_mask": np.ones((batch, length), np.int32), "token_type_ids": np.zeros((batch, length), np.int32),
        "start_positions": random.integers(0, length, batch, np.int32),
        "end_positions": random.integers(0, length, batch, np.int32), "sample_weight": np.ones(batch, np.float32),
    }  # fmt: skip
    if mode == "train":
        step = GradientStep(network, task.loss(), compiles)
        optimizer = optimizer_for(step.parameters, config.optimizer, max_grad_norm=1.0)

        def work(number):
            _, weight, grads = step.run(columns, number)
            optimizer.accumulate(grads)
            optimizer.step(5e-5, 1.0 / weight)
    else:
        def work(number):
            forward(network, columns, compiles)

    seconds, busy = [], []
    for number in range(steps + 2):
        start, spent = time.perf_counter(), time.process_time()
        work(number)
        seconds.append(time.perf_counter() - start)
        busy.append(time.process_time() - spent)
    typical = statistics.median(seconds[2:])  # the first compiles, the second fills the kernels' memory
    return {
        "samples_per_second": batch / typical, "step_seconds": typical, "first_step_seconds": seconds[0],
        "processor_seconds": statistics.median(busy[2:]), "peak_mb": peak_mb(),
    }  # fmt: skip


def _markdown(axis: str, lines: list[dict]) -> str:
    if axis == "rows":
        head = ["rows", "windows", "encoding s", "windows/s", "padding one epoch s", "peak MB"]
        cells = [
            [f"{line['rows']:,}", f"{line['windows']:,}", f"{line['encode_seconds']:.2f}",
             f"{line['windows'] / line['encode_seconds']:,.0f}", f"{line['batch_seconds']:.2f}",
             f"{line['peak_mb']:.0f}"]
            for line in lines
        ]  # fmt: skip
    else:
        head = [axis]
        for mode in ("train", "predict"):
            head += [f"{mode} samples/s", "s per step", "processor s", "peak MB"]
        cells = [[str(line[axis]), *_cells(line["train"]), *_cells(line["predict"])] for line in lines]
    rule = "|" + "---|" * len(head)
    return "\n".join(["| " + " | ".join(head) + " |", rule, *("| " + " | ".join(row) + " |" for row in cells)]) + "\n"


def _cells(result: dict) -> list[str]:
    return [
        f"{result['samples_per_second']:.1f}", f"{result['step_seconds']:.3f}",
        f"{result['processor_seconds']:.3f}", f"{result['peak_mb']:.0f}",
    ]  # fmt: skip


if __name__ == "__main__":
    main()
