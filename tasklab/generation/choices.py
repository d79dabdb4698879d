"""Which of given texts follows on a prompt: all of their tokens count, and what several begin with is read once."""

from collections.abc import Sequence

from tasklab.generation.choosing import log_softmax
from tasklab.generation.protocol import STOP, Decoder, Generated

ROWS = 16
"""Beginnings that are read at a time, so that few logits are there at once."""


def chosen(
    decoder: Decoder, prompt: Sequence[int], choices: Sequence[Sequence[int]], streamed, several: int
) -> list[Generated]:
    """The `several` likeliest, best first, the first of equal ones first. score: the sum over all tokens of one.

    choices: ids of each, at least one; a choice that begins another is never less likely than it.
    """
    whole = [tuple(map(int, ids)) for ids in choices]
    logs = _logs(decoder, prompt, whole)
    told = [[logs[ids[: n + 1]] for n in range(len(ids))] for ids in whole]
    best = sorted(range(len(whole)), key=lambda k: -sum(told[k]))[:several]
    found = []
    for k in best:
        stream = streamed()
        text = stream.push(whole[k]) + stream.rest()
        found.append(Generated(whole[k], tuple(told[k]), sum(told[k]), STOP, text))
    return found


def _logs(decoder: Decoder, prompt: Sequence[int], whole: list[tuple[int, ...]]) -> dict[tuple[int, ...], float]:
    """Every beginning of a choice -> log-probability of its last token: the nodes of a trie, level by level."""
    slots, logs, used = {(): 0}, {}, 0  # of the beginnings of one level that go on
    for depth in range(max(map(len, whole))):
        inner = sorted({ids[:depth] for ids in whole if len(ids) > depth})
        follow = {node: sorted({ids[: depth + 1] for ids in whole if ids[:depth] == node and len(ids) > depth})
                  for node in inner}  # fmt: skip
        if depth:
            held = {node: slot for slot, node in enumerate(inner, start=1)}
            size = len(prompt) + depth - 1
            decoder.copy([slots[node[:-1]] for node in inner], list(held.values()), [size] * len(inner))
            slots, used = held, max(used, len(inner))
        for first in range(0, len(inner), ROWS):
            part = inner[first : first + ROWS]
            tokens = [node[-1:] if depth else prompt for node in part]
            for node, scores in zip(part, decoder.extend([slots[node] for node in part], tokens), strict=True):
                plain = log_softmax(scores)
                logs |= {child: float(plain[child[-1]]) for child in follow[node]}
    decoder.cut(list(range(used + 1)), [0] * (used + 1))
    return logs
