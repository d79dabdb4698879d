"""Batches and plan of a training on rows with a source and a target, and no column of a certain name."""

from dataclasses import dataclass

import numpy as np

from tasklab.config import Config, DataConfig, setting
from tasklab.data.rows.features import FeatureTable
from tasklab.data.rows.ragged import Ragged, row_offsets
from tasklab.engine.row_order import RowOrder


@dataclass
class PairsDataConfig(DataConfig, path="data"):
    max_target_length: int = setting(24, ge=1)


def test_every_axis_is_planned_by_its_own_lengths_and_limit():
    source, target = [10] * 10 + [100], [5] * 9 + [20, 20]
    rows = FeatureTable(
        {
            "source_ids": Ragged(np.ones(sum(source), np.int32), row_offsets(source)),
            "labels": Ragged(np.ones(sum(target), np.int32), row_offsets(target), "target", -100),
        },
        {},
    )
    config = Config.create(PairsDataConfig, data={"max_seq_length": 128}, train={"batch_size": 4})
    order = RowOrder(rows, config)
    plan = order.plan()
    assert plan["planned_lengths"] == [16, 112] and plan["planned_target_lengths"] == [16, 24]
    assert plan["tokens"] == 200 + 85 and plan["digest_of_rows"] == rows.digest()
    assert order.padding() == "16, 112 tokens; 16, 24 tokens of target"
    for (batch,) in order.steps(0):
        columns = rows.batch(batch.rows, batch.lengths, 4)
        assert columns["source_ids"].shape[1] == (112 if 10 in batch.rows else 16)
        assert columns["labels"].shape[1] == (24 if {9, 10} & set(batch.rows.tolist()) else 16)
