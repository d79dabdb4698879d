"""The next token of one text from its logits (order of the steps: transformers' logits processors and warpers)."""

import copy
import hashlib
from collections.abc import Sequence

import numpy as np

from tasklab.config.generation_section import GenerationConfig

NEVER = -np.inf


class Choice:
    """Chooses for one text.

    Args:
        prompt: its ids.   ends: ids that end an answer, not before min_new_tokens.
        seed, sample: with the prompt they name the random numbers, so that neither neighbours nor place matter.
    """

    def __init__(self, settings: GenerationConfig, prompt: Sequence[int], ends: Sequence[int], seed: int, sample: int):
        self.settings, self.ends = settings, np.array(sorted(ends), np.int64)
        self.seen: list[int] = list(map(int, prompt))
        self._begun = len(self.seen)
        content = np.asarray(self.seen, np.int64).tobytes() + np.array([seed, sample], np.int64).tobytes()
        self._key = hashlib.blake2b(content, digest_size=16).digest()

    @property
    def step(self) -> int:
        """Tokens that were chosen."""
        return len(self.seen) - self._begun

    def followed_by(self, token: int) -> "Choice":
        """The same text with one more token."""
        found = copy.copy(self)
        found.seen = [*self.seen, token]
        return found

    def next(self, logits: np.ndarray) -> tuple[int, float]:
        """(token, its log-probability before anything was changed) for logits [V]."""
        allowed = self.allowed(logits)
        token = self._drawn(allowed) if self.settings.do_sample else int(allowed.argmax())
        self.seen.append(token)
        return token, float(log_softmax(logits)[token])

    def allowed(self, logits: np.ndarray) -> np.ndarray:
        """[V] float64 with penalties, NEVER for tokens that may not come."""
        settings, found = self.settings, logits.astype(np.float64)
        if settings.repetition_penalty != 1.0:
            met = np.unique(self.seen)
            penalty = settings.repetition_penalty
            found[met] = np.where(found[met] < 0, found[met] * penalty, found[met] / penalty)
        if settings.no_repeat_ngram_size:
            found[self._would_repeat(settings.no_repeat_ngram_size)] = NEVER
        if settings.suppress_tokens:
            found[settings.suppress_tokens] = NEVER
        if self.step < settings.min_new_tokens:
            found[self.ends] = NEVER
        return logits.astype(np.float64) if found.max() == NEVER else found  # all are forbidden: then none is

    def _would_repeat(self, size: int) -> list[int]:
        """Tokens that would end a stretch which came before."""
        begun = tuple(self.seen[len(self.seen) - size + 1 :]) if size > 1 else ()
        if len(begun) < size - 1:
            return []
        places = range(len(self.seen) - size + 1)
        return [self.seen[i + size - 1] for i in places if tuple(self.seen[i : i + size - 1]) == begun]

    def _drawn(self, logits: np.ndarray) -> int:
        """By the likelihood of those that temperature, top_k, top_p and min_p leave."""
        settings = self.settings
        order = np.argsort(-logits, kind="stable")
        if settings.top_k is not None:
            order = order[: settings.top_k]
        scores = logits[order] / settings.temperature
        share = np.exp(scores - scores[0])
        share /= share.sum()  # [n] falling
        if settings.top_p < 1.0:
            count = int(np.searchsorted(np.cumsum(share), settings.top_p)) + 1
            order, share = order[:count], share[:count]
        if settings.min_p > 0.0:
            count = int((share >= settings.min_p * share[0]).sum())
            order, share = order[:count], share[:count]
        sums = np.cumsum(share)
        return int(order[min(int(np.searchsorted(sums, self._uniform() * sums[-1], side="right")), len(order) - 1)])

    def _uniform(self) -> float:
        """In [0, 1), of this text, sample and step."""
        digest = hashlib.blake2b(self.step.to_bytes(8, "little"), key=self._key, digest_size=8).digest()
        return (int.from_bytes(digest, "little") >> 11) / 2**53


def log_softmax(logits: np.ndarray) -> np.ndarray:
    """[..., V] in float64."""
    wide = logits.astype(np.float64)
    wide -= wide.max(axis=-1, keepdims=True)
    return wide - np.log(np.exp(wide).sum(axis=-1, keepdims=True))
