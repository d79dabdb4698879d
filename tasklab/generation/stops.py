"""Where an answer ends by its text, and what of it may be shown before it has ended."""

import copy
from collections.abc import Sequence


class StopTexts:
    """Watches the text of one answer.

    Args: streamed: gives text for ids, as `text.streamed.Streamed` does.   stops: texts at which it ends.
    """

    def __init__(self, streamed, stops: Sequence[str]):
        self.streamed, self.stops = streamed, tuple(stops)
        self.text, self.met = "", False
        self._shown = 0

    def copy(self) -> "StopTexts":
        """One that goes on by itself."""
        own = copy.copy(self)
        own.streamed = copy.copy(self.streamed)
        return own

    def push(self, token: int) -> str:
        """The text that may be shown now; behind a stop there is none."""
        return "" if self.met else self._add(self.streamed.push([token]), ended=False)

    def rest(self) -> str:
        """What is left to be shown when no more comes."""
        return "" if self.met else self._add(self.streamed.rest(), ended=True)

    def _add(self, more: str, ended: bool) -> str:
        self.text += more
        if not self.met and more:
            places = [at for stop in self.stops if (at := self.text.find(stop, max(0, self._shown))) >= 0]
            if places:
                self.text, self.met = self.text[: min(places)], True
        until = len(self.text) if ended or self.met else len(self.text) - self._begun()
        shown, self._shown = self.text[self._shown : until], max(until, self._shown)
        return shown

    def _begun(self) -> int:
        """Characters at the end that may be the beginning of a stop."""
        most = max((len(stop) for stop in self.stops), default=0) - 1
        sizes = range(min(most, len(self.text)), 0, -1)
        return next((n for n in sizes if any(stop.startswith(self.text[-n:]) for stop in self.stops)), 0)
