"""Which of given texts follows on a prompt: all of their tokens count, and what several begin with is read once."""

import functools
from collections.abc import Iterator, Sequence

from tasklab.generation.choosing import log_softmax
from tasklab.generation.protocol import STOP, Decoder, Generated
from tasklab.generation.slots import lent

Node = tuple[int, ...]
"""A beginning of a choice."""


def chosen(
    decoder: Decoder, prompts: Sequence[Sequence[int]], choices: Sequence[Sequence[int]], streamed, several: int,
    rows: int, sources: Sequence[Sequence[int]] = (),
) -> Iterator[list[Generated]]:  # fmt: skip
    """Per prompt the `several` likeliest, best first, the first of equal ones first. score: the sum over all tokens.

    choices: ids of each, at least one; a choice that begins another is never less likely than it.
    rows: beginnings that are read at a time, so that few logits are there at once.
    """
    whole = [tuple(map(int, ids)) for ids in choices]
    levels = _levels(whole)
    width = max(map(len, levels))  # slots of a prompt
    together = max(1, rows // width)  # prompts
    for first in range(0, len(prompts), together):
        part = slice(first, first + together)
        with lent(decoder, range(1, 1 + len(prompts[part]) * width)):
            tables = _logs(decoder, prompts[part], sources[part], levels, width, rows)
        for logs, prompt in zip(tables, prompts[part], strict=True):
            yield _best(whole, logs, functools.partial(streamed, prompt), several)


def _best(whole: list[Node], logs: dict[Node, float], streamed, several: int) -> list[Generated]:
    scores = [[logs[ids[: n + 1]] for n in range(len(ids))] for ids in whole]
    answers = []
    for k in sorted(range(len(whole)), key=lambda k: -sum(scores[k]))[:several]:
        stream = streamed()
        text = stream.push(whole[k]) + stream.rest()
        answers.append(Generated(whole[k], tuple(scores[k]), sum(scores[k]), STOP, text))
    return answers


def _levels(whole: list[Node]) -> list[dict[Node, list[Node]]]:
    """By length, every beginning that goes on -> the beginnings of one more token: a trie."""
    levels: list[dict[Node, dict[Node, None]]] = [{} for _ in range(max(map(len, whole)))]
    for ids in sorted(whole):
        for n in range(len(ids)):
            levels[n].setdefault(ids[:n], {})[ids[: n + 1]] = None  # a set in order
    return [{node: list(longer) for node, longer in level.items()} for level in levels]


def _logs(decoder: Decoder, prompts, sources, levels: list[dict], width: int, rows: int) -> list[dict[Node, float]]:
    """Per prompt every beginning of a choice -> log-probability of its last token."""
    logs: list[dict[Node, float]] = [{} for _ in prompts]
    if len(sources):
        decoder.read([1 + p * width for p in range(len(prompts))], sources)
    before = {(): 0}  # node of the level above -> its place among the slots of a prompt
    for depth, follow in enumerate(levels):
        places = {node: place for place, node in enumerate(follow)}
        pairs = [(p, node) for p in range(len(prompts)) for node in follow]
        slots = [1 + p * width + places[node] for p, node in pairs]
        if depth:
            above = [1 + p * width + before[node[:-1]] for p, node in pairs]
            decoder.copy(above, slots, [len(prompts[p]) + depth - 1 for p, _ in pairs])
        for first in range(0, len(pairs), rows):
            part = pairs[first : first + rows]
            tokens = [node[-1:] if depth else prompts[p] for p, node in part]
            for (p, node), scores in zip(part, decoder.extend(slots[first : first + rows], tokens), strict=True):
                plain = log_softmax(scores)
                logs[p] |= {child: float(plain[child[-1]]) for child in follow[node]}
        before = places
    return logs
