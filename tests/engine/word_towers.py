"""Two texts of a row as vectors, compared over the batch and with a queue. A module of its own: MindSpore compiles a
cell by its module's name."""

import mindspore as ms
import numpy as np
from mindspore import Parameter, Tensor, nn, ops
from word_average import VOCAB

from tasklab.data.rows.features import FeatureTable
from tasklab.data.rows.ragged import row_offsets
from tasklab.nn.blocks.dropout import Dropout
from tasklab.nn.blocks.vector_queue import VectorQueue
from tasklab.nn.init import initialize

WIDTH = 6


class TrainedHead(nn.Cell):
    """Stands above the vectors in training alone."""

    def __init__(self, dropout):
        super().__init__()
        self.dense, self.dropout = nn.Dense(8, WIDTH), Dropout(dropout)

    def construct(self, x):
        return self.dropout(self.dense(x)) if self.training else x


class WordTowers(nn.Cell):
    inputs = ("input_ids", "attention_mask")

    def __init__(self, dropout):
        super().__init__()
        self.table = Parameter(Tensor(np.zeros((VOCAB, 8), np.float32)), name="table")
        self.dropout, self.head = Dropout(dropout), TrainedHead(dropout)

    def construct(self, input_ids, attention_mask):
        mask = attention_mask.astype(ms.float32)[..., None]
        words = self.dropout(ops.gather(self.table, input_ids, 0)) * mask  # [B, T, S, 8]
        return (self.head(words.sum(axis=2) / mask.sum(axis=2)),)


class QueuedLoss(nn.Cell):
    """Each first text's second one among all second ones and the vectors of the queue."""

    labels = ("texts",)
    over_batch = True

    def __init__(self, size, momentum):
        super().__init__()
        self.queue = VectorQueue(size, WIDTH, momentum)

    def construct(self, vectors, texts, sample_weight):
        x = vectors * ops.rsqrt((vectors * vectors).sum(axis=-1, keepdims=True) + 1e-12)
        kept = self.queue.vectors * ops.rsqrt((self.queue.vectors**2).sum(axis=-1, keepdims=True) + 1e-12)
        others = 4 * ops.matmul(x[:, 0], kept.T) - 1e4 * (1 - self.queue.filled)  # [B, M]
        scores = 4 * ops.matmul(x[:, 0], x[:, 1].T) - 1e4 * (1 - sample_weight)  # [B, B]
        chosen = ops.log_softmax(ops.cat((scores, others), axis=1), -1)[:, : scores.shape[0]]
        own = (chosen * ops.eye(*scores.shape, ms.float32)).sum(axis=-1)  # [B]
        return -(own * sample_weight).sum(), sample_weight.sum()


def towers(dropout=0.0) -> WordTowers:
    network = WordTowers(dropout)
    initialize(network, 5, 0.5)
    return network


def twice(table: FeatureTable) -> FeatureTable:
    """Every text two times in its row."""
    column = table["input_ids"]
    rows = [column.row(i) for i in range(len(table))]
    values = np.concatenate([row for row in rows for _ in range(2)])
    ids = column._replace(values=values, offsets=row_offsets(np.repeat(column.lengths, 2)))
    texts = np.repeat(np.arange(1, len(rows) + 1, dtype=np.int32), 2).reshape(-1, 2)
    return FeatureTable({"input_ids": ids}, {"texts": texts}, sequences=2)
