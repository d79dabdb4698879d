"""A PyTorch twin of `tasklab train qa_*`: same files, windows, batches and hyperparameters, transformers' network.

python benchmarks/torch_qa.py RECIPE WEIGHTS_DIR data.train=FILE data.eval=FILE [key=value ...] [--seed 42]
Reading, windows, decoding and scoring are tasklab's own, so that only network, optimizer and dropout differ; a head
that is in WEIGHTS_DIR is taken from there.
"""

import numpy as np
import torch
from torch.nn.functional import cross_entropy
from torch_loop import padded, parser, prepare, pretrained, run
from transformers import BertForQuestionAnswering

from tasklab.config import resolve
from tasklab.tasks.question_answering import QADataConfig, QuestionAnswering
from tasklab.text.wordpiece import WordPiece

MASKED = -1e4
POSITIONS = ("start_positions", "end_positions")


def main():
    options = parser(__doc__).parse_intermixed_args()
    prepare(options.seed)
    config = resolve(
        model=options.recipe, data_class=QADataConfig, defaults=QuestionAnswering.defaults,
        overrides=[*options.overrides, f"seed={options.seed}"],
    )  # fmt: skip
    task = QuestionAnswering(config, WordPiece(f"{options.weights}/vocab.txt"))
    network = pretrained(BertForQuestionAnswering, options.weights, config)
    rows = task.encode(task.read(config.data.train, True)[0][: config.data.limit], True)

    def forward(features, part):
        batch = padded(features, part)
        scores, padding = network(**batch), batch["attention_mask"] == 0  # no answer starts in the padding
        return tuple(each.masked_fill(padding, MASKED) for each in (scores.start_logits, scores.end_logits))

    def loss(features, part):
        positions = (torch.from_numpy(features[name][part].astype(np.int64)) for name in POSITIONS)
        pairs = zip(forward(features, part), positions, strict=True)
        return sum(cross_entropy(logits, place, reduction="sum") for logits, place in pairs) / 2

    run(task, network, rows, loss, np.ones(len(rows)), forward)


if __name__ == "__main__":
    main()
