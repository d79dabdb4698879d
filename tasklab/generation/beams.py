"""Beam search of one text (behaviour: transformers' generate with num_beams; Wu et al. 2016 for the length penalty)."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from tasklab.generation.choosing import NEVER, Choice, likeliest, log_softmax
from tasklab.generation.protocol import LENGTH, STOP, Generated
from tasklab.generation.stops import StopTexts


@dataclass
class _Beam:
    """A candidate. total: the sum of its log-probabilities, penalties included, by which it is compared."""

    choice: Choice
    ids: list[int]
    logs: list[float]
    total: float


class BeamSearch:
    """See `protocol.Growing`. Arguments as of `text.Text`; streamed: makes what gives text for the ids of an answer."""

    def __init__(self, choice: Choice, room: int, streamed: Callable[[], object]):
        self.settings, self.ends = choice.settings, set(choice.ends.tolist())
        self.room, self.streamed, self.step = room, streamed, 0
        self.beams = [_Beam(choice, [], [], 0.0)]
        self.finished: list[Generated] = []

    def take(self, logits: np.ndarray) -> tuple[list[int], list[int]]:
        going, rows, width = [], [], self.settings.num_beams
        self.step += 1
        for rank, (total, row, token, log) in enumerate(self._candidates(logits)):
            beam = self.beams[row]
            ids, logs = [*beam.ids, token], [*beam.logs, log]
            stops = self._watched(ids)
            if token in self.ends or stops.met or self.step >= self.room:
                if rank < width:  # those behind only see to it that enough go on
                    self.finished.append(self._generated(ids, logs, total, stops))
            elif len(going) < width:
                going.append(_Beam(beam.choice.followed_by(token), ids, logs, total))
                rows.append(row)
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

    def _candidates(self, logits: np.ndarray) -> list[tuple[float, int, int, float]]:
        """(total, row, token, log-probability) of the best continuations, best first: so many that `num_beams` go on
        whatever ends."""
        candidates, count = [], max(2, 1 + len(self.ends)) * self.settings.num_beams
        for row, (beam, scores) in enumerate(zip(self.beams, logits, strict=True)):
            plain = log_softmax(scores)
            logs = beam.choice.allowed(plain)
            best = likeliest(logs, count)
            candidates += [(beam.total + float(logs[t]), row, int(t), float(plain[t])) for t in best if logs[t] > NEVER]
        return sorted(candidates, key=lambda one: (-one[0], one[1], one[2]))[:count]

    def _watched(self, ids: list[int]) -> StopTexts:
        stop_texts = StopTexts(self.streamed(), self.settings.stop)
        for token in ids if self.settings.stop else ():
            stop_texts.push(token)
        return stop_texts

    def _generated(self, ids: list[int], logs: list[float], total: float, stops: StopTexts) -> Generated:
        ended = ids[-1] in self.ends
        reason = STOP if ended or stops.met else LENGTH
        ids, text = ids[:-1] if ended else ids, stops.text
        if not stops.met:
            stream = self.streamed()
            text = (stream.push(ids) if ids else "") + stream.rest()
        return Generated(tuple(ids), tuple(logs), total / len(logs) ** self.settings.length_penalty, reason, text)
