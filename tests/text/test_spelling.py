"""How pieces read in a text, for the three ways in which vocabularies mark words."""

import pytest

from tasklab.text.spelling import continuing, mark_of, spelled


@pytest.mark.parametrize("tokens, expected", [
    (["the", "##s", "##", "北"], [("the", False), ("s", True), ("", False), ("北", False)]),
    (["▁the", "s", "[CLS]"], [("the", False), ("s", True), ("[CLS]", True)]),
    (["Ġthe", "s", "ĠcafÃ©"], [("the", False), ("s", True), ("café", False)]),
])  # fmt: skip
def test_pieces_read_as_their_characters(tokens, expected):
    mark = mark_of(tokens)
    assert [spelled(token, mark) for token in tokens] == expected
    assert continuing(tokens).tolist()[:2] == [False, True]
