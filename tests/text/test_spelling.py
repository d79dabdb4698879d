"""How pieces read in a text, for the three ways in which vocabularies mark words."""

import pytest

from tasklab.text.spelling import continuing, mark_of, space_of, spelled


@pytest.mark.parametrize("tokens, expected", [
    (["the", "##s", "##", "北"], [("the", False), ("s", True), ("", False), ("北", False)]),
    (["▁the", "s", "[CLS]"], [("the", False), ("s", True), ("[CLS]", True)]),
    (["Ġthe", "s", "ĠcafÃ©"], [("the", False), ("s", True), ("café", False)]),
])  # fmt: skip
def test_pieces_read_as_their_characters(tokens, expected):
    mark = mark_of(tokens)
    assert [spelled(token, mark) for token in tokens] == expected
    assert continuing(tokens).tolist()[:2] == [False, True]


@pytest.mark.parametrize("tokens, expected", [
    (["▁", "▁the", "s", "今天", "。", "▁北"], [False, False, True, False, False, False]),
    (["▁", "a今", "한", "<0xE4>"], [False, True, True, True]),
    # today is E4 BB 8A E5 A4 A9; GPT-2 writes E4 as ä, BB as », 8A as Ĭ; a piece may hold a part of a character
    (["Ġthe", "s", "ä»ĬåŤ", "ä»", "Ĭ", "Ã©"], [False, True, False, False, True, True]),
    (["the", "##s", "今"], [False, True, False]),
])  # fmt: skip
def test_characters_of_scripts_without_blanks_begin_words(tokens, expected):
    assert continuing(tokens).tolist() == expected


def test_a_blank_alone_is_a_piece_of_some_vocabularies():
    assert [space_of(tokens) for tokens in (["a", "▁b", "▁"], ["Ġa", "Ġ"], ["▁a"], ["a", "##b"])] == [2, 1, -1, -1]
