"""Comparisons and texts as rows of token ids."""

from collections.abc import Sequence

import numpy as np

from tasklab.data.matching.examples import Comparison, MatchingExample
from tasklab.data.matching.settings import MatchingDataConfig
from tasklab.data.rows.apart import apart_column
from tasklab.data.rows.features import FeatureTable
from tasklab.data.rows.pairs import joint_rows, sequences_of, text_rows
from tasklab.data.rows.protocol import APART, Rows
from tasklab.data.rows.repetition import RepeatedRows
from tasklab.data.rows.tokens import distinct
from tasklab.errors import DataError


def pair_rows(tokenizer, compared: Sequence[Comparison], length: int, pair_encoding: str, dense) -> FeatureTable:
    """A row per comparison, as model.pair_encoding wants it.

    dense: further columns, name -> [comparisons].
    """
    first, second = [c.first for c in compared], [c.second for c in compared]
    ragged, cut = text_rows(tokenizer, first, second, length, pair_encoding)
    return FeatureTable(ragged, dense, {"cut_rows": cut}, sequences_of(pair_encoding))


def group_rows(tokenizer, examples: Sequence[MatchingExample], length: int, apart: bool) -> FeatureTable:
    """A row per example: all its texts, a single one twice; `present` [rows, T] tells which are there, and where a
    teacher scored them `teacher_scores` [rows, T - 1].

    apart: rows with a text in common are kept out of one optimizer step, and `texts` [rows, T] numbers the texts
        from 1, equal ones alike.
    """
    texts = [e.texts if len(e.texts) > 1 else e.texts * 2 for e in examples]
    most = max(map(len, texts))
    present = np.arange(most) < np.array([len(own) for own in texts])[:, None]  # [rows, T]
    ragged, cut = joint_rows(tokenizer, [text for own in texts for text in own], None, length)
    # an absent text is a part without tokens
    ends = np.full(present.shape, -1, np.int64)
    ends[present] = np.arange(1, int(present.sum()) + 1)
    ends = np.maximum.accumulate(ends.reshape(-1))  # sequences up to and with each part
    ragged = {
        name: column._replace(offsets=np.concatenate([[0], column.offsets[np.maximum(ends, 0)]]))
        for name, column in ragged.items()
    }
    dense = {"present": present.astype(np.float32)}
    if apart:
        ragged[APART] = hashes = apart_column(texts, most)
        dense["texts"] = np.zeros(present.shape, np.int32)
        dense["texts"][present] = 1 + np.unique(hashes.values, return_inverse=True)[1]
    if any(e.scores for e in examples):
        dense["teacher_scores"] = np.zeros((len(texts), most - 1), np.float32)
        dense["teacher_scores"][present[:, 1:]] = [score for e in examples for score in e.scores]
    return FeatureTable(ragged, dense, {"cut_rows": cut}, most)


def repeating(
    table: FeatureTable, examples: Sequence[MatchingExample], tokenizer, data: MatchingDataConfig, seed: int
) -> Rows:  # fmt: skip
    """`group_rows` of single texts with words that repeat, where data.word_repetition says so.

    Raises: DataError for an example with several texts.
    """
    if data.word_repetition == "none":
        return table
    if several := next((e for e in examples if len(e.texts) > 1), None):
        message = f"data.word_repetition = {data.word_repetition} repeats words of single texts"
        raise DataError(f"{several.place}: holds {len(several.texts)} texts, and {message}; set it to none")
    marks = (tokenizer.cls_id, tokenizer.sep_id, tokenizer.pad_id)
    return RepeatedRows(table, marks, data.word_repetition, data.repetition_rate, data.max_seq_length, seed)


def single_rows(tokenizer, compared: Sequence[Comparison], length: int) -> FeatureTable:
    """A row per different text of the comparisons; `places_of` tells which are compared."""
    texts, _ = _different(compared)
    ragged, cut = joint_rows(tokenizer, texts, None, length)
    return FeatureTable(ragged, {}, {"cut_rows": cut})


def places_of(compared: Sequence[Comparison]) -> tuple[np.ndarray, np.ndarray]:
    """Which rows of `single_rows` the first and the second text of each comparison are."""
    _, which = _different(compared)
    return which[: len(compared)], which[len(compared) :]


def _different(compared: Sequence[Comparison]) -> tuple[list[str], np.ndarray]:
    return distinct([*(c.first for c in compared), *(c.second for c in compared)])
