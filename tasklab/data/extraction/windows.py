"""Rows of a prompt and a window of the text: targets for the pointers, and where each token stands in the text."""

from collections.abc import Sequence

import numpy as np

from tasklab.data.extraction.example import PromptExample
from tasklab.data.rows.asked import AskedWindows
from tasklab.data.rows.features import FeatureTable
from tasklab.data.rows.ragged import Ragged, row_offsets, spans

IGNORED = -100
"""The target of padding."""


def prompt_windows(
    tokenizer, examples: Sequence[PromptExample], max_seq_length: int, doc_stride: int, max_prompt_length: int
) -> FeatureTable:  # fmt: skip
    """Rows [CLS] prompt [SEP] window of the text [SEP], the windows of an example one after the other.

    Columns: input_ids, token_type_ids; example: position in `examples`;
        start_labels, end_labels, where all answers are known: 1 on the first and the last token of every answer that
        the window holds whole, 0 on all other tokens, special ones too, IGNORED on padding;
        unit, position, char_start, char_end, each with a value for every token that answers are read from: its number
        among those of the example, its place in the row, its characters in the text. Every token of a text is there
        once, in the window that shows most around it; with options it is the prompt's tokens, in every window, whose
        characters count as `Mention` has them.
    info: lost_answers, split by every window; long_texts, of more than one window.
    """
    asked = AskedWindows(
        tokenizer, [e.prompt for e in examples], [e.text for e in examples], max_seq_length, doc_stride,
        max_prompt_length,
    )  # fmt: skip
    rows, plan = asked.rows(), asked.plan
    of_options = np.array([e.options for e in examples], bool)
    columns, lost = rows | _read_from(asked, examples, of_options), 0
    if all(example.answers is not None for example in examples):
        starts, ends, lost = _targets(asked, examples, of_options, rows["input_ids"].offsets)
        axis = rows["input_ids"]._replace(fill=IGNORED)
        columns |= {"start_labels": axis._replace(values=starts), "end_labels": axis._replace(values=ends)}
    info = {"lost_answers": lost, "long_texts": int((plan.count > 1).sum())}
    return FeatureTable(columns, {"example": plan.example.astype(np.int32)}, info)


def _read_from(asked: AskedWindows, examples, of_options: np.ndarray) -> dict[str, Ragged]:
    """unit, position, char_start, char_end of the tokens that answers are read from."""
    plan = asked.plan
    here = of_options[plan.example]  # [W]
    length = np.where(here, plan.query, plan.length)
    number = spans(np.zeros_like(length), length)  # in the prompt, or in the window [T]
    window = np.repeat(np.arange(len(length)), length)  # [T]
    inside = here[window]
    unit = number + np.where(inside, 0, plan.start[window])
    position = number + np.where(inside, 1, plan.shift[window])  # behind [CLS], or behind [CLS] prompt [SEP]
    owner = plan.example[window]
    characters = np.zeros((len(unit), 2), np.int64)
    kept = np.ones(len(unit), bool)
    kept[~inside] = _fullest(plan, ~here)
    for encoded, mine in ((asked.questions, inside), (asked.texts, ~inside)):
        characters[mine] = encoded.offsets[encoded.first[owner[mine]] + unit[mine]]
    lengths = np.array([len(e.prompt) for e in examples], np.int64)
    characters[inside] -= lengths[owner[inside], None] + 1
    held = row_offsets(np.bincount(window[kept], minlength=len(length)))
    values = {"unit": unit, "position": position, "char_start": characters[:, 0], "char_end": characters[:, 1]}
    return {name: Ragged(column[kept].astype(np.int32), held, axis=None) for name, column in values.items()}


def _fullest(plan, windows: np.ndarray) -> np.ndarray:
    """`max_context` of the tokens of some windows."""
    return plan.max_context()[np.repeat(windows, plan.length)] == 1


def _targets(
    asked: AskedWindows, examples: Sequence[PromptExample], of_options: np.ndarray, offsets: np.ndarray
) -> tuple[np.ndarray, np.ndarray, int]:
    """Of all tokens of all rows: 1 where an answer starts, 1 where one ends; and how many answers no window holds."""
    plan = asked.plan
    starts, ends = np.zeros(int(offsets[-1]), np.int32), np.zeros(int(offsets[-1]), np.int32)
    answers = [(i, mention.start, mention.end) for i, e in enumerate(examples) for mention in e.answers]
    owner, begin, end = np.array(answers, np.int64).reshape(-1, 3).T  # [answers]
    first, last = np.zeros_like(owner), np.zeros_like(owner)
    options = of_options[owner]
    back = np.array([len(e.prompt) + 1 for e in examples], np.int64)[owner] * options
    for encoded, mine in ((asked.questions, options), (asked.texts, ~options)):
        shift = back[mine]
        first[mine], last[mine] = encoded.tokens_of(owner[mine], begin[mine] + shift, end[mine] + shift)
    answer = np.repeat(np.arange(len(owner)), plan.count[owner])  # one for each window of its example [n]
    window = spans(plan.first[owner], plan.count[owner])  # [n]
    shown = options[answer]
    before = np.where(shown, 0, plan.start[window])
    size = np.where(shown, plan.query[window], plan.length[window])
    a, b = first[answer] - before, last[answer] - before
    inside = (a >= 0) & (b < size) & (a <= b)
    row = offsets[window] + np.where(shown, 1, plan.shift[window])
    starts[(row + a)[inside]] = 1
    ends[(row + b)[inside]] = 1
    held = np.bincount(answer[inside], minlength=len(owner)) > 0
    return starts, ends, int((~held).sum())
