"""Rows of texts and chats, walked by hand: what is read, what is asked for, and where a document ends."""

from types import SimpleNamespace

import numpy as np
import pytest

from tasklab.data.generation.examples import ALL, LAST_ANSWER, Chat, GenerationDataConfig, Message, Passage
from tasklab.data.generation.packing import generation_rows
from tasklab.data.generation.tokens import Framing, framing_of, spelled
from tasklab.errors import DataError
from tests.data.generation.letters import ASSISTANT, END, SYSTEM, USER, Letters, template

BEGIN, STOP = 50, 51


def framing(**changes):
    return Framing(Letters(), **{"begin": BEGIN, "end": STOP, **changes})


def rows_of(examples, size, packed=True, **changes):
    return generation_rows(examples, framing(**changes).encode(examples), size, packed)


def chat(*turns, plain=False):
    return Chat("0", tuple(Message(role, content) for role, content in turns), plain, "f: [0]")


def listed(row, *names):
    return [row[name].tolist() for name in names]


COLUMNS = ("input_ids", "documents", "position_ids", "target_ids")


def test_two_passages_share_a_row_and_each_counts_from_nought():
    # <50> a b -> a b <51>, <50> c -> c <51>: the token that ends a text is asked for, and read by nobody
    table = rows_of([Passage("0", "ab"), Passage("1", "c")], 8)
    assert len(table) == 1
    assert listed(table.row(0), *COLUMNS) == [[50, 1, 2, 50, 3], [1, 1, 1, 2, 2], [0, 1, 2, 0, 1], [1, 2, 51, 3, 51]]
    assert listed(table.row(0), "example", "bytes", "characters", "words") == [[0, 1], [2, 1], [2, 1], [1, 1]]


def test_padding_has_no_document_and_asks_for_nothing():
    batch = rows_of([Passage("0", "ab")], 8).batch([0], {"input": 5}, 2, COLUMNS)
    assert batch["documents"].tolist() == [[1, 1, 1, 0, 0], [0] * 5]
    assert batch["target_ids"].tolist() == [[1, 2, 51, -1, -1], [-1] * 5]


def test_a_long_passage_goes_on_in_another_row_and_every_token_is_asked_for_once():
    table = rows_of([Passage("0", "abcde")], 3)
    assert [listed(table.row(i), "input_ids", "position_ids", "target_ids") for i in range(2)] == [
        [[50, 1, 2], [0, 1, 2], [1, 2, 3]], [[3, 4, 5], [0, 1, 2], [4, 5, 51]],
    ]  # fmt: skip
    assert table["bytes"].values.sum() == 5


@pytest.mark.parametrize(("adds_bos", "begin"), [(True, 7), (False, None)])
def test_a_text_begins_as_the_tokenizer_says(adds_bos, begin):
    tokenizer = SimpleNamespace(bos_id=7, eos_id=8, adds_bos=adds_bos, chat_template=None)
    assert framing_of(tokenizer, GenerationDataConfig()).begin == begin


def test_without_a_token_that_begins_a_text_its_first_one_is_not_asked_for():
    table = rows_of([Passage("0", "abc")], 8, begin=None, end=None)
    assert listed(table.row(0), "input_ids", "target_ids", "bytes") == [[1, 2], [2, 3], [2]]


def test_of_a_chat_the_answers_alone_are_asked_for_with_what_ends_them():
    example = chat(("user", "a"), ("assistant", "b"), ("user", "c"), ("assistant", "de"))
    table = rows_of([example], 40, template=template, end=END)
    ids, targets = listed(table.row(0), "input_ids", "target_ids")
    assert ids == [USER, 1, END, 99, ASSISTANT, 2, END, 99, USER, 3, END, 99, ASSISTANT, 4, 5]
    assert targets == [-1, -1, -1, -1, 2, END, -1, -1, -1, -1, -1, -1, 4, 5, END]
    assert table["bytes"].values.tolist() == [3]
    last = rows_of([example], 40, template=template, end=END, targets=LAST_ANSWER).row(0)["target_ids"]
    assert last.tolist() == [-1] * 12 + [4, 5, END]
    every = rows_of([example], 40, template=template, end=END, targets=ALL).row(0)["target_ids"]
    assert every.tolist() == [*ids[1:], END]


