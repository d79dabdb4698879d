"""Overlapping windows over a long context, with the offsets needed to map an answer back.

Behaviour: google-research/bert run_squad.py.
"""

from collections.abc import Sequence

import numpy as np

from tasklab.data.questions.example import QAExample
from tasklab.data.rows.features import FeatureTable
from tasklab.data.rows.ragged import Ragged, row_offsets, spans
from tasklab.data.rows.tokens import distinct, encode_flat
from tasklab.data.rows.window_plan import WindowPlan
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
    info: truncated_questions (cut to max_query_length tokens), lost_answers (split by every window, or blank).
    Raises: ConfigError when max_seq_length leaves no room for the context; DataError when training and an answer is
        not where it should be.
    """
    if max_query_length < 1 or doc_stride < 1:
        raise ConfigError(f"data.max_query_length {max_query_length} and data.doc_stride {doc_stride} must be above 0")
    questions, question_of = distinct([example.question for example in examples])
    contexts, context_of = distinct([example.context for example in examples])
    question_ids, _ = encode_flat(tokenizer, questions)
    context_ids, offsets = encode_flat(tokenizer, contexts)
    query_length = np.minimum(question_ids.lengths, max_query_length)[question_of]
    special = 2 + tokenizer.pair_separators
    plan = WindowPlan(query_length, context_ids.lengths[context_of], max_seq_length, doc_stride, special)

    example = plan.example
    context_tokens = Ragged(
        spans(context_ids.offsets[context_of[example]] + plan.start, plan.length), row_offsets(plan.length)
    )
    ragged = _sequences(tokenizer, plan, question_ids, context_ids, question_of, context_tokens)
    for name, column in (("char_start", offsets[:, 0]), ("char_end", offsets[:, 1]), ("max_context", None)):
        values = plan.max_context() if column is None else column[context_tokens.values]
        ragged[name] = Ragged(values, context_tokens.offsets, axis=None)
    dense, lost = {"example": example, "context_start": plan.shift}, 0
    if training:
        span = _answer_tokens(examples, contexts, context_of, context_ids.offsets, offsets)
        dense["start_positions"], dense["end_positions"], lost = plan.locate(*span)
    truncated = int((question_ids.lengths[question_of] > max_query_length).sum())
    return FeatureTable(
        ragged,
        {name: column.astype(np.int32) for name, column in dense.items()},
        {"truncated_questions": truncated, "lost_answers": lost},
    )


def _sequences(
    tokenizer, plan: WindowPlan, question_ids: Ragged, context_ids: Ragged, question_of: np.ndarray, tokens: Ragged
) -> dict[str, Ragged]:
    """input_ids and token_type_ids of every window."""
    offsets = row_offsets(plan.query + plan.length + plan.special)
    rows = offsets[:-1]
    ids = np.full(offsets[-1], tokenizer.sep_id, np.int32)
    ids[rows] = tokenizer.cls_id
    questions = spans(question_ids.offsets[:-1][question_of][plan.example], plan.query)
    ids[spans(rows + 1, plan.query)] = question_ids.values[questions]
    ids[spans(rows + plan.shift, plan.length)] = context_ids.values[tokens.values]
    types = np.zeros(offsets[-1], np.int8)
    types[spans(rows + plan.shift, plan.length + 1)] = tokenizer.second_type
    return {"input_ids": Ragged(ids, offsets), "token_type_ids": Ragged(types, offsets)}


def _answer_tokens(
    examples: Sequence[QAExample], contexts: list[str], context_of: np.ndarray, rows: np.ndarray, offsets: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """First and last context token of the first answer of every example [E]; (-1, -1) without an answer.

    An answer that begins or ends inside a token takes all of it. One that holds no token gives last < first.
    """
    begin, end = np.full(len(examples), -1), np.full(len(examples), -1)
    for i, example in enumerate(examples):
        if example.answers:
            answer = example.answers[0]
            if answer.start < 0 or not example.context.startswith(answer.text, answer.start):
                raise DataError(f"{example.place}: the answer {answer.text!r} is not at character {answer.start}")
            begin[i], end[i] = answer.start, answer.start + len(answer.text)
    # characters numbered through all contexts, so that one search serves all
    base = row_offsets(np.fromiter(map(len, contexts), np.int64, len(contexts)) + 1)
    shift = np.repeat(base[:-1], np.diff(rows))
    mine = base[context_of]
    first = np.searchsorted(shift + offsets[:, 1], mine + begin, side="right") - rows[context_of]
    last = np.searchsorted(shift + offsets[:, 0], mine + end, side="left") - 1 - rows[context_of]
    return np.where(begin < 0, -1, first), np.where(begin < 0, -1, last)
