"""One short question at a time: a long-lived Trainer against the bare network on the same padded input.

python benchmarks/latency.py [--models minilm_l6 bert_base_uncased] [--questions 100] [--torch-python PYTHON]
Prints where the milliseconds go, and the ratio of the whole call to the network alone; with --torch-python also what
HuggingFace's pipeline takes for the same question. Weights are random where the name is not minilm_l6: speed does not
depend on them.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

CONTEXT, QUESTION = "My name is Wolfgang and I live in Berlin with two cats and a bicycle", "Where do I live?"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--models", nargs="+", default=["minilm_l6", "bert_base_uncased"])
    parser.add_argument("--questions", type=int, default=100, help="asked one after the other, after 5 warm ones")
    parser.add_argument("--torch-python", help="interpreter with torch and transformers; left out without it")
    parser.add_argument("--side", nargs=2, metavar=("SIDE", "FOLDER"), help="only this side, once; prints JSON")
    options = parser.parse_args()
    if options.side:
        side, folder = options.side
        print(json.dumps(SIDES[side](Path(folder), options.questions)))
        return
    for name in options.models:
        with tempfile.TemporaryDirectory() as folder:
            _prepare(Path(folder), name)
            times = _run(sys.executable, "tasklab", folder, options)
            parts = ", ".join(f"{part} {value:.2f}" for part, value in times.items() if part not in ("call", "network"))
            ratio = times["call"] / times["network"]
            print(f"{name}: {times['call']:.2f} ms, network {times['network']:.2f}, ratio {ratio:.2f}; {parts}")
            if options.torch_python:
                other = _run(options.torch_python, "pipeline", folder, options)
                print(f"{name}: {other['call']:.2f} ms by HuggingFace's pipeline, network {other['network']:.2f}")


def _prepare(folder: Path, name: str):
    """A HuggingFace folder that both sides read."""
    from work import write_huggingface

    from tasklab.config import resolve
    from tasklab.model import start_model
    from tasklab.tasks.question_answering import QADataConfig
    from tasklab.weights.store import resolve as find

    config = resolve("question_answering", name, data_class=QADataConfig)
    vocabulary = find("minilm_l6").vocabulary
    if name != "minilm_l6":
        config.from_scratch, config.tokenizer.vocab = True, str(vocabulary)
    write_huggingface(folder / "model", start_model(config, config.checkpoint))
    shutil.copy(vocabulary, folder / "model" / "vocab.txt")


def _run(python: str, side: str, folder: str, options) -> dict:
    command = [python, __file__, "--side", side, folder, "--questions", str(options.questions)]
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "OMP_NUM_THREADS": "2"})
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} failed:\n{done.stderr[-2000:]}")
    return json.loads(done.stdout.splitlines()[-1])


def tasklab_side(folder: Path, count: int) -> dict:
    """Median milliseconds of the whole call, of the network alone, and of each part of the call."""
    from mindspore import Tensor

    from tasklab import Trainer
    from tasklab.engine.runner import served
    from tasklab.engine.step import forward

    trainer = Trainer(task="question_answering", model=str(folder / "model"))
    asked = {"context": CONTEXT, "question": QUESTION}
    for _ in range(5):
        trainer.predict(input_data=asked)
    ready = trainer._ready
    task, network = ready.model.task, ready.model.network
    examples = task.parse(asked)
    features = task.encode(examples, training=False)
    lengths = {axis: own[-1] for axis, own in served(features, task.config).items()}
    batch = features.batch([0], lengths, 1, network.inputs)
    columns = [Tensor(batch[column]) for column in network.inputs]
    outputs = forward(network, batch, ready.compiles)

    parts = {
        "call": lambda: trainer.predict(input_data=asked),
        "network": lambda: [output.asnumpy() for output in network(*columns)],
        "find the model": lambda: trainer._model(None, trainer.config.copy()),
        "parse": lambda: task.parse(asked),
        "encode": lambda: task.encode(examples, training=False),
        "pad": lambda: features.batch([0], lengths, 1, network.inputs),
        "tensors and network": lambda: forward(network, batch, ready.compiles),
        "decode": lambda: task.decode([([0], outputs)], features, examples),
    }
    return _medians(parts, count)


def pipeline_side(folder: Path, count: int) -> dict:
    import torch
    from transformers import BertForQuestionAnswering, BertTokenizerFast, pipeline

    torch.set_num_threads(2)
    network = BertForQuestionAnswering.from_pretrained(folder / "model").eval()
    tokenizer = BertTokenizerFast(vocab_file=str(folder / "model" / "vocab.txt"))
    answer = pipeline("question-answering", model=network, tokenizer=tokenizer, device="cpu")
    columns = tokenizer(QUESTION, CONTEXT, return_tensors="pt")

    def bare():
        with torch.inference_mode():
            network(**columns)

    return _medians({"call": lambda: answer(question=QUESTION, context=CONTEXT), "network": bare}, count)


def _medians(parts: dict, count: int) -> dict:
    """The parts in turn, `count` times: a noisy moment of the machine meets them all."""
    seconds = {part: [] for part in parts}
    for number in range(count + 5):
        for part, run in parts.items():
            start = time.perf_counter()
            run()
            if number >= 5:
                seconds[part].append(time.perf_counter() - start)
    return {part: 1000 * statistics.median(values) for part, values in seconds.items()}


SIDES = {"tasklab": tasklab_side, "pipeline": pipeline_side}

if __name__ == "__main__":
    main()
