"""A PyTorch twin of `tasklab train RECIPE`: same files, rows and hyperparameters, transformers' network.

python benchmarks/torch_classification.py RECIPE WEIGHTS_DIR DATA_DIR [--seed 42] [key=value ...]
Reading, encoding and scoring are tasklab's own, so that only network, optimizer, dropout and random head differ.
"""

import numpy as np
import torch
from torch_loop import padded, parser, prepare, pretrained, run
from transformers import BertForSequenceClassification

from tasklab.config import resolve
from tasklab.data.texts.reading import TextDataConfig
from tasklab.tasks.text_classification import TextClassification
from tasklab.text.wordpiece import WordPiece


def main():
    options = parser(__doc__, "data").parse_intermixed_args()
    prepare(options.seed)
    overrides = [*options.overrides, f"seed={options.seed}", f"data.train={options.data}", f"data.eval={options.data}"]
    config = resolve(
        model=options.recipe, data_class=TextDataConfig, defaults=TextClassification.defaults, overrides=overrides
    )
    task = TextClassification(config, WordPiece(f"{options.weights}/vocab.txt"))
    task.settle([])
    regression = config.model.problem_type == "regression"
    outputs_wanted = 1 if regression else len(config.model.labels)
    network = pretrained(
        BertForSequenceClassification, options.weights, config, num_labels=outputs_wanted,
        problem_type=config.model.problem_type,
    )  # fmt: skip
    rows = task.encode(task.read(config.data.train, True)[0], True)
    kind = torch.float32 if regression else torch.int64

    def loss(features, part):
        labels = torch.from_numpy(features["labels"][part]).to(kind)
        return network(**padded(features, part), labels=labels).loss * len(part)

    def forward(features, part):
        return (network(**padded(features, part)).logits,)

    run(task, network, rows, loss, np.ones(len(rows)), forward)


if __name__ == "__main__":
    main()
