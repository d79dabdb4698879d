"""Ids on their way to text: what is certain is given out, half a character waits for its other half."""

from collections.abc import Sequence

HALF = "\ufffd"
"""What a decoder writes for bytes that are no whole character; a beginning of one is a single one at the end."""


class Streamed:
    """The parts that `push` gives, and `rest` at the end, are together what the tokenizer decodes of all ids."""

    def __init__(self, tokenizer):
        self.tokenizer = tokenizer
        self._ids: list[int] = []  # the last one that is out, as a text hangs on what stands before, and those behind
        self._out = 0  # characters of their text that are out

    def push(self, ids: Sequence[int]) -> str:
        """The text that these make certain."""
        special = self.tokenizer.special_ids
        self._ids += [number for number in map(int, ids) if number not in special]
        text = self.tokenizer.decode(self._ids)
        certain = text.removesuffix(HALF)
        more, self._out = certain[self._out :], len(certain)
        if certain == text:
            self._ids = self._ids[-1:]
            self._out = len(self.tokenizer.decode(self._ids))
        return more

    def rest(self) -> str:
        """What is left, whether it is whole or not."""
        more = self.tokenizer.decode(self._ids)[self._out :]
        self._out += len(more)
        return more
