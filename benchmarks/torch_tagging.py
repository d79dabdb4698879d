"""A PyTorch twin of `tasklab train tokcls_*`: same files, rows and hyperparameters, a network of PyTorch.

python benchmarks/torch_tagging.py RECIPE WEIGHTS_DIR data.train=FILE data.eval=FILE [key=value ...] [--seed 42]
  [--crf FOLDER]   with model.head=crf: the tasklab checkpoint that its transitions start from; else they start from 0
Reading, encoding and scoring are tasklab's own, so that only network, optimizer and dropout differ; a head that is
in WEIGHTS_DIR is taken from there. Of a bilstm WEIGHTS_DIR is a tasklab checkpoint.
"""

import numpy as np
import torch
from safetensors.torch import load_file
from torch import nn
from torch_loop import padded, parser, prepare, pretrained, run
from torch_recurrent import TwoStacks
from transformers import BertForTokenClassification

from tasklab.config import resolve
from tasklab.data.tagging.reading import TaggingDataConfig
from tasklab.tasks.token_classification import TokenClassification
from tasklab.text import tokenizer_of

NAMES = ("input_ids", "attention_mask", "token_type_ids", "labels")


class CRF(nn.Module):
    """Scores of neighbouring tags, from 0 or from the `head.crf.*` of a tasklab checkpoint (Lafferty et al. 2001)."""

    def __init__(self, num_labels: int, folder: str | None):
        super().__init__()
        sizes = {"transitions": (num_labels, num_labels), "start_transitions": (num_labels,),
                 "end_transitions": (num_labels,)}  # fmt: skip
        known = load_file(f"{folder}/model.safetensors") if folder else {}
        for name, size in sizes.items():
            self.register_parameter(name, nn.Parameter(known.get(f"head.crf.{name}", torch.zeros(size)).clone()))

    def forward(self, logits, tags):
        """Negative log-likelihood, summed over rows: logits [B, S, C]; tags [B, S], -1 at positions without one."""
        total = 0.0
        for emissions, row in zip(logits, tags, strict=True):
            emissions, row = emissions[row >= 0], row[row >= 0]
            if len(row):
                score = self.start_transitions + emissions[0]
                for step in emissions[1:]:
                    score = torch.logsumexp(score[:, None] + self.transitions, dim=0) + step
                path = emissions.gather(1, row[:, None]).sum() + self.transitions[row[:-1], row[1:]].sum()
                path = path + self.start_transitions[row[0]] + self.end_transitions[row[-1]]
                total = total + torch.logsumexp(score + self.end_transitions, dim=0) - path
        return total

    def table(self, rows: int):
        """[rows, C + 2, C] as tasklab's decoding takes it."""
        table = torch.cat((self.transitions, self.start_transitions[None], self.end_transitions[None]))
        return table[None].expand(rows, -1, -1)


def main():
    arguments = parser(__doc__)
    arguments.add_argument("--crf")
    options = arguments.parse_intermixed_args()
    prepare(options.seed)
    overrides = [*options.overrides, f"seed={options.seed}"]
    config = resolve(
        model=options.recipe, data_class=TaggingDataConfig, defaults=TokenClassification.defaults,
        overrides=overrides,
    )  # fmt: skip
    task = TokenClassification(config, tokenizer_of(config.tokenizer, f"{options.weights}/vocab.txt"))
    task.settle([])
    if config.model.encoder == "bilstm":
        network = TwoStacks(config.model, options.weights)
    else:
        labels = len(config.model.labels)
        network = pretrained(BertForTokenClassification, options.weights, config, num_labels=labels)
    network.crf = CRF(len(config.model.labels), options.crf) if config.model.head == "crf" else None
    rows = task.encode(task.read(config.data.train, True)[0][: config.data.limit], True)

    def batch_and_logits(features, part):
        batch = padded(features, part, NAMES)
        tags = batch.pop("labels") - 1
        return network(**batch).logits, tags

    def loss(features, part):
        logits, tags = batch_and_logits(features, part)
        if network.crf is not None:
            return network.crf(logits, tags)
        return nn.functional.cross_entropy(logits.flatten(0, 1), tags.flatten(), ignore_index=-1, reduction="sum")

    def forward(features, part):
        logits, _ = batch_and_logits(features, part)
        return (logits,) if network.crf is None else (logits, network.crf.table(len(part)))

    tagged = np.array([np.count_nonzero(rows["labels"].row(i)) for i in range(len(rows))])
    weights = tagged if network.crf is None else (tagged > 0).astype(int)
    run(task, network, rows, loss, weights, forward)


if __name__ == "__main__":
    main()
