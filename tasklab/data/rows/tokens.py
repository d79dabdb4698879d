"""Texts as one flat row of token ids, each different text encoded once."""

from collections.abc import Sequence

import numpy as np

from tasklab.data.rows.ragged import Ragged, row_offsets


def distinct(texts: Sequence[str]) -> tuple[list[str], np.ndarray]:
    """The different texts in order of appearance, and for each text which one it is."""
    index: dict[str, int] = {}
    which = [index.setdefault(text, len(index)) for text in texts]
    return list(index), np.array(which, np.int64)


def encode_flat(tokenizer, texts: Sequence[str]) -> tuple[Ragged, np.ndarray]:
    """Ids of all texts as one ragged column, and their offsets [tokens, 2] one below the other."""
    encoded = tokenizer.encode_batch(texts)
    lengths = [len(ids) for ids, _ in encoded]
    ids = np.concatenate([ids for ids, _ in encoded]) if encoded else np.zeros(0, np.int32)
    offsets = np.concatenate([pairs for _, pairs in encoded]) if encoded else np.zeros((0, 2), np.int32)
    return Ragged(ids, row_offsets(lengths)), offsets
