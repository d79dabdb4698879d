"""Vocabularies that are counted: the characters or the words of a text that comes line by line."""

import heapq
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from tasklab.text.listed import lowered

CHUNK = 1 << 20  # characters worked on at once
CODE_POINTS = 0x110000
MOST_COUNTED = 1 << 22  # different words; beyond, the rarest are forgotten


@dataclass(frozen=True)
class Limits:
    """size: at most so many pieces, special tokens included. min_count: pieces that occur less often are left out.

    unused: places [unused1], ... behind [PAD], for later. sample: lines that bpe, unigram and t5 learn from, by seed.
    """

    size: int
    min_count: int = 1
    lowercase: bool = True
    unused: int = 0
    sample: int = 1_000_000
    seed: int = 0

    @property
    def special(self) -> list[str]:
        """In the order of BERT's own vocabularies and, with 99 unused places, of UER-py's."""
        return ["[PAD]", *(f"[unused{i}]" for i in range(1, self.unused + 1)), "[UNK]", "[CLS]", "[SEP]", "[MASK]"]


def char(lines: Iterable[str], options: Limits) -> dict[str, bytes]:
    """Every character of the stripped lines, the most frequent first; equally frequent ones by code point."""
    counts = np.zeros(CODE_POINTS, np.int64)
    for text in chunks((line.strip() for line in lines), CHUNK):
        counts += np.bincount(np.frombuffer(text.encode("utf-32-le"), np.uint32), minlength=CODE_POINTS)
    counts[[ord("\n"), ord("\r")]] = 0  # no line of a file can hold them
    characters: Counter[str] = Counter()
    for code in np.flatnonzero(counts).tolist():
        characters[spelled(chr(code), options)] += int(counts[code])
    return _counted(characters, options)


def space(lines: Iterable[str], options: Limits) -> dict[str, bytes]:
    """Every word between blanks, the most frequent first; equally frequent ones in the order of their code points.

    Of more than MOST_COUNTED different words the rarest are forgotten while counting (Manku and Motwani 2002), so
    that the counts of the others may be a little low.
    """
    counts: Counter[str] = Counter()
    floor = 0
    for text in chunks((spelled(line, options) for line in lines), CHUNK):
        counts.update(text.split())
        while len(counts) > MOST_COUNTED:
            floor += 1
            counts = Counter({word: count for word, count in counts.items() if count > floor})
    return _counted(counts, options)


def spelled(text: str, options: Limits) -> str:
    """The text as the tokenizer will read it."""
    if not options.lowercase:
        return text
    return text.lower() if text.isascii() else lowered(text)


def chunks(texts: Iterable[str], least: int) -> Iterator[str]:
    """The texts joined by line ends, `least` characters or a little more at a time."""
    held, size = [], 0
    for text in texts:
        held.append(text)
        size += len(text) + 1
        if size >= least:
            yield "\n".join(held)
            held, size = [], 0
    if held:
        yield "\n".join(held)


def listed(tokens: list[str]) -> bytes:
    return "".join(token + "\n" for token in tokens).encode()


def _counted(counts: dict[str, int], options: Limits) -> dict[str, bytes]:
    special = options.special
    frequent = (token for token, count in counts.items() if count >= options.min_count and token not in special)
    room = max(0, options.size - len(special))
    ranked = heapq.nsmallest(room, frequent, key=lambda token: (-counts[token], token))  # no list of all of them
    return {"vocab.txt": listed([*special, *ranked])}
