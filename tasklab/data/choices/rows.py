"""Questions as rows of several sequences, one per choice; a context that is too long loses its end."""

from collections.abc import Sequence

import numpy as np

from tasklab.data.choices.checks import ChoiceExample
from tasklab.data.rows.compose import NoRoom, Segment, compose, fit, framed, text
from tasklab.data.rows.features import FeatureTable
from tasklab.data.rows.ragged import Ragged, row_offsets
from tasklab.data.rows.tokens import distinct, encode_flat
from tasklab.errors import DataError


def choice_rows(tokenizer, examples: Sequence[ChoiceExample], max_seq_length: int) -> FeatureTable:
    """One row per question, of one sequence per choice: [CLS] context [SEP] question [SEP] choice [SEP].

    That is what C3's and DREAM's authors give BERT; the second segment begins with the question. Without a context, or
    without a question, that part and its separator are left out. RoBERTa has two [SEP] between the segments.
    All rows have as many sequences as the most choices of a question; those a question does not have are empty.

    Columns: input_ids, token_type_ids (ragged, in sequences); labels (the right choice, -1 where it is not known).
    info: cut_contexts, questions whose context was cut for at least one of their choices.
    Raises: DataError when a question with a choice leaves no room for a token of its context: they are never cut.
    """
    count = np.array([len(example.choices) for example in examples])
    owner = np.repeat(np.arange(len(examples)), count)  # [sequences]
    context = _part(tokenizer, [e.context for e in examples], owner)._replace(cut=True)
    question = _part(tokenizer, [e.question for e in examples], owner)
    choice = _part(tokenizer, [choice for e in examples for choice in e.choices], np.arange(len(owner)))
    present = [context.length > 0, question.length > 0, True]
    try:
        segments, shortened = fit(framed(tokenizer, [context, question, choice], present), max_seq_length)
    except NoRoom as error:
        raise _without_room(examples, owner, error) from None
    ids, types = compose(segments)
    most = int(count.max())
    every = np.zeros((len(examples), most), np.int64)  # [questions, most] tokens; 0 for choices that are not there
    every[np.arange(most) < count[:, None]] = ids.lengths
    shared = row_offsets(every.reshape(-1))
    labels = np.array([-1 if e.label is None else e.label for e in examples], np.int32)
    columns = {"input_ids": Ragged(ids.values, shared), "token_type_ids": Ragged(types.values, shared)}
    return FeatureTable(columns, {"labels": labels}, {"cut_contexts": len(np.unique(owner[shortened]))}, most)


def _part(tokenizer, texts: Sequence[str], owner: np.ndarray) -> Segment:
    """One part of each sequence: the tokens of texts[owner] [sequences]."""
    unique, which = distinct(texts)
    tokens, _ = encode_flat(tokenizer, unique)
    return text(tokens, which[owner])


def _without_room(examples: Sequence[ChoiceExample], owner: np.ndarray, error: NoRoom) -> DataError:
    worst = error.needed.argmax()
    return DataError(
        f"{examples[owner[error.rows[worst]]].place}: question and choice leave no room for the context in "
        f"{len(np.unique(owner[error.rows]))} questions, and they are never cut; this one needs "
        f"data.max_seq_length={error.needed[worst]} or more"
    )
