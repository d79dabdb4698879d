"""Sentences as the task works on them: a text, the characters of its tokens, entities as spans of tokens."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tasklab.data.tagging.schemes import Entity
from tasklab.data.tagging.words import CJK, word_spans

CHARACTERS, WORDS = "characters", "words"
TOUCHING_CJK = re.compile(f"[{CJK}]")

Tokens = tuple[tuple[int, int], ...]
"""Characters [begin, end) of each token, in order."""


@dataclass(frozen=True)
class TaggedExample:
    """A text, its tokens, and its entities as spans of tokens. entities is None where they are not known."""

    id: str
    text: str
    tokens: Tokens
    entities: tuple[Entity, ...] | None = None
    place: str = ""

    @property
    def truth(self) -> list[dict]:
        """The entities as predictions have them, without scores."""
        spans = [(kind, self.tokens[first][0], self.tokens[last][1]) for kind, first, last in self.entities or ()]
        return [{"entity_group": kind, "word": self.text[a:b], "start": a, "end": b} for kind, a, b in spans]


def joined_text(tokens: Sequence[str], units: str) -> tuple[str, Tokens]:
    """The text that the tokens make, and where each one is: characters side by side, words with a blank in between.

    No blank touches a Chinese, Japanese or Korean character.
    """
    pieces, places, at = [], [], 0
    for i, token in enumerate(tokens):
        if i and units == WORDS and not (TOUCHING_CJK.match(token[0]) or TOUCHING_CJK.match(tokens[i - 1][-1])):
            pieces.append(" ")
            at += 1
        pieces.append(token)
        places.append((at, at + len(token)))
        at += len(token)
    return "".join(pieces), tuple(places)


def split_text(text: str, units: str | None) -> Tokens:
    """Where the tokens are: every character that is no blank, or words, marks and Chinese characters."""
    if units == CHARACTERS:
        return tuple(match.span() for match in re.finditer(r"\S", text))
    return word_spans(text)


def units_of(lengths: Iterable[int]) -> str:
    """Characters when nine in ten tokens are one; punctuation alone never makes so many in a text of words."""
    lengths = list(lengths)
    return CHARACTERS if lengths and lengths.count(1) >= 0.9 * len(lengths) else WORDS
