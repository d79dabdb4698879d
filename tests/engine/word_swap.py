"""A toy translator with a source and a target of different lengths. Beside its test for the reason in word_average."""

from dataclasses import dataclass

import mindspore as ms
import numpy as np
from mindspore import Parameter, Tensor, nn, ops
from word_average import Labels

from tasklab.config import Config, DataConfig, setting
from tasklab.data.rows.features import FeatureTable
from tasklab.data.rows.ragged import Ragged, row_offsets
from tasklab.nn.init import initialize
from tasklab.nn.losses.tokens import TokenLoss

VOCAB, CLASSES, FILL = 12, 4, 7


@dataclass
class SwapDataConfig(DataConfig, path="data"):
    max_target_length: int = setting(24, ge=1)


class Translator(nn.Cell):
    """Logits [B, T, CLASSES] of each target word from its vector and the mean of those of the source [B, S]."""

    inputs = ("source_ids", "attention_mask", "target_ids", "target_attention_mask")

    def __init__(self):
        super().__init__()
        self.table = Parameter(Tensor(np.zeros((VOCAB, 8), np.float32)), name="table")
        self.output = nn.Dense(8, CLASSES)

    def construct(self, source_ids, attention_mask, target_ids, target_attention_mask):
        mask = attention_mask.astype(ms.float32)[:, :, None]  # [B, S, 1]
        source = (ops.gather(self.table, source_ids, 0) * mask).sum(axis=1) / mask.sum(axis=1)  # [B, 8]
        target = ops.gather(self.table, target_ids, 0) * target_attention_mask.astype(ms.float32)[:, :, None]
        return (self.output(source[:, None, :] + target),)


class Swap(Labels):
    """Labels as `word_average` has them, for networks and losses along two axes."""

    def network(self):
        network = Translator()
        initialize(network, self.config.seed, 0.5)
        return network

    def loss(self):
        return TokenLoss()

    def decode(self, outputs, rows, examples, top_k=None):
        found = [None] * len(examples)
        for numbers, (logits,) in outputs:
            for row, scores in zip(numbers, logits, strict=True):
                found[row] = [scores[: rows.lengths["target"][row]]]
        return found

    def score(self, predictions, examples):
        return {"accuracy": 0.0}


def swap_rows(source, target) -> FeatureTable:
    """Rows of so many words each; the label of a target word is 1 + itself modulo CLASSES."""
    random = np.random.default_rng(5)
    words = [random.integers(1, VOCAB, sum(lengths)).astype(np.int32) for lengths in (source, target)]
    ends = [row_offsets(lengths) for lengths in (source, target)]
    return FeatureTable(
        {
            "source_ids": Ragged(words[0], ends[0]),
            "target_ids": Ragged(words[1], ends[1], "target", FILL),
            "labels": Ragged(1 + words[1] % CLASSES, ends[1], "target"),
        },
        {},
    )


def swap_config(**settings) -> Config:
    config = Config.create(SwapDataConfig, name="tiny", task="labels", data={"max_seq_length": 32})
    for key, value in ({"schedule.warmup_ratio": 0.0} | settings).items():
        config[key] = value
    return config
