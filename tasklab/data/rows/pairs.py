"""Single texts and pairs, together or apart, as rows of token ids (truncation: transformers' `longest_first`)."""

from collections.abc import Sequence

import numpy as np

from tasklab.data.rows.ragged import Ragged, row_offsets, spans
from tasklab.data.rows.tokens import distinct, encode_flat
from tasklab.errors import ConfigError, DataError


def second_texts(examples: Sequence) -> list[str] | None:
    """Every text_b; None for single texts. Raises DataError when some have one and some do not."""
    lone = [e for e in examples if e.text_b is None]
    if lone and len(lone) < len(examples):
        raise DataError(f"{lone[0].place}: is a single text among pairs; give all inputs one text, or all of them two")
    return None if lone else [e.text_b for e in examples]


def text_rows(
    tokenizer, first: Sequence[str], second: Sequence[str] | None, max_seq_length: int, pair_encoding: str = "joint"
) -> tuple[dict[str, Ragged], int]:
    """Rows as model.pair_encoding wants them: `joint_rows`, or each text of a pair on its own, one after the other.

    Raises: DataError where there are no pairs to read so.
    """
    if pair_encoding == "joint":
        return joint_rows(tokenizer, first, second, max_seq_length)
    if second is None:
        told = f"model.pair_encoding = {pair_encoding} compares two texts, but there is one"
        raise DataError(f"{told}; name the column of the second with data.text_b")
    texts = [text for pair in zip(first, second, strict=True) for text in pair]
    return joint_rows(tokenizer, texts, None, max_seq_length)


def parts_of(pair_encoding: str) -> int:
    """Sequences per row, as FeatureTable counts them."""
    return 1 if pair_encoding == "joint" else 2


def joint_rows(
    tokenizer, first: Sequence[str], second: Sequence[str] | None, max_seq_length: int
) -> tuple[dict[str, Ragged], int]:
    """One row [CLS] a [SEP] or [CLS] a [SEP] b [SEP] per text or pair; RoBERTa has two [SEP] between a and b.

    Of a pair that is too long the longer text loses tokens first, each text at its end.
    Returns: input_ids and token_type_ids (0, from text b on the tokenizer's `second_type`), and how many rows were cut.
    Raises: ConfigError when max_seq_length leaves no room for a token of each text.
    """
    special = 2 if second is None else 2 + tokenizer.pair_separators
    room = max_seq_length - special
    if room < 1 + (second is not None):
        raise ConfigError(f"data.max_seq_length {max_seq_length} leaves no room for text beside the special tokens")
    texts, which = distinct([*first, *(second or ())])
    tokens, _ = encode_flat(tokenizer, texts)
    which_a, which_b = which[: len(first)], which[len(first) :]
    length_a = tokens.lengths[which_a]
    length_b = tokens.lengths[which_b] if second is not None else np.zeros_like(length_a)
    kept_a, kept_b = longest_first(length_a, length_b, room)

    offsets = row_offsets(kept_a + kept_b + special)
    starts = offsets[:-1]
    ids = np.full(offsets[-1], tokenizer.sep_id, np.int32)
    ids[starts] = tokenizer.cls_id
    ids[spans(starts + 1, kept_a)] = tokens.values[spans(tokens.offsets[which_a], kept_a)]
    types = np.zeros(offsets[-1], np.int8)
    if second is not None:
        start_b = starts + kept_a + special - 1
        ids[spans(start_b, kept_b)] = tokens.values[spans(tokens.offsets[which_b], kept_b)]
        types[spans(start_b, kept_b + 1)] = tokenizer.second_type
    cut = int((kept_a + kept_b < length_a + length_b).sum())
    return {"input_ids": Ragged(ids, offsets), "token_type_ids": Ragged(types, offsets)}, cut


def longest_first(length_a: np.ndarray, length_b: np.ndarray, room: int) -> tuple[np.ndarray, np.ndarray]:
    """Tokens kept of each text: the shorter one whole while it takes at most half of `room`, else half for each.

    Of an odd room the longer text gets the middle token, of two equally long ones the second.
    """
    short, long = np.minimum(length_a, length_b), np.maximum(length_a, length_b)
    kept_short = np.minimum(short, np.maximum(room - long, room // 2))
    kept_long = np.minimum(long, room - kept_short)
    swapped = length_a > length_b
    return np.where(swapped, kept_long, kept_short), np.where(swapped, kept_short, kept_long)
