"""A PyTorch twin of `tasklab train txtcls_*`: same files, rows and hyperparameters, transformers' network.

python benchmarks/torch_classification.py RECIPE WEIGHTS_DIR data.train=FILE data.eval=FILE [key=value ...] [--seed 42]
Reading, encoding, weights of classes and scoring are tasklab's own, so that only network, optimizer and dropout differ;
a head that is in WEIGHTS_DIR is taken from there.
"""

import numpy as np
import torch
from torch.nn.functional import cross_entropy, mse_loss
from torch_loop import padded, parser, prepare, pretrained, run
from transformers import BertForSequenceClassification
from transformers.modeling_outputs import SequenceClassifierOutput

from tasklab.config import resolve
from tasklab.data.texts.settings import TextDataConfig
from tasklab.tasks.text_classification import TextClassification
from tasklab.text.wordpiece import WordPiece


class MeanPooled(BertForSequenceClassification):
    """Reads the mean of the real tokens in place of the first one, as tasklab with model.pooling=mean."""

    def forward(self, input_ids, attention_mask, token_type_ids):
        hidden = self.bert(input_ids, attention_mask, token_type_ids).last_hidden_state  # [B, S, H]
        real = attention_mask[:, :, None].to(hidden.dtype)
        pooled = torch.tanh(self.bert.pooler.dense((hidden * real).sum(1) / real.sum(1)))  # [B, H]
        return SequenceClassifierOutput(logits=self.classifier(self.dropout(pooled)))


NETWORKS = {"first": BertForSequenceClassification, "mean": MeanPooled}
"""model.pooling -> network."""


def main():
    options = parser(__doc__).parse_intermixed_args()
    prepare(options.seed)
    config = resolve(
        model=options.recipe, data_class=TextDataConfig, defaults=TextClassification.defaults,
        overrides=[*options.overrides, f"seed={options.seed}"],
    )  # fmt: skip
    task = TextClassification(config, WordPiece(f"{options.weights}/vocab.txt"))
    task.settle([])
    network = pretrained(NETWORKS[config.model.pooled], options.weights, config, num_labels=task.target.outputs)
    rows = task.encode(task.read(config.data.train, True)[0], True)

    def forward(features, part):
        return (network(**padded(features, part)).logits,)

    if config.model.problem_type == "regression":
        weights = np.ones(len(rows))

        def loss(features, part):
            labels = torch.from_numpy(features["labels"][part].astype(np.float32))
            return mse_loss(forward(features, part)[0][:, 0], labels, reduction="sum")
    else:
        of_class = np.array(task.target.loss_arguments()[0] or [1.0] * task.target.outputs, np.float32)
        weights = of_class[rows["labels"]]

        def loss(features, part):
            labels = torch.from_numpy(features["labels"][part].astype(np.int64))
            return cross_entropy(forward(features, part)[0], labels, torch.from_numpy(of_class), reduction="sum")

    run(task, network, rows, loss, weights, forward)


if __name__ == "__main__":
    main()
