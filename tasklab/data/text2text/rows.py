"""Pairs as rows with two axes: what the encoder reads along `input`, what the decoder says along `target`."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from tasklab.data.rows.compose import Segment, compose, fit, text
from tasklab.data.rows.features import FeatureTable
from tasklab.data.rows.ragged import Ragged, row_offsets
from tasklab.data.rows.tokens import distinct, encode_flat
from tasklab.data.text2text.pairs import Pair

TARGET = "target"
"""The axis along which the decoder reads."""
NONE = -1
"""In target_ids where no token is asked for."""


class Framing(NamedTuple):
    """How texts become ids; one for training and prediction.

    A source is [begin] text [end] as its tokenizer has it, a target [start] [begin] text [end], whose start is read and
    not said, and whose begin is left out where the start stands for it, and where the target goes on with its source.
    """

    tokenizer: object
    target: object  # tokenizer of targets
    start: int
    goes_on: bool = False

    def sources(self, texts: Sequence[str], most: int) -> tuple[Ragged, int]:
        """Ids of at most `most` tokens, and how many of the texts lose their end."""
        return _framed(self.tokenizer, texts, self.begin, most)

    def targets(self, texts: Sequence[str], most: int) -> tuple[Ragged, int]:
        """The same, with the start in front beside the `most`."""
        return _framed(self.target, texts, self.prompt, most + 1)

    @property
    def begin(self) -> list[int]:
        """What stands before the text of every source."""
        return [self.tokenizer.bos_id] if self.tokenizer.adds_bos else []

    @property
    def prompt(self) -> list[int]:
        """What stands before the text of every target."""
        with_bos = self.target.adds_bos and self.target.bos_id != self.start and not self.goes_on
        return [self.start, self.target.bos_id] if with_bos else [self.start]


def pair_rows(framing: Framing, pairs: Sequence[Pair], max_seq_length: int, max_target_length: int) -> FeatureTable:
    """A row per pair of a source and one of its references.

    Columns: input_ids along the input; along the target decoder_input_ids, and target_ids, the token behind each;
    example, the number of the pair.   info: cut_sources, cut_targets. A target that is cut ends all the same.
    """
    example = np.repeat(np.arange(len(pairs)), [len(pair.references) for pair in pairs])
    sources, cut_sources = framing.sources([pair.source for pair in pairs], max_seq_length)
    targets, cut_targets = framing.targets([t for pair in pairs for t in pair.references], max_target_length)
    last = np.zeros(len(targets.values), bool)
    last[targets.offsets[1:] - 1] = True
    first = np.roll(last, 1)
    offsets = row_offsets(targets.lengths - 1)
    return FeatureTable(
        {
            "input_ids": sources.select(example),
            "decoder_input_ids": Ragged(targets.values[~last], offsets, TARGET),
            "target_ids": Ragged(targets.values[~first], offsets, TARGET, NONE),
        },
        {"example": example.astype(np.int32)},
        {"cut_sources": cut_sources, "cut_targets": cut_targets},
    )


def _framed(tokenizer, texts: Sequence[str], begin: list[int], most: int) -> tuple[Ragged, int]:
    different, which = distinct(texts)
    tokens, _ = encode_flat(tokenizer, different)
    segments = [*(Segment(i, 1) for i in begin), text(tokens, which, cut=True), Segment(tokenizer.eos_id, 1)]
    segments, cut = fit(segments, most)
    ids, _ = compose(segments)
    return ids, int(cut.sum())
