"""A decoder whose logits follow from the last two tokens by a table, so that texts are worked out by hand."""

import numpy as np


class Table:
    """logits behind ... u v are table[u, v]; u is 0 behind a single token."""

    def __init__(self, table: np.ndarray, max_length: int = 64):
        self.table, self.vocab_size, self.max_length = table, table.shape[-1], max_length
        self.slots: dict[int, list[int]] = {}
        self.calls: list[tuple[list[int], list[int]]] = []

    def extend(self, slots, tokens):
        return np.stack([logits[-1] for logits in self.scores(slots, tokens)])

    def scores(self, slots, tokens):
        assert len(set(slots)) == len(slots) and all(len(row) for row in tokens)
        self.calls.append((list(slots), [len(row) for row in tokens]))
        found = []
        for slot, row in zip(slots, tokens, strict=True):
            held = self.slots.setdefault(slot, [])
            behind = []
            for token in row:
                held.append(int(token))
                assert len(held) <= self.max_length
                behind.append(self.table[held[-2] if len(held) > 1 else 0, held[-1]])
            found.append(np.array(behind, np.float32))
        return found

    def copy(self, sources, targets, lengths):
        taken = [list(self.slots[source][:length]) for source, length in zip(sources, lengths, strict=True)]
        self.slots |= dict(zip(targets, taken, strict=True))

    def cut(self, slots, lengths):
        for slot, length in zip(slots, lengths, strict=True):
            self.slots[slot] = self.slots.get(slot, [])[:length]


class Letters:
    """1 is a, 2 is b, ..."""

    special_ids = frozenset()

    def decode(self, ids):
        return "".join(chr(96 + int(number)) for number in ids)
