"""Encoded examples as rows: several in one, none of which sees another, and long ones cut."""

from collections.abc import Iterable, Sequence

import numpy as np

from tasklab.data.generation.examples import Example, Passage
from tasklab.data.generation.tokens import Encoded
from tasklab.data.rows.features import FeatureTable
from tasklab.data.rows.ragged import Ragged, row_offsets
from tasklab.errors import DataError

NONE = -1
"""In target_ids where no next token is asked for."""
Piece = tuple[np.ndarray, np.ndarray, np.ndarray]
"""input_ids [n], target_ids [n], and what the targets spell [3]."""


def generation_rows(
    examples: Sequence[Example], encoded: Iterable[Encoded], max_seq_length: int, packed: bool = True
) -> FeatureTable:
    """Rows of at most max_seq_length tokens.

    Columns along the input: input_ids; documents, the number of the token's document in its row, from 1; position_ids,
    from 0 in each document; target_ids, the token that follows in the document, or NONE where it is not asked for.
    For `decode`, one number per document of a row, one row after the other: example; bytes, characters, words, of what
    its targets spell.

    A passage that is longer than a row goes on in another one, and every token but the first is asked for once.
    A chat loses its end. Where packed, documents follow one another in order, each in the first row it fits into of
    those that are open (the last OPEN ones).
    info: cut_chats.
    Raises: DataError naming a chat of which no answer is left.
    """
    pieces, cut = [], 0
    for number, (example, tokens) in enumerate(zip(examples, encoded, strict=True)):
        if isinstance(example, Passage):
            pieces += [(number, piece) for piece in _windows(tokens, max_seq_length)]
            continue
        cut += len(tokens) > max_seq_length + 1  # the last token is asked for, and not read
        piece = _stretch(tokens, 0, max_seq_length)
        if tokens.asked.any() and piece[1].max() == NONE:
            message = f"its prompt has {tokens.asked.argmax()} tokens, so no answer is left of it"
            remedy = "set data.max_seq_length to more, or take the example out"
            raise DataError(f"{example.place}: {message} in a row of {max_seq_length}; {remedy}")
        pieces.append((number, piece))
    if not pieces:
        raise DataError("no text has two tokens, so there is nothing to predict; give longer texts")
    sizes = np.array([len(ids) for _, (ids, _, _) in pieces])
    order = _packed(sizes, max_seq_length) if packed else [[i] for i in range(len(pieces))]
    return _table(pieces, sizes, order, {"cut_chats": cut})


def _windows(tokens: Encoded, size: int) -> list[Piece]:
    """All of it in stretches, every token but the first asked for in one of them; none where there is no second."""
    return [_stretch(tokens, start, size) for start in range(0, len(tokens) - 1, size)]


def _stretch(tokens: Encoded, start: int, size: int) -> Piece:
    """At most `size` tokens that are read, from `start`; the last one of all is read by nobody."""
    stop = min(start + size, len(tokens) - 1)
    asked = tokens.asked[start + 1 : stop + 1]  # [n]
    targets = np.where(asked, tokens.ids[start + 1 : stop + 1], NONE).astype(np.int32)
    return tokens.ids[start:stop], targets, tokens.spelled[start + 1 : stop + 1][asked].sum(axis=0)


OPEN = 64
"""Rows with room that a document may still go into: rows of 512 are 98 % full of alpaca's examples."""


def _packed(sizes: np.ndarray, room: int) -> list[list[int]]:
    """The pieces of each row: every one into the fullest open row that has room for it, else into a new one."""
    rows: list[list[int]] = []
    left: dict[int, int] = {}  # open row -> its room
    for piece, size in enumerate(sizes.tolist()):
        fitting = [(free, row) for row, free in left.items() if free >= size]
        if fitting:
            free, row = min(fitting)
            rows[row].append(piece)
            left[row] = free - size
        else:
            row = len(rows)
            rows.append([piece])
            left[row] = room - size
            if len(left) > OPEN:
                del left[min(left, key=lambda row: (left[row], row))]
        if not left.get(row, 1):
            del left[row]
    return rows


def _table(pieces: list[tuple[int, Piece]], sizes: np.ndarray, order: list[list[int]], info: dict) -> FeatureTable:
    flat = np.array([piece for row in order for piece in row])
    counts = np.array([len(row) for row in order])  # [rows] documents
    first = row_offsets(counts)
    offsets = row_offsets(np.add.reduceat(sizes[flat], first[:-1]))
    lengths = sizes[flat]  # [documents]
    numbers = np.arange(len(flat)) - np.repeat(first[:-1], counts) + 1  # [documents] from 1 in each row
    starts = np.cumsum(lengths) - lengths
    ragged = {
        "input_ids": Ragged(np.concatenate([pieces[i][1][0] for i in flat]), offsets),
        "documents": Ragged(np.repeat(numbers, lengths).astype(np.int32), offsets),
        "position_ids": Ragged((np.arange(offsets[-1]) - np.repeat(starts, lengths)).astype(np.int32), offsets),
        "target_ids": Ragged(np.concatenate([pieces[i][1][1] for i in flat]), offsets, fill=NONE),
        "example": Ragged(np.array([pieces[i][0] for i in flat], np.int32), first, None),
    }
    spelled = np.stack([pieces[i][1][2] for i in flat]).astype(np.int32)  # [documents, 3]
    for name, column in zip(("bytes", "characters", "words"), spelled.T, strict=True):
        ragged[name] = Ragged(column, first, None)
    return FeatureTable(ragged, {}, info)
