"""Which characters of a text were read, to say beside its answers."""

import numpy as np

from tasklab.data.extraction.example import PromptExample
from tasklab.data.extraction.readings import Reading


class Coverage:
    """What the prompts asked about a text have shown of it."""

    def __init__(self, text: str):
        self.windows = 0
        self._text, self._shown = text, None

    def add(self, example: PromptExample, reading: Reading):
        self.windows = max(self.windows, reading.windows)
        if example.options:
            return  # its answers are options: of the text nothing is read
        begun, ended = (np.bincount(side, minlength=len(self._text) + 1) for side in reading.characters.T)
        shown = (begun - ended)[:-1].cumsum() > 0
        self._shown = shown if self._shown is None else self._shown & shown

    @property
    def unread(self) -> list[list[int]] | None:
        """Characters [start, end), blanks apart, that some prompt's answers could not be read from; None of no prompt.

        They are what the tokenizer drops: control characters, and accents that it takes off.
        """
        if self._shown is None:
            return None
        blank = np.fromiter(map(str.isspace, self._text), bool, len(self._text))
        missing = np.concatenate([[False], ~self._shown & ~blank, [False]]).astype(np.int8)
        begin, end = (np.flatnonzero(np.diff(missing) == step) for step in (1, -1))
        return np.stack([begin, end], axis=1).tolist()
