"""The best path through the tags of a sentence (Viterbi 1967), for many sentences at a time."""

import numpy as np

BLOCK = 256
"""Sentences worked on at once."""


def viterbi(scores: np.ndarray, offsets: np.ndarray, transitions: np.ndarray) -> np.ndarray:
    """The tag of each token [N] on the path with the highest sum of scores and transitions; of equal ones the first.

    Args:
        scores: [N, C] of the tokens of all sentences; sentence i has the rows offsets[i] to offsets[i + 1].
        transitions: [C + 2, C]: from each tag to each; then at the first token; then at the last one.
    """
    classes = scores.shape[1]
    # [from, to], [C], [C]
    between, start, end = transitions[:classes], transitions[classes], transitions[classes + 1]
    lengths = np.diff(offsets)
    order = np.argsort(-lengths, kind="stable")
    order = order[lengths[order] > 0]
    path = np.zeros(len(scores), np.int64)
    for block in (order[i : i + BLOCK] for i in range(0, len(order), BLOCK)):
        first, length = offsets[block], lengths[block]  # falling lengths: those still running come first
        best = scores[first] + start  # [sentences, C]: the best path that ends in each tag
        # int32: C < 2^31, and half the memory of what argmax returns. [length, sentences, C]
        came_from = np.zeros((length[0], len(block), classes), np.int32)
        for t in range(1, length[0]):
            n = np.count_nonzero(length > t)
            ways = best[:n, :, None] + between  # [n, from, to]
            came_from[t, :n] = ways.argmax(axis=1)
            best[:n] = ways.max(axis=1) + scores[first[:n] + t]
        tag = (best + end).argmax(axis=1)
        # backwards a sentence joins at its own last token: until then its tag waits
        for t in range(length[0] - 1, -1, -1):
            n = np.count_nonzero(length > t)
            path[first[:n] + t] = tag[:n]
            tag[:n] = came_from[t, np.arange(n), tag[:n]]
    return path
