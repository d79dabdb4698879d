"""Texts with blanks to fill: where the masks are, and the rows around them."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from tasklab.data.corpus.masking import ABSENT
from tasklab.data.corpus.reading import is_table
from tasklab.data.corpus.rows import MaskedWordsDataConfig
from tasklab.data.files.cells import as_text, identity_of
from tasklab.data.files.columns import IDENTITY, TEXT_A, Role, find_columns
from tasklab.data.files.inputs import Inputs
from tasklab.data.files.problems import shortened
from tasklab.data.files.table import Table
from tasklab.data.files.textfile import encodable
from tasklab.data.rows.compose import Segment, compose, frame_size, framed
from tasklab.data.rows.draws import draw
from tasklab.data.rows.features import FeatureTable
from tasklab.errors import DataError

MASK = re.compile(r"\[MASK\]|<mask>")
INPUTS = Inputs('"a text with [MASK]" or {"text": ...}', sign=MASK, keys=("text",))
MOST = 32  # masks in one row, which bounds the logits


@dataclass(frozen=True)
class ClozeExample:
    """masks: characters [start, end) of each [MASK]; none where tokens are to be masked at random."""

    id: str
    text: str
    masks: tuple[tuple[int, int], ...]


def cloze_examples_from_input(input_data, data: MaskedWordsDataConfig) -> list[ClozeExample]:
    """Examples in input order. Raises DataError naming the position, also of a text without [MASK]."""
    inputs = replace(INPUTS, sign=None) if data.cloze_masks else INPUTS  # then a text may do without [MASK]
    path = inputs.file(input_data)
    if path and is_table(path):
        return _rows_of(path, data)
    if path:
        items = ((place, line.strip()) for place, line in inputs.lines(path, data.encoding, data.on_bad_row == "skip"))
    else:
        items = inputs.items(input_data)
    return [_example(item, str(i), place, data) for i, (place, item) in enumerate(items)]


def _rows_of(path: Path, data: MaskedWordsDataConfig) -> list[ClozeExample]:
    table = Table(path, encoding=data.encoding)
    table.gapless, table.nameable = True, False
    text, identity = find_columns(table, [Role("text_a", data.text_a, TEXT_A), Role("id", None, IDENTITY, False)])
    rows = enumerate(table)
    examples = [_example(as_text(row.get(text)), identity_of(row, identity, i), at, data) for i, (at, row) in rows]
    table.bad.raise_if_fatal()
    return examples


def _example(item, number: str, place: str, data: MaskedWordsDataConfig) -> ClozeExample:
    text = item
    if isinstance(item, Mapping):
        text, number = item.get("text"), identity_of(item, "id", number)
    if not isinstance(text, str) or not text.strip() or not encodable(text):
        raise INPUTS.unusable(place, item)
    masks = tuple(match.span() for match in MASK.finditer(text))
    if not masks and not data.cloze_masks:
        raise DataError(
            f"{place}: {shortened(text)} holds no [MASK]; write it where a word is asked for, or set "
            "data.cloze_masks=1 to mask one at random"
        )
    return ClozeExample(number, text, masks)


def cloze_rows(
    tokenizer, examples: Sequence[ClozeExample], max_seq_length: int, random_masks: int, seed: int
) -> FeatureTable:
    """One row per text, several where its masks do not share a window of max_seq_length.

    Dense columns, all [rows, M]: masked_positions; mask_number, which mask of the example it is, ABSENT where there is
    none; char_start and char_end of what is masked; masked_labels, the id that was there, ABSENT where none was.
    Texts without a mask get `random_masks` of them, fixed by seed and place.
    """
    between = [_between(example) for example in examples]
    encoded = iter(tokenizer.encode_batch([text for texts in between for text, _ in texts]))
    tokens, rows, size = [], [], 0
    for number, (example, texts) in enumerate(zip(examples, between, strict=True)):
        ids, spans, at = _joined(tokenizer, example, [(*next(encoded), start) for _, start in texts])
        labels = np.full(len(at), ABSENT)
        if not example.masks:
            usable = np.flatnonzero(ids != tokenizer.unk_id)
            order = np.argsort(draw(seed, 0, number, len(usable)), kind="stable")
            at = np.sort(usable[order[:random_masks]])
            labels = ids[at]
            ids[at] = tokenizer.mask_id
        if not len(at):
            raise DataError(f"input[{number}]: {shortened(example.text)} holds no word that can be masked")
        for start, stop, first, end in _windows(at, len(ids), max_seq_length - frame_size(tokenizer, texts=1)):
            mine = at[first:end]
            rows.append({
                "start": size + start, "length": stop - start, "example": number,
                "masked_positions": mine - start + 1, "mask_number": np.arange(first, end),
                "masked_labels": labels[first:end], "char_start": spans[mine, 0], "char_end": spans[mine, 1],
            })  # fmt: skip
        tokens.append(ids)
        size += len(ids)
    start, length, example = (np.array([row[name] for row in rows]) for name in ("start", "length", "example"))
    ids, types = compose(framed(tokenizer, [Segment(np.concatenate(tokens), length, start)]))
    return FeatureTable({"input_ids": ids, "token_type_ids": types}, {"example": example, **_per_mask(rows)})


def _per_mask(rows: list[dict]) -> dict[str, np.ndarray]:
    """The columns with a value per mask [rows, M], filled up where a row has fewer."""
    width = 1 << (max(len(row["mask_number"]) for row in rows) - 1).bit_length()  # few widths, few graphs
    others = ("mask_number", "masked_labels", "char_start", "char_end")
    dense = {}
    for name, filler in {"masked_positions": 0, **dict.fromkeys(others, ABSENT)}.items():
        dense[name] = np.full((len(rows), width), filler, np.int32)
        for wide, row in zip(dense[name], rows, strict=True):
            wide[: len(row[name])] = row[name]
    return dense


def _between(example: ClozeExample) -> list[tuple[str, int]]:
    """What stands before, between and behind the masks, each with the place of its first character."""
    borders = [0, *(border for span in example.masks for border in span), len(example.text)]
    return [(example.text[a:b].rstrip(), a) for a, b in zip(borders[::2], borders[1::2], strict=True)]


def _joined(tokenizer, example: ClozeExample, encoded: list) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Ids of the whole text, characters [n, 2] of each, and where the masks are."""
    ids, spans, at, size = [], [], [], 0
    for number, (tokens, offsets, start) in enumerate(encoded):
        ids.append(tokens)
        spans.append(offsets + start)
        size += len(tokens)
        if number < len(example.masks):
            at.append(size)
            ids.append([tokenizer.mask_id])
            spans.append([example.masks[number]])
            size += 1
    return np.concatenate(ids).astype(np.int64), np.concatenate(spans).astype(np.int64), np.array(at, np.int64)


def _windows(at: np.ndarray, tokens: int, size: int):
    """(start, stop of the tokens, first, end of the masks) of each window: few of them, the masks in the middle."""
    first = 0
    while first < len(at):
        end = min(int(np.searchsorted(at, at[first] + size)), first + MOST)
        middle = (at[first] + at[end - 1] + 1) // 2
        start = int(np.clip(middle - size // 2, 0, max(0, tokens - size)))
        yield start, min(start + size, tokens), first, end
        first = end
