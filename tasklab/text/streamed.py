"""Ids on their way to text: what is certain is given out, half a character waits for its other half."""

from collections.abc import Sequence

HALF = "\ufffd"
"""What a decoder writes for bytes that are no whole character."""
LONGEST = 4
"""Tokens that one character may be spread over; more of them are no beginning of one."""


class Streamed:
    """The parts that `push` gives, and `rest` at the end, are together what the tokenizer decodes of all ids."""

    def __init__(self, tokenizer):
        self.tokenizer = tokenizer
        self._ids: list[int] = []
        self._known = 0  # of the ids, those whose text is out; those before the last known part are dropped

    def push(self, ids: Sequence[int]) -> str:
        """The text that these make certain."""
        self._ids += map(int, ids)
        whole = self.tokenizer.decode(self._ids)
        waiting = whole.endswith(HALF) and len(self._ids) - self._known < LONGEST
        return "" if waiting else self._out(whole)

    def rest(self) -> str:
        """What is left, whether it is whole or not."""
        return self._out(self.tokenizer.decode(self._ids))

    def _out(self, whole: str) -> str:
        before = self.tokenizer.decode(self._ids[: self._known])
        self._ids = self._ids[self._known :] or self._ids  # kept: how a token reads hangs on the one before it
        self._known = len(self._ids)
        return whole[len(before) :]
