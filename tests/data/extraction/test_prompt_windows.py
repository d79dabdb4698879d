"""Rows of prompts by hand, and on random Unicode: every token of a text is read once, targets lie on their answers."""

import unicodedata
from pathlib import Path

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tasklab.data.extraction.example import Mention, PromptExample
from tasklab.data.extraction.windows import prompt_windows
from tasklab.text.wordpiece import WordPiece

TOKENIZER = WordPiece(Path(__file__).parents[2] / "fixtures/tiny_wordpiece_vocab.txt")


def example(text, prompt, *answers):
    found = []
    for said in answers:
        start = text.index(said) if isinstance(said, str) else said[0]
        found.append(Mention(start, start + len(said), said) if isinstance(said, str) else said)
    return PromptExample("0", text, prompt, tuple(found))


def rows(*examples, length=64, stride=16, prompt=16):
    return prompt_windows(TOKENIZER, examples, length, stride, prompt)


def marked(table, row):
    names = [TOKENIZER.tokens[t] for t in table.row(row)["input_ids"]]
    one = table.row(row)
    return [(t, int(s), int(e)) for t, s, e in zip(names, one["start_labels"], one["end_labels"], strict=True)]


def test_one_row_walked_by_hand():
    table = rows(example("the Fox is in Berlin, not Paris", "city of fox", "Berlin", "Fox is"))
    assert [t for t in marked(table, 0) if t[1] or t[2]] == [("fox", 1, 0), ("is", 0, 1), ("berlin", 1, 1)]
    assert [t for t, _, _ in marked(table, 0)][:5] == ["[CLS]", "city", "of", "fox", "[SEP]"]
    row = table.row(0)
    assert row["token_type_ids"].tolist() == [0] * 5 + [1] * (len(row["input_ids"]) - 5)
    assert row["unit"].tolist() == list(range(8)) and row["position"].tolist() == list(range(5, 13))
    assert table.ragged["start_labels"].fill == -100


def test_an_answer_inside_a_token_takes_all_of_it():
    table = rows(example("in berlins", "x", "erli"))
    assert [t for t, s, _ in marked(table, 0) if s][0].startswith("b")


def test_options_are_answered_in_the_prompt():
    # the prompt has 10 characters; "new" is at 5: 5 - 10 - 1 = -6
    table = rows(PromptExample("0", "the tower", "who [new,a]", (Mention(5 - 12, 8 - 12, "new"),), options=True))
    assert [(t, s, e) for t, s, e in marked(table, 0) if s or e] == [("new", 1, 1)]
    row = table.row(0)
    assert row["unit"].tolist() == list(range(6))  # who [ new , a ]
    assert (row["char_start"] + 12).tolist() == [0, 4, 5, 8, 9, 10]


def test_brackets_that_end_a_subject_are_no_options():
    (row,) = (table.row(0) for table in [rows(example("the fox is in berlin", "city of fox [a]", "berlin"))])
    assert row["char_start"].tolist() == [0, 4, 8, 11, 14] and row["start_labels"].sum() == 1


def test_a_split_answer_is_told_and_marked_nowhere():
    text = "the fox is in berlin"
    whole, lost = (rows(example(text, "who", said), length=8, stride=2) for said in ("is in", text))
    assert whole.info == {"lost_answers": 0, "long_texts": 1} and lost.info == {"lost_answers": 1, "long_texts": 1}
    assert not any(s for i in range(len(lost)) for _, s, _ in marked(lost, i))
    assert any(("is", 1, 0) in marked(whole, i) for i in range(len(whole)))


TEXTS = st.text(st.sampled_from("the fox 中文 Café é🙂\u0301ﬁ\u200b1,[]İ\u00a0京"), min_size=1, max_size=60)


@settings(max_examples=60, deadline=None)
@given(TEXTS.filter(str.strip), st.integers(1, 9), st.integers(12, 30))
def test_every_token_is_read_once_in_a_full_window(text, stride, length):
    table = rows(example(text, "the fox"), length=length, stride=stride)
    units = table["unit"].values
    (ids, offsets), = TOKENIZER.encode_batch([text])
    assert sorted(units.tolist()) == list(range(len(ids)))  # the proof of coverage: each once
    order = np.argsort(units)
    assert np.array_equal(np.stack([table["char_start"].values, table["char_end"].values], axis=1)[order], offsets)
    for row in range(len(table)):
        there = table["input_ids"].row(row)[table["position"].row(row)]
        assert np.array_equal(there, np.asarray(ids)[table["unit"].row(row)])


@settings(max_examples=60, deadline=None)
@given(TEXTS.filter(str.strip), st.data())
def test_targets_stand_at_the_tokens_that_hold_the_answer(text, data):
    begin = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(begin + 1, len(text)))
    table = rows(PromptExample("0", text, "who", (Mention(begin, end, text[begin:end]),)), length=128, stride=64)
    (_, offsets), = TOKENIZER.encode_batch([text])
    touched = [i for i, (a, b) in enumerate(offsets) if a < end and b > begin]
    starts, ends = (np.flatnonzero(table[name].row(0) == 1) - 3 for name in ("start_labels", "end_labels"))
    if touched:
        assert (starts.tolist(), ends.tolist()) == ([touched[0]], [touched[-1]])
    else:
        assert not len(starts) and table.info["lost_answers"] == 1
        assert all(unicodedata.category(c)[0] in "ZCM" for c in text[begin:end])
