"""The forward-backward algorithm over the tags of many rows at a time (Rabiner 1989, with its scaling), in float64.

T tokens of the longest row, B rows, C tags. Rows are sorted by falling length, so that at each token those that still
run are the first ones.
"""

import numpy as np

TINY = 1e-300
"""Least probability of all tags of a token together: keeps a logarithm finite where every way is ruled out."""


def negative_log_likelihood(logits, transitions, labels):
    """-log p(tags) of each row in nats, and its gradients.

    Args:
        logits: [B, S, C].
        transitions: [C + 2, C]: from each tag to each; then at the first token; then at the last one.
        labels: [B, S] int, 1 + the tag, 0 for a token without: it is passed over.
    Returns: loss [B], gradient of logits [B, S, C], of transitions by row [B, C + 2, C], all float32; 0 for a row
    without a tag.
    """
    B, _, C = logits.shape
    order = np.argsort(-(labels > 0).sum(axis=1), kind="stable")
    rows, columns = np.nonzero(labels[order] > 0)  # [N] each: the N tagged tokens, row by row
    lengths = np.bincount(rows, minlength=B)
    loss, d_logits, d_moves = (np.zeros(shape, np.float32) for shape in (B, logits.shape, (B, C + 2, C)))
    if not len(rows):
        return loss, d_logits, d_moves
    # [N] number of a tagged token within its row, from 0; those without a tag leave no gap
    steps = np.arange(len(rows)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    tags = labels[order[rows], columns] - 1
    scores = np.zeros((lengths[0], B, C))  # [T, B, C]
    scores[steps, rows] = logits[order[rows], columns]
    moves = transitions.astype(np.float64)
    log_sums, marginals, pairs = _all_paths(scores, lengths, moves)

    first, last = steps == 0, steps == lengths[rows] - 1
    before, after = tags[~last], tags[~first]  # of each pair of neighbours
    gold = np.zeros(B)  # score of the path that the labels take
    np.add.at(gold, rows, scores[steps, rows, tags])
    np.add.at(gold, rows[~first], moves[before, after])
    np.add.at(gold, rows[first], moves[C, tags[first]] + moves[C + 1, tags[last]])

    # gradient of log sum - gold: what is expected less what is there
    marginals[steps, rows, tags] -= 1
    np.subtract.at(pairs, (rows[~first], before, after), 1)
    loss[order] = log_sums - gold
    d_logits[order[rows], columns] = marginals[steps, rows]
    tagged = np.flatnonzero(lengths)
    d_moves[order, :C] = pairs
    d_moves[order[tagged], C] = marginals[0, tagged]
    d_moves[order[tagged], C + 1] = marginals[lengths[tagged] - 1, tagged]
    return loss, d_logits, d_moves


def _all_paths(scores, lengths, moves):
    """log of the sum over all paths [B], probability of each tag [T, B, C], expected number of each pair [B, C, C].

    Probabilities are kept so that those of a token add up to 1; what they were divided by makes up the sum.
    """
    T, B, C = scores.shape
    top = scores.max(axis=2, keepdims=True)
    emitted, (between, high) = np.exp(scores - top), _scaled(moves[:C])
    (start, start_high), (end, end_high) = _scaled(moves[C]), _scaled(moves[C + 1])
    running = [np.count_nonzero(lengths > t) for t in range(T)]
    # a row that has ended keeps alpha = beta = 0 and scale 1, whose logarithm adds nothing
    alpha, beta, scale = np.zeros((T, B, C)), np.zeros((T, B, C)), np.ones((T, B, 1))
    for t, n in enumerate(running):
        alpha[t, :n] = emitted[t, :n] * (alpha[t - 1, :n] @ between if t else start)
        scale[t, :n] = alpha[t, :n].sum(axis=1, keepdims=True).clip(TINY)
        alpha[t, :n] /= scale[t, :n]
    tagged = np.flatnonzero(lengths)
    closing = (alpha[lengths[tagged] - 1, tagged] @ end).clip(TINY)
    beta[lengths[tagged] - 1, tagged] = end / closing[:, None]  # so that alpha * beta adds up to 1 at each token
    for t in range(T - 1, 0, -1):
        n = running[t]
        beta[t - 1, :n] = (emitted[t, :n] * beta[t, :n] / scale[t, :n]) @ between.T
    log_sums = np.zeros(B)  # back to logarithms: all that was divided by and taken off
    log_sums[tagged] = np.log(closing) + start_high + end_high + (lengths[tagged] - 1) * high
    log_sums += (np.log(scale) + top)[:, :, 0].sum(axis=0)
    arriving = (emitted * beta / scale)[1:]
    # summed over the tokens by one product per row: [B, C, T - 1] x [B, T - 1, C]
    pairs = between * (alpha[:-1].transpose(1, 2, 0) @ arriving.transpose(1, 0, 2))
    return log_sums, alpha * beta, pairs


def _scaled(logs):
    """(exponentials, the largest of them 1; what was taken off)"""
    high = logs.max()
    return np.exp(logs - high), high
