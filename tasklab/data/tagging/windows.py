"""Sentences as rows of word pieces, one tag per word or character, long ones cut into overlapping windows."""

from collections.abc import Sequence
from itertools import chain
from typing import NamedTuple

import numpy as np

from tasklab.data.rows.compose import Segment, compose, frame_size, framed
from tasklab.data.rows.features import FeatureTable
from tasklab.data.rows.ragged import Ragged, row_offsets, spans
from tasklab.data.rows.tokens import encode_flat
from tasklab.data.rows.window_plan import WindowPlan
from tasklab.data.tagging.examples import TaggedExample
from tasklab.data.tagging.schemes import OUTSIDE, SCHEMES, kinds_of, scheme_of


def tag_windows(
    tokenizer, examples: Sequence[TaggedExample], labels: Sequence[str], max_seq_length: int, doc_stride: int | None
) -> FeatureTable:
    """Rows [CLS] window of the sentence [SEP], the windows of an example one after the other.

    A unit is what gets one tag: the pieces that begin in one token, tagged at the first of them (Devlin et al. 2019,
    section 5.3). A piece over several tokens is one unit for all of them. A unit that several windows show belongs to
    the one that shows most around it, so that each counts once.

    Columns: input_ids, token_type_ids (0), labels (ragged; 1 + the number of the tag at the first piece of a unit that
        belongs here and whose tag is known, 0 elsewhere); example: position in `examples`;
        position, unit, char_start, char_end (ragged, one value per unit that belongs here): its first piece in the row,
        its number among all units of the table, and its characters in the text, end exclusive.
    info: long_sentences (of several windows), lost_entities (without a piece of their own),
        words_without_token (such as zero-width characters alone).
    """
    pieces, offsets = encode_flat(tokenizer, [example.text for example in examples])
    units = _units(examples, pieces, offsets)
    tags, lost = _tags(examples, units, labels)
    stride = doc_stride or max(1, max_seq_length // 2 - 1)
    special = frame_size(tokenizer, texts=1)
    plan = WindowPlan(np.zeros(len(examples), np.int64), pieces.lengths, max_seq_length, stride, special)
    shown_from = pieces.offsets[plan.example] + plan.start  # [W]
    ids, types = compose(framed(tokenizer, [Segment(pieces.values, plan.length, shown_from)]))
    rows = ids.offsets  # [W + 1]
    shown, at = spans(shown_from, plan.length), spans(rows[:-1] + 1, plan.length)  # pieces and their places in `ids`

    number = np.full(len(pieces.values), -1)  # [pieces] of the unit that begins there
    number[units.piece] = np.arange(len(units.piece))
    owned = (number[shown] >= 0) & (plan.max_context() == 1)  # [shown] units that belong to this window
    mine = number[shown[owned]]  # [owned]
    targets = np.zeros(rows[-1], np.int16)
    targets[at[owned]] = tags[mine]
    window = np.repeat(np.arange(len(plan.length)), plan.length)[owned]
    held = row_offsets(np.bincount(window, minlength=len(plan.length)))
    per_unit = {
        "position": at[owned] - rows[window], "unit": mine,
        "char_start": units.char_start[mine], "char_end": units.char_end[mine],
    }  # fmt: skip
    ragged = {"input_ids": ids, "token_type_ids": types, "labels": Ragged(targets, rows)}
    ragged |= {name: Ragged(column.astype(np.int32), held, axis=None) for name, column in per_unit.items()}
    tokenless = sum(len(e.tokens) for e in examples) - int((units.last - units.first + 1).sum())
    info = {
        "long_sentences": int((plan.count > 1).sum()), "lost_entities": lost, "words_without_token": tokenless,
    }  # fmt: skip
    return FeatureTable(ragged, {"example": plan.example.astype(np.int32)}, info)


class _Units(NamedTuple):
    """U units over all examples; tokens are numbered through all of them."""

    piece: np.ndarray  # [U] number of the first piece
    first: np.ndarray  # [U] first token
    last: np.ndarray  # [U] last token, included
    char_start: np.ndarray  # [U] in the example's text
    char_end: np.ndarray  # [U]


def _units(examples: Sequence[TaggedExample], pieces: Ragged, offsets: np.ndarray) -> _Units:
    base = row_offsets([len(example.text) + 1 for example in examples])  # characters numbered through all texts
    counts = [len(example.tokens) for example in examples]
    flat = np.fromiter(chain.from_iterable(chain.from_iterable(e.tokens for e in examples)), np.int64)
    begin, end = flat.reshape(-1, 2).T
    starts = begin + np.repeat(base[:-1], counts)
    shift = np.repeat(base[:-1], pieces.lengths)
    first = np.searchsorted(starts, shift + offsets[:, 0], side="right") - 1
    last = np.searchsorted(starts, shift + offsets[:, 1] - 1, side="right") - 1
    piece = np.flatnonzero(np.diff(first, prepend=-1))
    final = np.append(piece[1:], len(first)) - 1 if len(piece) else piece
    first, last = first[piece], last[final]
    return _Units(piece, first, last, begin[first], end[last])


def _tags(examples: Sequence[TaggedExample], units: _Units, labels: Sequence[str]) -> tuple[np.ndarray, int]:
    """1 + the number of each unit's tag [U], 0 where the tags are not known; and how many entities got no unit."""
    kinds, places = kinds_of(labels), SCHEMES[scheme_of(labels)]
    kind_number = {kind: i for i, kind in enumerate(kinds)}
    code = np.array([[1 + labels.index(f"{place}-{kind}") for place in places] for kind in kinds]).reshape(-1, 4)
    tokens = row_offsets([len(example.tokens) for example in examples])
    tagged = np.repeat([example.entities is not None for example in examples], np.diff(tokens))
    tags = np.where(tagged[units.first], 1 + labels.index(OUTSIDE), 0).astype(np.int16)
    entities = [
        (kind_number[kind], first + start, last + start)
        for example, start in zip(examples, tokens.tolist(), strict=False)
        for kind, first, last in example.entities or ()
    ]
    kind, first, last = np.array(entities, np.int64).reshape(-1, 3).T
    head = np.searchsorted(units.last, first)
    tail = np.searchsorted(units.first, last, side="right") - 1
    free = (head <= tail) & (head > np.concatenate([[-1], np.maximum.accumulate(tail)[:-1]])[: len(head)])
    kind, head, tail = kind[free], head[free], tail[free]
    inside = spans(head, tail - head + 1)
    tags[inside] = np.repeat(code[kind, 1], tail - head + 1)
    tags[head], tags[tail] = code[kind, 0], code[kind, 2]
    alone = head == tail
    tags[head[alone]] = code[kind[alone], 3]
    return tags, int((~free).sum())
