"""A PyTorch twin of `tasklab train mulcho_*`: same files, rows and hyperparameters, transformers' network.

python benchmarks/torch_choice.py RECIPE WEIGHTS_DIR data.train=FILE data.eval=FILE [key=value ...] [--seed 42]
Reading, encoding and scoring are tasklab's own, so that only network, optimizer, dropout and random head differ.
"""

import numpy as np
import torch
from torch_loop import padded, parser, prepare, pretrained, run
from transformers import BertForMultipleChoice

from tasklab.config import resolve
from tasklab.data.choices.reading import ChoiceDataConfig
from tasklab.tasks.multiple_choice import MultipleChoice
from tasklab.text.wordpiece import WordPiece

ABSENT = -1e4
"""Added to the score of a choice that a question does not have."""


def main():
    options = parser(__doc__).parse_intermixed_args()
    prepare(options.seed)
    overrides = [*options.overrides, f"seed={options.seed}"]
    config = resolve(
        model=options.recipe, data_class=ChoiceDataConfig, defaults=MultipleChoice.defaults, overrides=overrides
    )
    task = MultipleChoice(config, WordPiece(f"{options.weights}/vocab.txt"))
    network = pretrained(BertForMultipleChoice, options.weights, config)
    rows = task.encode(task.read(config.data.train, True)[0][: config.data.limit], True)

    def logits(features, part):
        batch = padded(features, part)
        return network(**batch).logits + (1 - batch["attention_mask"][:, :, 0]) * ABSENT

    def loss(features, part):
        labels = torch.from_numpy(features["labels"][part].astype(np.int64))
        return torch.nn.functional.cross_entropy(logits(features, part), labels, reduction="sum")

    run(task, network, rows, loss, np.ones(len(rows)), lambda *where: (logits(*where),))


if __name__ == "__main__":
    main()
