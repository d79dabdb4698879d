"""Rows of a question and a window of a text, and the tokens that spans of characters lie on.

Behaviour: google-research/bert run_squad.py.
"""

from collections.abc import Sequence

import numpy as np

from tasklab.data.rows.compose import Segment, compose, frame_size, framed
from tasklab.data.rows.ragged import Ragged, row_offsets, spans
from tasklab.data.rows.tokens import distinct, encode_flat
from tasklab.data.rows.window_plan import WindowPlan


class Encoded:
    """Texts as token ids, each different one once: `which` [E] is the one of each example."""

    def __init__(self, tokenizer, texts: Sequence[str]):
        self.texts, self.which = distinct(texts)
        self.ids, self.offsets = encode_flat(tokenizer, self.texts)  # offsets [tokens, 2] characters, end exclusive
        # characters numbered through all texts, so that one search serves all
        self._base = row_offsets(np.fromiter(map(len, self.texts), np.int64, len(self.texts)) + 1)  # [texts + 1]
        self._shift = np.repeat(self._base[:-1], self.ids.lengths)  # [tokens]

    @property
    def lengths(self) -> np.ndarray:
        """Tokens of each example's text [E]."""
        return self.ids.lengths[self.which]

    @property
    def first(self) -> np.ndarray:
        """Where each example's text begins in `ids.values` [E]."""
        return self.ids.offsets[self.which]

    def tokens_of(self, example: np.ndarray, begin: np.ndarray, end: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """First and last token [n] of characters begin..end [n] (end exclusive) in the texts of examples [n].

        A span that begins or ends inside a token takes all of it. One that holds no token gives last < first.
        """
        text = self.which[example]
        mine, start = self._base[text], self.ids.offsets[text]
        first = np.searchsorted(self._shift + self.offsets[:, 1], mine + begin, side="right") - start
        last = np.searchsorted(self._shift + self.offsets[:, 0], mine + end, side="left") - 1 - start
        return first, last


class AskedWindows:
    """[CLS] question [SEP] window of the text [SEP], W rows over E examples; RoBERTa has two [SEP] between the two.

    plan: where the windows lie. Raises: ConfigError where a question leaves no room.
    """

    def __init__(
        self, tokenizer, questions: Sequence[str], texts: Sequence[str], max_seq_length: int, doc_stride: int,
        max_query_length: int,
    ):  # fmt: skip
        self.questions, self.texts = Encoded(tokenizer, questions), Encoded(tokenizer, texts)
        query_length = np.minimum(self.questions.lengths, max_query_length)  # [E]
        special = frame_size(tokenizer, texts=2)
        self.plan = WindowPlan(query_length, self.texts.lengths, max_seq_length, doc_stride, special)
        self._tokenizer = tokenizer

    def rows(self) -> dict[str, Ragged]:
        """input_ids and token_type_ids of every window."""
        plan = self.plan
        question = Segment(self.questions.ids.values, plan.query, self.questions.first[plan.example])
        window = Segment(self.texts.ids.values, plan.length, self.texts.first[plan.example] + plan.start)
        ids, types = compose(framed(self._tokenizer, [question, window]))
        return {"input_ids": ids, "token_type_ids": types}

    def offsets(self) -> np.ndarray:
        """Characters of the text tokens of all windows, one window behind the other [tokens, 2]."""
        plan = self.plan
        return self.texts.offsets[spans(self.texts.first[plan.example] + plan.start, plan.length)]
