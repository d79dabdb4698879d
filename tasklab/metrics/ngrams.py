"""A trigram model of token ids, by interpolated Kneser-Ney smoothing (Chen and Goodman 1999): the simple baseline."""

import numpy as np

MOST = 2_000_000
"""Trigrams that are counted, the first ones: memory stays below 200 MB."""


class Trigrams:
    """p(w | u v) from counts; what was never met falls back to pairs, single tokens and at last to all alike.

    Args:
        contexts: [n, 2] the two tokens before, `vocab_size` where there is none.
        targets: [n] what followed.
        vocab_size: V; ids are below it.
    """

    def __init__(self, contexts: np.ndarray, targets: np.ndarray, vocab_size: int):
        self.size, self.radix = vocab_size, vocab_size + 1
        contexts, targets = np.asarray(contexts[:MOST], np.int64), np.asarray(targets[:MOST], np.int64)
        three, counts = np.unique(self._key(contexts[:, 0], contexts[:, 1], targets), return_counts=True)
        # of the lower orders counts how many different tokens stand before: what continues many is likely anew
        two, before_two = np.unique(three % self.radix**2, return_counts=True)
        one, before_one = np.unique(two % self.radix, return_counts=True)
        self.orders = [_Order(three, counts, self.radix), _Order(two, before_two, self.radix)]
        self.single = _Order(one, before_one, self.radix)

    def log_probabilities(self, contexts: np.ndarray, targets: np.ndarray) -> np.ndarray:
        """[n] natural logarithms for contexts [n, 2] and targets [n]."""
        contexts, targets = np.asarray(contexts, np.int64), np.asarray(targets, np.int64)
        probabilities = np.full(len(targets), 1 / self.size)
        keys = (targets, self._key(contexts[:, 1], targets), self._key(contexts[:, 0], contexts[:, 1], targets))
        for key, order in zip(keys, (self.single, *reversed(self.orders)), strict=True):
            probabilities = order.interpolated(key, probabilities)
        return np.log(probabilities)

    def _key(self, *tokens: np.ndarray) -> np.ndarray:
        key = np.zeros_like(tokens[0])
        for some in tokens:
            key = key * self.radix + some
        return key


class _Order:
    """n-grams of one length: keys [m] rising, counts [m]; a context is a key without its last token."""

    def __init__(self, keys: np.ndarray, counts: np.ndarray, radix: int):
        self.keys, self.counts, self.radix = keys, counts, radix
        once, twice = int((counts == 1).sum()), int((counts == 2).sum())
        self.discount = once / (once + 2 * twice) if once and twice else 0.5  # Ney et al. 1994
        self.contexts, first = np.unique(keys // radix, return_index=True)
        self.totals = np.add.reduceat(counts, first) if len(keys) else counts
        self.kinds = np.diff(np.append(first, len(keys)))  # different tokens behind each context

    def interpolated(self, keys: np.ndarray, lower: np.ndarray) -> np.ndarray:
        """[n] probabilities, with those of the shorter n-grams for what the discount leaves."""
        count, _ = _looked_up(self.keys, self.counts, keys)
        total, seen = _looked_up(self.contexts, self.totals, keys // self.radix)
        kinds, _ = _looked_up(self.contexts, self.kinds, keys // self.radix)
        total = np.where(seen, total, 1)
        mixed = np.maximum(count - self.discount, 0) / total + self.discount * kinds / total * lower
        return np.where(seen, mixed, lower)


def _looked_up(keys: np.ndarray, values: np.ndarray, queries: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(values, 0 where there is none; whether there is one), both [n]."""
    if not len(keys):
        return np.zeros(len(queries), np.int64), np.zeros(len(queries), bool)
    at = np.minimum(np.searchsorted(keys, queries), len(keys) - 1)
    present = keys[at] == queries
    return np.where(present, values[at], 0), present
