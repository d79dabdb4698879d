"""Fine-tuning with two trainers in turn: tasklab's, and HuggingFace's with dynamic padding; same rows, same weights.

python benchmarks/trainers.py WEIGHTS_DIR DATA_DIR [--recipe txtcls_minilm_l6_rte] [--steps 60] [--rounds 2]
Each trainer draws its own order of the rows. WEIGHTS_DIR: a HuggingFace folder. Needs the extra `bench`.
"""

import argparse
import json
import statistics
import sys
import tempfile
import time

from sides import run_side

SKIPPED = 10
"""Steps before the clock of the steady speed starts: compilation on one side, first allocations on both."""


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("weights")
    parser.add_argument("data")
    parser.add_argument("--recipe", default="txtcls_minilm_l6_rte")
    parser.add_argument("--steps", type=int, default=60)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--side", choices=SIDES, help="run one side here and print its JSON line")
    options = parser.parse_args()
    if options.side:
        print(json.dumps(SIDES[options.side](options)))
        return
    runs = {side: [] for side in SIDES}
    for _ in range(options.rounds):
        for side in SIDES:
            runs[side].append(run_side([sys.executable, *sys.argv, "--side", side], 2))
            print(side, runs[side][-1], flush=True)
    print("| trainer | rows/s, steady | seconds, whole run |\n|---|---|---|")
    for side, found in runs.items():
        print(f"| {side} |", " | ".join(f"{statistics.median(run[key] for run in found):.1f}" for key in found[0]), "|")


def tasklab_side(options) -> dict:
    from tasklab import Trainer
    from tasklab.engine.hooks import Callback

    class Clock(Callback):
        def on_step_end(self, loop):
            ticks.append(time.perf_counter())

    ticks = []
    start = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        trainer = Trainer(
            model=options.recipe, train_dataset=options.data, callbacks=[Clock()], output_dir=f"{folder}/run",
            overrides=[f"train.max_steps={options.steps}", "train.save_strategy=no", "data.cache=false",
                       "data.eval=no"],
        )  # fmt: skip
        trainer.train(options.weights, do_finetune=True)
    return _speeds(ticks, start, trainer.config.train.batch_size)


def huggingface_side(options) -> dict:
    import torch
    import transformers

    from tasklab import Trainer
    from tasklab.data.texts.reading import read_text_rows

    class Clock(transformers.TrainerCallback):
        def on_step_end(self, *_, **__):
            ticks.append(time.perf_counter())

    torch.set_num_threads(2)
    ticks, config = [], Trainer(model=options.recipe).config
    labels = list(config.data.label_names.values()) or config.model.labels
    start = time.perf_counter()
    tokenizer = transformers.AutoTokenizer.from_pretrained(options.weights)
    network = transformers.AutoModelForSequenceClassification.from_pretrained(
        options.weights, num_labels=len(labels)
    )
    rows = []
    for example in read_text_rows(options.data, config.data, config.model.problem_type, labels)[0]:
        texts = filter(None, (example.text_a, example.text_b))
        encoded = tokenizer(*texts, truncation=True, max_length=config.data.max_seq_length)
        rows.append({**encoded, "labels": labels.index(example.label)})
    with tempfile.TemporaryDirectory() as folder:
        settings = transformers.TrainingArguments(
            folder, per_device_train_batch_size=config.train.batch_size, max_steps=options.steps, save_strategy="no",
            learning_rate=config.optimizer.lr, weight_decay=config.optimizer.weight_decay, report_to=[], use_cpu=True,
            warmup_ratio=config.schedule.warmup_ratio, logging_strategy="no", disable_tqdm=True,
        )  # fmt: skip
        collator = transformers.DataCollatorWithPadding(tokenizer)
        transformers.Trainer(network, settings, collator, rows, callbacks=[Clock()]).train()
    return _speeds(ticks, start, config.train.batch_size)


SIDES = {"tasklab": tasklab_side, "huggingface": huggingface_side}


def _speeds(ticks: list[float], start: float, batch_size: int) -> dict:
    steady = (len(ticks) - 1 - SKIPPED) * batch_size / (ticks[-1] - ticks[SKIPPED])
    return {"rows_per_second": steady, "seconds": ticks[-1] - start}



if __name__ == "__main__":
    main()
