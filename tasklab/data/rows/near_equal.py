"""Which texts are equal or nearly so: MinHash of character trigrams with banding (Broder 1997; Leskovec et al., ch. 3).

Time and memory grow with the characters of all texts, never with the pairs of them.
"""

import unicodedata
from collections.abc import Iterator, Sequence

import numpy as np

NEAR = 0.8
"""Of all trigrams of two nearly equal texts, the least share that both have (Jaccard)."""
BANDS, ROWS = 12, 3
"""Two texts that share 0.8 of their trigrams meet in a band with probability 1 - (1 - 0.8 ** 3) ** 12 = 0.9998."""
DOUBTFUL = 0.5
"""Share of the orders in which one trigram comes first in both texts; 0.8 in the mean is more than this with 0.9999."""
COMPARED = 2
"""Texts that one more in the same bucket of a band is compared with."""
BATCH = 1 << 16
"""Characters hashed at a time, so that they stay in a processor's cache."""


class Links:
    """Which of n things hang together (union-find); each group goes by its first member."""

    def __init__(self, n: int):
        self._parent = list(range(n))

    def first(self, i: int) -> int:
        """The first member of the group of i."""
        parent = self._parent
        while parent[i] != i:
            parent[i] = parent[parent[i]]
            i = parent[i]
        return i

    def join(self, i: int, k: int):
        low, high = sorted((self.first(i), self.first(k)))
        self._parent[high] = low

    def join_equal(self, keys: Sequence):
        """Joins what has an equal key; None has none."""
        met: dict = {}
        for i, key in enumerate(keys):
            if key is not None:
                self.join(met.setdefault(key, i), i)

    def groups(self) -> np.ndarray:
        """[n] the first member of each one's group."""
        return np.array([self.first(i) for i in range(len(self._parent))], np.int64)


def join_near(links: Links, texts: Sequence[str]):
    """Joins texts that are equal but for case, blanks, punctuation and digits, or nearly so."""
    links.join_equal(texts)
    met: dict[str, int] = {}
    for i, text in enumerate(texts):
        if links.first(i) == i and (k := met.setdefault(letters(text), i)) != i:
            links.join(k, i)
    long = [(text, i) for text, i in met.items() if len(text) > 2]
    if not long:
        return
    normal, numbers = zip(*long, strict=True)
    smallest = np.concatenate([_smallest(batch) for batch in _batches(normal)])  # [n, BANDS * ROWS]
    for band in range(BANDS):
        keys = smallest[:, band * ROWS : (band + 1) * ROWS].copy().view(f"V{4 * ROWS}").ravel()
        buckets: dict[bytes, list[int]] = {}
        for k, key in enumerate(keys.tolist()):
            bucket = buckets.setdefault(key, [])
            own = links.first(numbers[k])
            apart = [other for other in bucket if links.first(numbers[other]) != own]
            for other in apart:
                agreeing = np.count_nonzero(smallest[k] == smallest[other]) / (BANDS * ROWS)
                if agreeing > DOUBTFUL and _alike(normal[k], normal[other]):
                    links.join(numbers[k], numbers[other])
            if len(apart) == len(bucket) < COMPARED:
                bucket.append(k)


def letters(text: str) -> str:
    """The letters, combining marks and pictures of a text in one case; without any of these, its signs."""
    return text.casefold().translate(_LETTERS) or "".join(text.split())


class _Letters(dict):
    """Code point -> itself or nothing, found when it is met first."""

    def __missing__(self, code: int) -> str:
        kind = unicodedata.category(chr(code))
        self[code] = chr(code) if kind[0] in "LM" or kind in ("So", "Sk") and code > 0x7F else ""
        return self[code]


_LETTERS = _Letters()


def _alike(one: str, other: str) -> bool:
    a, b = ({text[i : i + 3] for i in range(len(text) - 2)} for text in (one, other))
    return len(a & b) >= NEAR * len(a | b)


def _batches(texts: Sequence[str]) -> Iterator[list[str]]:
    batch, size = [], 0
    for text in texts:
        batch.append(text)
        size += len(text)
        if size >= BATCH:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _smallest(texts: list[str]) -> np.ndarray:
    """[n, BANDS * ROWS] the trigram that comes first in each of as many orders; texts have three characters or more."""
    codes = np.frombuffer("".join(texts).encode("utf-32-le", "surrogatepass"), np.uint32).astype(np.uint64)  # [L]
    lengths = np.array([len(text) for text in texts])
    ends = np.cumsum(lengths)
    inside = np.ones(len(codes), bool)
    inside[ends - 1] = inside[ends - 2] = False  # a trigram that begins here reaches into the next text
    trigrams = _mixed(_mixed(_mixed(codes[:-2]) + codes[1:-1]) + codes[2:])[inside[:-2]]
    hashed, ordered = (trigrams >> np.uint64(32)).astype(np.uint32), np.empty(len(trigrams), np.uint32)
    starts = np.append(0, np.cumsum(lengths - 2)[:-1])
    smallest = np.empty((len(texts), BANDS * ROWS), np.uint32)
    for k, factor in enumerate(_FACTORS):  # an odd factor puts the numbers below 2 ** 32 into another order
        np.multiply(hashed, factor, out=ordered)
        np.minimum.reduceat(ordered, starts, out=smallest[:, k])
    return smallest


def _mixed(values: np.ndarray) -> np.ndarray:
    """A hash of each 64-bit number (the finalizer of splitmix64, Steele et al. 2014)."""
    values = values + np.uint64(0x9E3779B97F4A7C15)
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))


_FACTORS = (_mixed(np.arange(BANDS * ROWS, dtype=np.uint64)) >> np.uint64(32)).astype(np.uint32) | np.uint32(1)
