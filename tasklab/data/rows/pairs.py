"""Single texts and pairs, together or apart, as rows of token ids."""

from collections.abc import Sequence

import numpy as np

from tasklab.data.rows.compose import compose, fit, frame_size, framed, text
from tasklab.data.rows.ragged import Ragged
from tasklab.data.rows.tokens import distinct, encode_flat
from tasklab.errors import ConfigError, DataError


def second_texts(examples: Sequence) -> list[str] | None:
    """Every text_b; None for single texts. Raises DataError when some have one and some do not."""
    lone = [e for e in examples if e.text_b is None]
    if lone and len(lone) < len(examples):
        raise DataError(f"{lone[0].place}: is a single text among pairs; give all inputs one text, or all of them two")
    return None if lone else [e.text_b for e in examples]


def text_rows(
    tokenizer, first: Sequence[str], second: Sequence[str | None] | None, max_seq_length: int,
    pair_encoding: str = "joint",
) -> tuple[dict[str, Ragged], int]:  # fmt: skip
    """Rows as model.pair_encoding wants them: `joint_rows`, or each text of a pair on its own, one after the other.

    Raises: DataError where there are no pairs to read so.
    """
    if pair_encoding == "joint":
        return joint_rows(tokenizer, first, second, max_seq_length)
    if second is None:
        message = f"model.pair_encoding = {pair_encoding} compares two texts, but there is one"
        raise DataError(f"{message}; name the column of the second with data.text_b")
    apart = [one for pair in zip(first, second, strict=True) for one in pair]
    return joint_rows(tokenizer, apart, None, max_seq_length)


def sequences_of(pair_encoding: str) -> int:
    """Sequences per row, as FeatureTable counts them."""
    return 1 if pair_encoding == "joint" else 2


def joint_rows(
    tokenizer, first: Sequence[str], second: Sequence[str | None] | None, max_seq_length: int
) -> tuple[dict[str, Ragged], int]:
    """One row [CLS] a [SEP] or [CLS] a [SEP] b [SEP] per text or pair; RoBERTa has two [SEP] between a and b.

    Of a pair that is too long the longer text loses tokens first, each text at its end.
    Args:
        second: None for single texts; or None where a text is single among pairs.
    Returns: input_ids and token_type_ids (0, from text b on the tokenizer's `second_type`), and how many rows were cut.
    Raises: ConfigError when max_seq_length leaves no room for a token of each text.
    """
    second = [None] * len(first) if second is None else second
    paired = np.array([b is not None for b in second], bool)  # [R]
    count = 1 + int(paired.any())
    if max_seq_length < frame_size(tokenizer, count) + count:
        raise ConfigError(f"data.max_seq_length {max_seq_length} leaves no room for text beside the special tokens")
    texts, which = distinct([*first, *(b for b in second if b is not None)])
    tokens, _ = encode_flat(tokenizer, texts)
    which_b = np.zeros(len(first), np.int64)
    which_b[paired] = which[len(first) :]
    a, b = text(tokens, which[: len(first)], cut=True), text(tokens, which_b, cut=True)
    b = b._replace(length=b.length * paired)
    segments, shortened = fit(framed(tokenizer, [a, b][:count], [True, paired][:count]), max_seq_length)
    ids, types = compose(segments)
    return {"input_ids": ids, "token_type_ids": types}, int(shortened.sum())
