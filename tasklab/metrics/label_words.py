"""How likely labels are by the words that stand for them at masks: constrained likelihood (Schick and Schütze 2021)."""

import numpy as np
from scipy.special import logsumexp

from tasklab.metrics.masked_words import log_probabilities


def label_scores(logits: np.ndarray, table) -> np.ndarray:
    """log P(label) [B, C] float64: the sum over its words of P(word), that is the product of its tokens' at the masks.

    logits: [B, L, V]; table: data.texts.prompts.verbalizer.WordTable.
    """
    log_probs = log_probabilities(logits.astype(np.float64))[:, :, table.ids]  # [B, L, U]
    words = log_probs.reshape(len(logits), -1) @ table.weights.astype(np.float64)  # [B, W]
    return logsumexp(words[:, table.words], axis=2, b=table.present)  # [B, C]


def normalized(scores: np.ndarray) -> np.ndarray:
    """log P(label) among the labels [B, C], whose probabilities then sum up to 1."""
    return scores - logsumexp(scores, axis=1, keepdims=True)


def calibrated(logs: np.ndarray, content_free: np.ndarray) -> np.ndarray:
    """log P(label) [N, C] against what is said of texts without content [K, C], their mean (Zhao et al. 2021)."""
    return logs - content_free.mean(axis=0) if len(content_free) else logs
