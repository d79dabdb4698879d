"""Rows of a prompt: a pattern filled with an example's texts, of which alone something is cut, around the masks."""

from collections.abc import Sequence

import numpy as np

from tasklab.data.rows.compose import NoRoom, Segment, compose, fit, text
from tasklab.data.rows.features import FeatureTable
from tasklab.data.rows.ragged import Ragged, row_offsets
from tasklab.data.rows.tokens import distinct, encode_flat
from tasklab.data.texts.prompts.pattern import MASK, SOFT, TEXT_A, TEXT_B, Pattern
from tasklab.errors import DataError


def prompt_rows(
    tokenizer, examples: Sequence, patterns: Sequence[Pattern], masks: int, max_seq_length: int, soft_id: int = 0,
    soft_tokens: int = 0,
) -> FeatureTable:  # fmt: skip
    """A row [CLS] pattern [SEP] for each pattern and example, all examples of the first pattern first.

    Args:
        examples: with text_a, text_b.
        masks: how many stand at {MASK}.
        soft_id: what the first learned vector is called, the others counting from there; each pattern has its own.
        soft_tokens: how many stand at each {soft}.
    Returns: input_ids, token_type_ids; masked_positions [R, masks]; example [R], the number of the row's example; the
        count cut_rows.
    Raises: DataError where a pattern leaves no room for a text.
    """
    places = np.cumsum([0, *(pattern.soft for pattern in patterns)])
    made = [
        _rows(tokenizer, examples, pattern, masks, max_seq_length, soft_id + soft_tokens * int(first), soft_tokens)
        for pattern, first in zip(patterns, places, strict=False)
    ]
    ids, types, positions, cut = zip(*made, strict=True)
    dense = {
        "masked_positions": np.concatenate(positions),  # [R, masks]
        "example": np.tile(np.arange(len(examples)), len(patterns)),
    }
    ragged = {"input_ids": _below(ids), "token_type_ids": _below(types)}
    return FeatureTable(ragged, dense, {"cut_rows": sum(cut)})


def _rows(
    tokenizer, examples: Sequence, pattern: Pattern, masks: int, max_seq_length: int, soft_id: int, soft_tokens: int
):  # fmt: skip
    """Ids, types, places of the masks [N, masks], and how many rows were cut."""
    segments, at = [Segment(tokenizer.cls_id, 1)], 0
    for literal, field in pattern.pieces:
        fixed = literal.rstrip()
        ((own, _),) = tokenizer.encode_batch([fixed])
        segments.append(Segment(own, len(own)))
        if field == MASK:
            at = len(segments)
            segments.append(Segment(tokenizer.mask_id, masks))
        elif field == SOFT:
            segments.append(Segment(np.arange(soft_id, soft_id + soft_tokens), soft_tokens))
            soft_id += soft_tokens
        elif field:
            blank = literal[len(fixed) :][:1]  # belongs to the word behind it: byte pairs tell the two apart
            segments.append(_texts(tokenizer, examples, field, blank))
    segments.append(Segment(tokenizer.sep_id, 1))
    segments = [s._replace(length=np.broadcast_to(s.length, len(examples))) for s in segments]
    try:
        segments, shortened = fit(segments, max_seq_length)
    except NoRoom as none:
        row = int(none.rows[none.needed.argmax()])
        place = getattr(examples[row], "place", "") or f"input[{row}]"
        fewer = "take fewer data.soft_tokens, " if pattern.soft else ""
        raise DataError(
            f"{place}: the pattern {pattern.text!r} with {masks} masks needs {none.needed.max()} tokens with one of "
            f"each text, but data.max_seq_length is {max_seq_length}; raise that, {fewer}or shorten the pattern"
        ) from None
    first = sum(segment.length for segment in segments[:at])  # [N]
    ids, types = compose(segments)
    return ids, types, (first[:, None] + np.arange(masks)).astype(np.int32), int(shortened.sum())


def _texts(tokenizer, examples: Sequence, field: str, blank: str) -> Segment:
    """What stands at a field of every row, with the blank before it where the pattern has one."""
    own = {TEXT_A: lambda e: e.text_a, TEXT_B: lambda e: e.text_b}[field]
    texts, which = distinct([blank + own(example) for example in examples])
    return text(encode_flat(tokenizer, texts)[0], which, cut=True)


def _below(columns: Sequence[Ragged]) -> Ragged:
    """The rows of one column after another."""
    lengths = np.concatenate([column.lengths for column in columns])
    return Ragged(np.concatenate([column.values for column in columns]), row_offsets(lengths))
