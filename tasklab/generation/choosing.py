"""The next token of one text from its logits (order of the steps: transformers' logits processors and warpers)."""

import copy
import hashlib
from collections.abc import Sequence

import numpy as np

from tasklab.config.generation_section import GenerationConfig

NEVER = -np.inf
GROUP = 32
"""Values of which the greatest one is looked at first, to find the greatest of all."""


class Choice:
    """Chooses for one text.

    Args:
        prompt: its ids.   ends: ids that end an answer, not before min_new_tokens.   source: what it answers.
        seed, sample: with prompt and source they name the random numbers, so that neither neighbours nor place matter.
    """

    def __init__(
        self, settings: GenerationConfig, prompt: Sequence[int], ends: Sequence[int], seed: int, sample: int,
        source: Sequence[int] = (),
    ):  # fmt: skip
        self.settings, self.ends = settings, np.array(sorted(ends), np.int64)
        self.seen: list[int] = list(map(int, prompt))
        self._begun = len(self.seen)
        content = [*self.seen, seed, sample, *([self._begun, *source] if len(source) else ())]
        self._key = hashlib.blake2b(np.array(content, np.int64).tobytes(), digest_size=16).digest()

    @property
    def step(self) -> int:
        """Tokens that were chosen."""
        return len(self.seen) - self._begun

    def followed_by(self, token: int) -> "Choice":
        """The same text with one more token."""
        choice = copy.copy(self)
        choice.seen = [*self.seen, token]
        return choice

    def next(self, logits: np.ndarray) -> tuple[int, float]:
        """(token, its log-probability before anything was changed) for logits [V]."""
        allowed = self.allowed(logits)
        token = self._drawn(allowed) if self.settings.do_sample else int(allowed.argmax())
        self.seen.append(token)
        return token, float(log_softmax(logits)[token])

    def allowed(self, logits: np.ndarray) -> np.ndarray:
        """[V] float64 with penalties, NEVER for tokens that may not come. A rule that leaves none is lifted, repetition
        first."""
        settings, scores = self.settings, logits.astype(np.float64)
        if settings.repetition_penalty != 1.0:
            met = np.unique(self.seen)
            penalty = settings.repetition_penalty
            scores[met] = np.where(scores[met] < 0, scores[met] * penalty, scores[met] / penalty)
        early = self.ends if self.step < settings.min_new_tokens else ()
        for forbidden in (settings.suppress_tokens, early, self._repeating(settings.no_repeat_ngram_size)):
            if len(forbidden):
                left = scores.copy()
                left[forbidden] = NEVER
                scores = left if left.max() > NEVER else scores
        return scores

    def _repeating(self, size: int) -> list[int]:
        """Tokens that would end a stretch of this size which came before; 0: none."""
        if not size:
            return []
        begun = tuple(self.seen[len(self.seen) - size + 1 :]) if size > 1 else ()
        if len(begun) < size - 1:
            return []
        places = range(len(self.seen) - size + 1)
        return [self.seen[i + size - 1] for i in places if tuple(self.seen[i : i + size - 1]) == begun]

    def kept(self, logits: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(tokens [n], their likelihood [n], not of sum 1): those that temperature, top_k, top_p and min_p leave."""
        settings = self.settings
        likely = np.exp((logits - logits.max()) / settings.temperature)  # [V], 1 for the likeliest
        if settings.top_k is None or settings.top_k >= len(likely):
            tokens = np.arange(len(likely))
        else:
            tokens = likeliest(likely, settings.top_k)
        if settings.top_p < 1.0:
            tokens = tokens[_making_up(settings.top_p, likely[tokens])]
        if settings.min_p > 0.0:
            tokens = tokens[likely[tokens] >= settings.min_p]
        return tokens, likely[tokens]

    def _drawn(self, logits: np.ndarray) -> int:
        tokens, likely = self.kept(logits)
        sums = np.cumsum(likely)
        return int(tokens[min(int(np.searchsorted(sums, self._uniform() * sums[-1], side="right")), len(tokens) - 1)])

    def _uniform(self) -> float:
        """In [0, 1), of this text, sample and step."""
        digest = hashlib.blake2b(self.step.to_bytes(8, "little"), key=self._key, digest_size=8).digest()
        return (int.from_bytes(digest, "little") >> 11) / 2**53


def likeliest(values: np.ndarray, count: int) -> np.ndarray:
    """Places of the `count` greatest, falling, the first of equal ones first; without sorting all of a vocabulary."""
    groups, least = len(values) // GROUP, NEVER
    if count <= groups:  # so many groups have a value of at least this one
        least = np.partition(values[: groups * GROUP].reshape(GROUP, groups).max(axis=0), -count)[-count]
    places = np.flatnonzero(values >= least)
    return places[np.argsort(-values[places], kind="stable")][:count]


def _making_up(share: float, values: np.ndarray) -> np.ndarray:
    """Places of the greatest, as few as have this share of the sum; those equal to the last of them too."""
    ordered = np.sort(values)[::-1]
    count = int(np.searchsorted(np.cumsum(ordered), share * values.sum())) + 1
    return np.flatnonzero(values >= ordered[min(count, len(values)) - 1])


def log_softmax(logits: np.ndarray) -> np.ndarray:
    """[..., V] in float64."""
    wide = logits.astype(np.float64)
    wide -= wide.max(axis=-1, keepdims=True)
    return wide - np.log(np.exp(wide).sum(axis=-1, keepdims=True))