def test_a_prompt_has_the_ids_that_training_has_before_the_answer():
    turns = [("system", "s"), ("user", "a"), ("assistant", "b"), ("user", "c")]
    (ids,) = framing(template=template, end=END).prompts([chat(*turns)])
    assert ids.tolist() == [SYSTEM, 19, END, 99, USER, 1, END, 99, ASSISTANT, 2, END, 99, USER, 3, END, 99, ASSISTANT]
    (trained,) = framing(template=template, end=END).encode([chat(*turns, ("assistant", "de"))])
    assert trained.ids[: len(ids)].tolist() == ids.tolist()
    assert framing().prompts([Passage("0", "ab")])[0].tolist() == [BEGIN, 1, 2]


def test_without_a_template_a_line_end_or_the_end_stands_before_the_answer():
    example = chat(("user", "a"), ("assistant", "b"), plain=True)
    assert rows_of([example], 9, prefix="z").row(0)["input_ids"].tolist() == [BEGIN, 26, 1, 99, 2]
    row = rows_of([example], 9, separator="end").row(0)
    assert listed(row, "input_ids", "target_ids") == [[BEGIN, 1, STOP, 2], [-1, -1, 2, STOP]]


def test_turns_without_a_template_are_refused():
    with pytest.raises(DataError, match=r"f: \[0\]: turns with roles need a chat template, and this model has none"):
        rows_of([chat(("user", "a"), ("assistant", "b"))], 9)


def test_a_template_that_rewrites_earlier_turns_is_refused():
    def forgets(messages, generation_prompt):
        return template(messages[-2:], generation_prompt)

    example = chat(("user", "a"), ("assistant", "b"), ("user", "c"), ("assistant", "d"))
    with pytest.raises(DataError, match=r"writes earlier turns otherwise when others follow"):
        rows_of([example], 40, template=forgets, end=END)


def test_a_long_chat_loses_its_end_and_is_counted():
    table = rows_of([chat(("user", "a"), ("assistant", "bcdef"), plain=True)], 5)
    assert table.info == {"cut_chats": 1}
    assert listed(table.row(0), "input_ids", "target_ids") == [[50, 1, 99, 2, 3], [-1, -1, 2, 3, 4]]


def test_a_prompt_that_leaves_no_room_for_an_answer_is_refused():
    with pytest.raises(DataError, match=r"f: \[0\]: its prompt has 6 tokens, so no answer is left of it in a row of 4"):
        rows_of([chat(("user", "abcd"), ("assistant", "e"), plain=True)], 4)


def test_documents_go_into_the_fullest_row_that_has_room(rng):
    # sizes with <50>: 5, 3, 2, 3 in rows of 7: the one of 2 fills the first row, the last one goes to the second
    texts = ["abcd", "ab", "a", "ab"]
    table = rows_of([Passage(str(i), text) for i, text in enumerate(texts)], 7)
    assert [table.row(i)["example"].tolist() for i in range(len(table))] == [[0, 2], [1, 3]]
    alone = rows_of([Passage(str(i), text) for i, text in enumerate(texts)], 7, packed=False)
    assert [alone.row(i)["example"].tolist() for i in range(len(alone))] == [[0], [1], [2], [3]]
    many = [Passage(str(i), "a" * n) for i, n in enumerate(rng.integers(1, 30, 500))]
    table = rows_of(many, 32)
    assert sorted(table["example"].values.tolist()) == list(range(500)) and table.lengths["input"].max() <= 32


def test_tokens_spell_their_text_to_the_byte():
    # "é 漢b": 2 + 1 + 3 + 1 bytes, 4 characters, 2 words that begin at é and at 漢; the token at [1, 3) takes the blank
    offsets = np.array([(0, 1), (1, 3), (3, 4)])
    assert spelled("é 漢b", offsets, 3).tolist() == [[2, 1, 1], [4, 2, 1], [1, 1, 0]]


def test_two_tokens_of_one_character_count_it_once():
    assert spelled("漢", np.array([(0, 1), (0, 1)]), 2).sum(axis=0).tolist() == [3, 1, 1]
