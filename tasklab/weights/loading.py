"""Copies weights into a MindSpore network, and says what it did."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import mindspore as ms
import numpy as np

from tasklab.weights.ledger import FINETUNE, Ledger, plan, settle


def load_into(
    cell: ms.nn.Cell, tensors: dict, policy: str = FINETUNE, source: str = "weights", unused: tuple[str, ...] = ()
) -> Ledger:
    """Sets the Parameters of `cell` from name -> array, by the names of `cell.parameters_and_names()`.

    Values are read as float32; any other type is cast, and noted. Nothing is changed when the load is refused.
    Returns: the ledger; the caller prints `ledger.render(source)`.
    Raises: CheckpointError, see `ledger.settle`.
    """
    parameters = dict(cell.parameters_and_names())
    planned = plan({name: parameter.shape for name, parameter in parameters.items()}, tensors)
    ledger = settle(planned, policy, source, unused)
    casts: Counter = Counter()
    for name in ledger.loaded:
        array = np.asarray(tensors[name])
        if array.dtype != np.float32:
            casts[str(array.dtype)] += 1
        parameter = parameters[name]
        values = np.ascontiguousarray(array, dtype=np.float32)
        parameter.set_data(ms.Tensor(values, dtype=parameter.dtype))
    notes = tuple(f"cast {count} tensors from {dtype} to float32" for dtype, count in sorted(casts.items()))
    return replace(ledger, notes=ledger.notes + notes)
