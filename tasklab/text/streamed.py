"""Ids on their way to text: what is certain is given out, half a character waits for its other half."""

from collections.abc import Sequence

HALF = "\ufffd"
"""What a decoder writes for bytes that are no whole character; a beginning of one is a single one at the end."""

MOST = 4
"""Tokens of a character, a byte each."""


class Streamed:
    """The parts that `push` gives, and `rest` at the end, are together what the tokenizer decodes of all ids.

    before: ids of the text that goes on; a word's own blank is in what is decoded behind another one.
    """

    def __init__(self, tokenizer, before: Sequence[int] = ()):
        self.tokenizer = tokenizer
        # the last two that are out, as a text hangs on what stands before (5 behind 63 and its point), and those behind
        self._ids: list[int] = self._last_character(before)
        self._out = len(tokenizer.decode(self._ids))  # characters of their text that are out

    def push(self, ids: Sequence[int]) -> str:
        """The text that these make certain."""
        special = self.tokenizer.special_ids
        if not (numbers := [number for number in map(int, ids) if number not in special]):
            return ""  # last bytes of a character, alone in _ids, would read as a beginning of one
        self._ids = self._ids + numbers  # a copy of this one keeps its own
        text = self.tokenizer.decode(self._ids)
        certain = text.removesuffix(HALF)
        more, self._out = certain[self._out :], len(certain)
        if certain == text:
            self._ids = self._ids[-2:]
            self._out = len(self.tokenizer.decode(self._ids))
        return more

    def _last_character(self, ids: Sequence[int]) -> list[int]:
        """The fewest ids at the end that read whole; none behind a special token, where a text begins."""
        for count in range(1, min(MOST, len(ids)) + 1):
            last = [int(number) for number in ids[-count:]]
            if last[0] in self.tokenizer.special_ids:
                return []
            if HALF not in self.tokenizer.decode(last):
                return last
        return []

    def rest(self) -> str:
        """What is left, whether it is whole or not."""
        more = self.tokenizer.decode(self._ids)[self._out :]
        self._out += len(more)
        return more
