"""Plain texts as an evaluation asks them: with the same blanks every time, in as much of a text as a row takes."""

import zlib
from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from tasklab.data.text2text.blanks import MASK
from tasklab.data.text2text.corruption import Corruption
from tasklab.data.text2text.pairs import Pair

HELD_OUT = 1 << 32
"""The epoch whose blanks evaluations have: none of a training, should it have seen the same text."""


class Posed(NamedTuple):
    """pairs: with their blanks written out.   info: as `Rows.info`."""

    pairs: list[Pair]
    info: dict[str, int]


def posed_texts(examples: Sequence[Pair], tokenizer, made: Corruption, room: int) -> Posed:
    """Blanks in the first `room` tokens of each text, as training has them: nobody reads what stands behind these."""
    whole = [example.source for example in examples]
    cut = [
        text if len(offsets) <= room else text[: offsets[room - 1, 1]]
        for text, (_, offsets) in zip(whole, tokenizer.encode_batch(whole), strict=True)
    ]
    numbers = [zlib.crc32(example.id.encode()) for example in examples]  # an id may be any text
    texts = [made.read(text, HELD_OUT, number) for text, number in zip(cut, numbers, strict=True)]
    # the tokens of a text that was cut within a word may be others, and more
    encoded = [(ids[:room], offsets[:room]) for ids, offsets in tokenizer.encode_batch(texts)]
    pairs = [
        made.posed(replace(example, source=kept), text, *one, HELD_OUT, number)
        for example, kept, text, one, number in zip(examples, cut, texts, encoded, numbers, strict=True)
    ]
    info = {
        "cut_sources": sum(a != b for a, b in zip(whole, cut, strict=True)),
        "texts_too_short_for_a_blank": sum(MASK not in pair.source for pair in pairs),
    }
    return Posed(pairs, info)
