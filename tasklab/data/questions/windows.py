"""Overlapping windows over a long context, with the offsets needed to map an answer back.

Behaviour: google-research/bert run_squad.py.
"""

from collections.abc import Sequence

import numpy as np

from tasklab.data.questions.example import QAExample
from tasklab.data.rows.compose import Segment, compose, frame_size, framed
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
    info: cut_questions (cut to max_query_length tokens), lost_answers (split by every window, or blank).
    Raises: ConfigError when max_seq_length leaves no room for the context; DataError when training and an answer is
        not where it should be.
    """
    if max_query_length < 1 or doc_stride < 1:
        raise ConfigError(f"data.max_query_length {max_query_length} and data.doc_stride {doc_stride} must be above 0")
    questions, question_of = distinct([example.question for example in examples])
    contexts, context_of = distinct([example.context for example in examples])
    question_ids, _ = encode_flat(tokenizer, questions)
    context_ids, offsets = encode_flat(tokenizer, contexts)
    query_length = np.minimum(question_ids.lengths, max_query_length)[question_of]  # [E]
    special = frame_size(tokenizer, texts=2)
    plan = WindowPlan(query_length, context_ids.lengths[context_of], max_seq_length, doc_stride, special)

    example = plan.example  # [W]
    question = Segment(question_ids.values, plan.query, question_ids.offsets[question_of[example]])
    window = Segment(context_ids.values, plan.length, context_ids.offsets[context_of[example]] + plan.start)
    ids, types = compose(framed(tokenizer, [question, window]))
    shown = spans(window.start, window.length)  # [context tokens over all windows]
    per_token = {"char_start": offsets[shown, 0], "char_end": offsets[shown, 1], "max_context": plan.max_context()}
    held = row_offsets(plan.length)
    ragged = {"input_ids": ids, "token_type_ids": types}
    ragged |= {name: Ragged(values, held, axis=None) for name, values in per_token.items()}
    dense, lost = {"example": example, "context_start": plan.shift}, 0
    if training:
        span = _answer_tokens(examples, contexts, context_of, context_ids.offsets, offsets)
        dense["start_positions"], dense["end_positions"], lost = plan.locate(*span)
    truncated = int((question_ids.lengths[question_of] > max_query_length).sum())
    return FeatureTable(
        ragged,
        {name: column.astype(np.int32) for name, column in dense.items()},
        {"cut_questions": truncated, "lost_answers": lost},
    )


def _answer_tokens(
    examples: Sequence[QAExample], contexts: list[str], context_of: np.ndarray, rows: np.ndarray, offsets: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """First and last context token of the first answer of every example [E]; (-1, -1) without an answer.

    An answer that begins or ends inside a token takes all of it. One that holds no token gives last < first.
    """
    begin, end = np.full(len(examples), -1), np.full(len(examples), -1)  # [E] characters
    for i, example in enumerate(examples):
        if example.answers:
            answer = example.answers[0]
            if answer.start < 0 or not example.context.startswith(answer.text, answer.start):
                raise DataError(f"{example.place}: the answer {answer.text!r} is not at character {answer.start}")
            begin[i], end[i] = answer.start, answer.start + len(answer.text)
    # characters numbered through all contexts, so that one search serves all
    base = row_offsets(np.fromiter(map(len, contexts), np.int64, len(contexts)) + 1)  # [contexts + 1]
    shift = np.repeat(base[:-1], np.diff(rows))  # [tokens]
    mine = base[context_of]  # [E]
    first = np.searchsorted(shift + offsets[:, 1], mine + begin, side="right") - rows[context_of]
    last = np.searchsorted(shift + offsets[:, 0], mine + end, side="left") - 1 - rows[context_of]
    return np.where(begin < 0, -1, first), np.where(begin < 0, -1, last)
