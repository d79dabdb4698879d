"""A PyTorch twin of `tasklab train textgen_*` with a GGUF file: same rows and batches, transformers' network.

python benchmarks/torch_generation.py RECIPE FILE.gguf data.train=FILE data.eval=FILE [key=value ...] [--seed 42]
Prints the scores before training and after each epoch. Reading, packing and scoring are tasklab's own; each document of
a row goes through the network alone, so that nothing rests on masks of either side.
"""

from pathlib import Path

import numpy as np
import torch
from torch_loop import outputs, parser, prepare, train
from transformers import AutoModelForCausalLM

from tasklab.config import resolve
from tasklab.data.generation.examples import GenerationDataConfig
from tasklab.tasks.text_generation import TextGeneration
from tasklab.text.gguf import gguf_tokens


def main():
    options = parser(__doc__).parse_intermixed_args()
    prepare(options.seed)
    overrides = [*options.overrides, f"seed={options.seed}"]
    config = resolve(
        model=options.recipe, data_class=GenerationDataConfig, defaults=TextGeneration.defaults, overrides=overrides
    )
    task, file = TextGeneration(config, gguf_tokens(options.weights)), Path(options.weights)
    network = AutoModelForCausalLM.from_pretrained(file.parent, gguf_file=file.name, dtype=torch.float32)

    def told(rows, row: int) -> torch.Tensor:
        """Log-probabilities of the targets [S], 0 where there is none."""
        ids, documents, targets = (
            torch.from_numpy(rows[name].row(row).astype(np.int64)) for name in ("input_ids", "documents", "target_ids")
        )
        logs = []
        for document in documents.unique():  # numbers grow along the row
            own = documents == document
            logits = network(input_ids=ids[own][None]).logits[0]  # [n, V]
            logs.append(-torch.nn.functional.cross_entropy(logits, targets[own], ignore_index=-1, reduction="none"))
        return torch.cat(logs)

    def padded(rows, part) -> tuple[torch.Tensor]:
        each = [told(rows, row) for row in part]
        return (torch.nn.utils.rnn.pad_sequence(each, batch_first=True),)  # [R, S]

    def scored(rows, examples) -> dict:
        found = outputs(network, rows, lambda part: padded(rows, part))
        return task.score(task.decode(found, rows, examples), examples)

    held_out = task.read(config.data.eval, False)[0][: config.data.limit]
    evaluated = task.encode(held_out, False)
    print(f"before: {scored(evaluated, held_out)}", flush=True)
    rows = task.encode(task.read(config.data.train, True)[0][: config.data.limit], True)
    asked = np.array([(rows["target_ids"].row(row) >= 0).sum() for row in range(len(rows))])
    for epoch in train(network, rows, config, lambda part: -sum(told(rows, row).sum() for row in part), asked):
        print(f"epoch {epoch}: {scored(evaluated, held_out)}", flush=True)


if __name__ == "__main__":
    main()
