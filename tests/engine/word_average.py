"""A word-averaging classifier of a few kilobytes. Not in conftest.py: MindSpore compiles a cell by its module's name,
and several folders have a conftest."""

import mindspore as ms
import numpy as np
from mindspore import Parameter, Tensor, nn, ops

from tasklab.config import Config
from tasklab.data.rows.features import FeatureTable
from tasklab.nn.blocks.dropout import Dropout
from tasklab.nn.init import initialize
from tasklab.nn.losses.classes import cross_entropy
from tasklab.task import Task

VOCAB, CLASSES = 12, 3


class MeanOfWords(nn.Cell):
    """Logits [B, CLASSES] from the mean of the word vectors."""

    inputs = ("input_ids", "attention_mask")

    def __init__(self, dropout: float):
        super().__init__()
        self.table = Parameter(Tensor(np.zeros((VOCAB, 8), np.float32)), name="table")
        self.dropout = Dropout(dropout)
        self.output = nn.Dense(8, CLASSES)

    def construct(self, input_ids, attention_mask):
        mask = attention_mask.astype(ms.float32)[:, :, None]
        words = self.dropout(ops.gather(self.table, input_ids, 0)) * mask
        return (self.output(words.sum(axis=1) / mask.sum(axis=1)),)


class LabelLoss(nn.Cell):
    labels = ("labels",)

    def construct(self, logits, labels, sample_weight):
        return cross_entropy(logits, labels, sample_weight)


class Labels(Task):
    """The label of a row is its first word modulo CLASSES."""

    metric, title = "accuracy", "Label Metric"

    def read(self, path, training): ...

    def parse(self, input_data): ...

    def encode(self, examples, training): ...

    def baselines(self, examples, training=None): ...

    def network(self):
        network = MeanOfWords(self.config.model.hidden_dropout_prob)
        initialize(network, self.config.seed, 0.5)
        return network

    def loss(self):
        return LabelLoss()

    def decode(self, outputs, rows, examples, top_k=None):
        found = [None] * len(examples)
        for numbers, (logits,) in outputs:
            for row, scores in zip(numbers, logits, strict=True):
                found[row] = [int(scores.argmax())]
        return found

    def score(self, predictions, examples):
        hits = [found[0] == wanted for found, wanted in zip(predictions, examples, strict=True)]
        return {"accuracy": 100.0 * sum(hits) / len(hits)}


def table_of(lengths) -> FeatureTable:
    random = np.random.default_rng(7)
    rows = [random.integers(1, VOCAB, length) for length in lengths]
    return FeatureTable.from_rows([{"input_ids": ids, "labels": int(ids[0]) % CLASSES} for ids in rows])


def configuration(**settings) -> Config:
    """`train__batch_size=2` sets train.batch_size; nothing is dropped out and nothing warms up unless asked for."""
    sizes = dict(vocab_size=VOCAB, hidden_size=8, num_hidden_layers=1, num_attention_heads=1, intermediate_size=8)
    config = Config.create(name="tiny", task="labels", model=sizes, data={"max_seq_length": 32})
    quiet = {"model.hidden_dropout_prob": 0.0, "schedule.warmup_ratio": 0.0, "optimizer.lr": 0.01}
    for key, value in (quiet | {key.replace("__", "."): value for key, value in settings.items()}).items():
        config[key] = value
    return config
