"""Overlapping windows over a long context, with the offsets needed to map an answer back.

Behaviour: google-research/bert run_squad.py.
"""

from collections.abc import Sequence

import numpy as np

from tasklab.data.questions.example import QAExample
from tasklab.data.rows.asked import AskedWindows, Encoded
from tasklab.data.rows.features import FeatureTable
from tasklab.data.rows.ragged import Ragged, row_offsets
from tasklab.errors import ConfigError, DataError


def qa_windows(
    tokenizer, examples: Sequence[QAExample], max_seq_length: int, doc_stride: int, max_query_length: int,
    training: bool,
) -> FeatureTable:  # fmt: skip
    """Rows [CLS] question [SEP] window of the context [SEP], the windows of an example one after the other.

    RoBERTa's tokenizer has two [SEP] between the two, and one token type.

    A window starts `doc_stride` tokens after the one before, or right after it where that would leave a gap; the last
    one ends with the context. A context without tokens gives one empty window, so that every example has a row.

    Columns: input_ids, token_type_ids (ragged, 0, from the context on the tokenizer's `second_type`);
        example: position in `examples`; context_start: position of the window's first token in the row;
        start_positions, end_positions, when training: first and last token of the first answer in the row, both 0 when
        the window does not hold all of it, or there is none;
        char_start, char_end, max_context (ragged, one per context token): characters of the original context, end
        exclusive; 1 where no other window shows more context around this token.
    info: cut_questions (cut to max_query_length tokens), lost_answers (split by every window, or blank).
    Raises: ConfigError when max_seq_length leaves no room for the context; DataError when training and an answer is
        not where it should be.
    """
    if max_query_length < 1 or doc_stride < 1:
        raise ConfigError(f"data.max_query_length {max_query_length} and data.doc_stride {doc_stride} must be above 0")
    asked = AskedWindows(
        tokenizer, [e.question for e in examples], [e.context for e in examples], max_seq_length, doc_stride,
        max_query_length,
    )  # fmt: skip
    plan, offsets = asked.plan, asked.offsets()  # [context tokens over all windows, 2]
    per_token = {"char_start": offsets[:, 0], "char_end": offsets[:, 1], "max_context": plan.max_context()}
    held = row_offsets(plan.length)
    ragged = asked.rows() | {name: Ragged(values, held, axis=None) for name, values in per_token.items()}
    dense, lost = {"example": plan.example, "context_start": plan.shift}, 0
    if training:
        dense["start_positions"], dense["end_positions"], lost = plan.locate(*_answer_tokens(examples, asked.texts))
    truncated = int((asked.questions.lengths > max_query_length).sum())
    return FeatureTable(
        ragged,
        {name: column.astype(np.int32) for name, column in dense.items()},
        {"cut_questions": truncated, "lost_answers": lost},
    )


def _answer_tokens(examples: Sequence[QAExample], contexts: Encoded) -> tuple[np.ndarray, np.ndarray]:
    """First and last context token of the first answer of every example [E]; (-1, -1) without an answer."""
    begin, end = np.full(len(examples), -1), np.full(len(examples), -1)  # [E] characters
    for i, example in enumerate(examples):
        if example.answers:
            answer = example.answers[0]
            if answer.start < 0 or not example.context.startswith(answer.text, answer.start):
                raise DataError(f"{example.place}: the answer {answer.text!r} is not at character {answer.start}")
            begin[i], end[i] = answer.start, answer.start + len(answer.text)
    first, last = contexts.tokens_of(np.arange(len(examples)), begin, end)
    return np.where(begin < 0, -1, first), np.where(begin < 0, -1, last)
