"""Beam search of one text (behaviour: transformers' generate with num_beams; Wu et al. 2016 for the length penalty)."""

import heapq
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np

from tasklab.generation.choosing import NEVER, Choice, likeliest, log_softmax
from tasklab.generation.protocol import LENGTH, STOP, Generated
from tasklab.generation.stops import StopTexts


@dataclass
class _Beam:
    """A candidate. stops: watches what it reads. total: the sum of its log-probabilities, penalties included, by which
    it is compared. logs: of its ids, and of the token that ended it."""

    choice: Choice
    stops: StopTexts
    total: float = 0.0
    ids: list[int] = field(default_factory=list)
    logs: list[float] = field(default_factory=list)
    ended: bool = False

    def followed_by(self, token: int, log: float, total: float, ends: bool) -> "_Beam":
        logs = [*self.logs, log]
        if ends:
            return _Beam(self.choice, self.stops.copy(), total, self.ids, logs, ended=True)
        beam = _Beam(self.choice.followed_by(token), self.stops.copy(), total, [*self.ids, token], logs)
        beam.stops.push(token)
        beam.ended = beam.stops.met
        return beam

    def generated(self, length_penalty: float) -> Generated:
        self.stops.rest()
        score = self.total / len(self.logs) ** length_penalty
        return Generated(tuple(self.ids), tuple(self.logs), score, STOP if self.ended else LENGTH, self.stops.text)


class BeamSearch:
    """See `protocol.Growing`. Arguments as of `text.Text`; streamed: makes what gives text for the ids of an answer."""

    def __init__(self, choice: Choice, room: int, streamed: Callable[[], object]):
        self.settings, self.ends = choice.settings, set(choice.ends.tolist())
        self.room, self.step = room, 0
        self.beams = [_Beam(choice, StopTexts(streamed(), self.settings.stop))]
        self.finished: list[Generated] = []

    def take(self, logits: np.ndarray) -> tuple[list[int], list[int]]:
        going, rows, width = [], [], self.settings.num_beams
        self.step += 1
        last = self.step >= self.room
        for rank, (total, row, token, log) in enumerate(self._candidates(logits)):
            if len(going) == width or last and rank >= width:
                break
            beam = self.beams[row].followed_by(token, log, total, token in self.ends)
            if not beam.ended and not last:
                going.append(beam)
                rows.append(row)
            elif rank < width:  # those behind only see to it that enough go on
                self.finished.append(beam.generated(self.settings.length_penalty))
        self.beams = going
        self.finished = sorted(self.finished, key=lambda one: -one.score)[:width]
        if self._settled():
            return [], []
        return rows, [beam.ids[-1] for beam in going]

    def shown(self) -> str:
        """The best, when it is known."""
        return self.finished[0].text if self._settled() else ""

    def answers(self) -> list[Generated]:
        return self.finished[: self.settings.num_return_sequences]

    def _settled(self) -> bool:
        """Whether none is left, or there are enough, and what goes on is, as it stands, no better than the worst of
        them."""
        if not self.beams:
            return True
        if len(self.finished) < self.settings.num_beams:
            return False
        best = self.beams[0].total / self.step**self.settings.length_penalty
        return self.settings.early_stopping or self.finished[-1].score >= best

    def _candidates(self, logits: np.ndarray) -> Iterator[tuple[float, int, int, float]]:
        """(total, row, token, log-probability) of all continuations, best first, as many as are asked for."""
        return heapq.merge(*map(self._continuations, range(len(logits)), logits), key=lambda one: -one[0])

    def _continuations(self, row: int, logits: np.ndarray) -> Iterator[tuple[float, int, int, float]]:
        """Those of one beam."""
        beam, plain = self.beams[row], log_softmax(logits)
        logs = beam.choice.allowed(plain)
        given, count = 0, 2 * self.settings.num_beams  # mostly enough, as one token ends a text
        while given < len(logs):
            for token in likeliest(logs, count)[given:]:
                if logs[token] == NEVER:
                    return
                yield beam.total + float(logs[token]), row, int(token), float(plain[token])
            given, count = count, 4 * count
