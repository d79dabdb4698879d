"""One answer, token by token: the likeliest next one, or one that is drawn."""

import numpy as np

from tasklab.generation.choosing import Choice
from tasklab.generation.protocol import LENGTH, STOP, Generated
from tasklab.generation.stops import StopTexts


class Text:
    """See `protocol.Growing`.

    choice: with the prompt before it.   room: tokens that it may have.   stops: watches what it reads.
    """

    def __init__(self, choice: Choice, room: int, stops: StopTexts):
        self.choice, self.room, self.stops = choice, room, stops
        self.ids: list[int] = []
        self.logs: list[float] = []
        self.reason = self._shown = ""

    def take(self, logits: np.ndarray) -> tuple[list[int], list[int]]:
        token, log = self.choice.next(logits[0])
        self.logs.append(log)
        if token in self.choice.ends:
            self.reason = STOP
        else:
            self.ids.append(token)
            self._shown += self.stops.push(token)
            if self.stops.met:
                self.reason = STOP
            elif len(self.ids) >= self.room:
                self.reason = LENGTH
        if not self.reason:
            return [0], [token]
        self._shown += self.stops.rest()
        return [], []

    def shown(self) -> str:
        shown, self._shown = self._shown, ""
        return shown

    def answers(self) -> list[Generated]:
        mean = sum(self.logs) / len(self.logs)
        return [Generated(tuple(self.ids), tuple(self.logs), mean, self.reason, self.stops.text)]
