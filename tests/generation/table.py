"""A decoder whose logits follow from the last two tokens by a table, so that texts are worked out by hand."""

import numpy as np


class Table:
    """logits behind ... u v are table[u, v]; u is 0 behind a single token.

    Of a slot that answers a source, they are moved on by the sum of its ids: word w has what word w - sum had.
    """

    prefix = False

    def __init__(self, table: np.ndarray, max_length: int = 64):
        self.table, self.vocab_size, self.max_length = table, table.shape[-1], max_length
        self.slots: dict[int, list[int]] = {}
        self.answered: dict[int, int] = {}
        self.calls: list[tuple[list[int], list[int]]] = []
        self.reads: list[list[int]] = []

    def read(self, slots, sources):
        assert not any(self.slots.get(slot) for slot in slots)
        self.answered |= {slot: sum(source) for slot, source in zip(slots, sources, strict=True)}
        self.reads += [list(source) for source in sources]

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
                row = self.table[held[-2] if len(held) > 1 else 0, held[-1]]
                behind.append(np.roll(row, self.answered.get(slot, 0)))
            found.append(np.array(behind, np.float32))
        return found

    def copy(self, sources, targets, lengths):
        taken = [self.slots.get(source, [])[:length] for source, length in zip(sources, lengths, strict=True)]
        answered = [self.answered.get(source, 0) for source in sources]
        self.slots |= dict(zip(targets, taken, strict=True))
        self.answered |= dict(zip(targets, answered, strict=True))

    def cut(self, slots, lengths):
        for slot, length in zip(slots, lengths, strict=True):
            self.slots[slot] = self.slots.get(slot, [])[:length]
            if not length:
                self.answered.pop(slot, None)


class Letters:
    """1 is a, 2 is b, ..."""

    special_ids = frozenset()

    def decode(self, ids):
        return "".join(chr(96 + int(number)) for number in ids)
