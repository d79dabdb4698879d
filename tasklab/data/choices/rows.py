"""Questions as rows of several sequences, one per choice; a context that is too long loses its end."""

from collections.abc import Sequence

import numpy as np

from tasklab.data.choices.checks import ChoiceExample
from tasklab.data.rows.features import FeatureTable
from tasklab.data.rows.ragged import Ragged, row_offsets, spans
from tasklab.data.rows.tokens import distinct, encode_flat
from tasklab.errors import DataError


def choice_rows(tokenizer, examples: Sequence[ChoiceExample], max_seq_length: int) -> FeatureTable:
    """One row per question, of one sequence per choice: [CLS] context [SEP] question [SEP] choice [SEP].

    That is what C3's and DREAM's authors give BERT; the second segment begins with the question. Without a context, or
    without a question, that part and its separator are left out. RoBERTa has two [SEP] between the segments.
    All rows have as many parts as the most choices of a question; those a question does not have are empty.

    Columns: input_ids, token_type_ids (ragged, in parts); labels (the right choice, -1 where it is not known).
    info: cut_contexts, questions whose context was cut for at least one of their choices.
    Raises: DataError when a question with a choice leaves no room for a token of its context: they are never cut.
    """
    count = np.array([len(example.choices) for example in examples])
    owner = np.repeat(np.arange(len(examples)), count)
    pieces = [
        _Pieces(tokenizer, [e.context for e in examples], owner),
        _Pieces(tokenizer, [e.question for e in examples], owner),
        _Pieces(tokenizer, [choice for e in examples for choice in e.choices], np.arange(len(owner))),
    ]
    context, question, choice = pieces
    first = np.where(context.length > 0, 0, np.where(question.length > 0, 1, 2))  # the part that is the first segment
    separators = [(context.length > 0) + 0, (question.length > 0) + 0, np.ones_like(first)]
    for k in (0, 1):
        separators[k][first == k] *= tokenizer.pair_separators
    room = max_seq_length - 1 - sum(separators) - question.length - choice.length
    wanting = room < (context.length > 0)
    _refuse_without_room(examples, owner, np.flatnonzero(wanting), max_seq_length - room + (context.length > 0))
    kept = [np.minimum(context.length, room), question.length, choice.length]

    lengths = 1 + sum(kept) + sum(separators)
    offsets = row_offsets(lengths)
    ids = np.full(offsets[-1], tokenizer.sep_id, np.int32)
    types = np.zeros(offsets[-1], np.int8)
    ids[offsets[:-1]] = tokenizer.cls_id
    at = offsets[:-1] + 1
    for k, part in enumerate(pieces):
        ids[spans(at, kept[k])] = part.tokens.values[spans(part.start, kept[k])]
        second = np.where(k > first, kept[k] + separators[k], 0)
        types[spans(at, second)] = tokenizer.second_type
        at = at + kept[k] + separators[k]
    parts = int(count.max())
    every = np.zeros((len(examples), parts), np.int64)
    every[np.arange(parts) < count[:, None]] = lengths
    shared = row_offsets(every.reshape(-1))
    labels = np.array([-1 if e.label is None else e.label for e in examples], np.int32)
    info = {"cut_contexts": len(np.unique(owner[kept[0] < context.length]))}
    columns = {"input_ids": Ragged(ids, shared), "token_type_ids": Ragged(types, shared)}
    return FeatureTable(columns, {"labels": labels}, info, parts)


class _Pieces:
    """The tokens of one part of each sequence: where they start in `tokens`, and how many they are, [sequences]."""

    def __init__(self, tokenizer, texts: Sequence[str], owner: np.ndarray):
        known, which = distinct(texts)
        self.tokens, _ = encode_flat(tokenizer, known)
        which = which[owner]
        self.start, self.length = self.tokens.offsets[which], self.tokens.lengths[which]


def _refuse_without_room(examples: Sequence[ChoiceExample], owner: np.ndarray, where: np.ndarray, needed: np.ndarray):
    """where: sequences without room; needed: tokens that each would take with one of its context."""
    if not len(where):
        return
    worst = int(where[needed[where].argmax()])
    example = examples[owner[worst]]
    raise DataError(
        f"{example.place}: question and choice leave no room for the context in {len(np.unique(owner[where]))} "
        f"questions, and they are never cut; this one needs data.max_seq_length={int(needed[worst])} or more"
    )
