"""New annotated texts out of old ones, by hand: offsets move along, and what cannot be made is counted."""

import random

import pytest

from tasklab.data.extraction.annotated import AnnotatedText, Entity, Relation
from tasklab.data.extraction.respelled import Unfit, gaps, refilled, respelled, swapped


def annotated(text, kinds, *relations):
    entities = [Entity(words, kind, text.index(words), text.index(words) + len(words)) for words, kind in kinds.items()]
    return AnnotatedText(text, tuple(entities), tuple(Relation(*relation) for relation in relations))


def words(text):
    return [text.words(entity) for entity in text.entities]


def test_entities_move_with_the_words_before_and_inside_them():
    text = annotated("Ann met Bob in Rome.", {"Ann": "p", "Bob": "p", "Rome": "c"})
    new = respelled(text, [(8, 11, "Christopher"), (0, 3, "Jo")])
    assert new.text == "Jo met Christopher in Rome." and words(new) == ["Jo", "Christopher", "Rome"]
    outer = annotated("Ann of Rome left", {"Ann of Rome": "p", "Rome": "c"})
    assert words(respelled(outer, [(7, 11, "Oslo X")])) == ["Ann of Oslo X", "Oslo X"]
    with pytest.raises(Unfit, match="cuts an entity"):
        respelled(text, [(1, 5, "x")])
    with pytest.raises(Unfit, match="overlap"):
        respelled(text, [(0, 3, "x"), (2, 3, "y")])


def test_a_swap_puts_other_names_where_the_old_ones_are_marked():
    first = annotated("Ann works for Acme", {"Ann": "p", "Acme": "c"}, ("Ann", "employer", "Acme"))
    second = annotated("Bob, of Byte, left Ulm", {"Bob": "p", "Byte": "c", "Ulm": "t"}, ("Bob", "employer", "Byte"))
    made, failed = swapped([first, second], random.Random(0))
    assert failed == 0 and [one.text for one in made] == ["Ann, of Acme, left Ulm", "Bob works for Byte"]
    assert [words(one) for one in made] == [["Ann", "Acme", "Ulm"], ["Bob", "Byte"]]
    assert made[0].relations == second.relations  # by ids, as they were


def test_a_name_that_stands_elsewhere_too_is_not_swapped():
    first = annotated("Ann works for Acme", {"Ann": "p", "Acme": "c"}, ("Ann", "employer", "Acme"))
    twice = annotated("Bob of Byte, said Bob", {"Bob": "p", "Byte": "c"}, ("Bob", "employer", "Byte"))
    inside = annotated("Jo of Banners, Acme's rival", {"Jo": "p", "Banners": "c"}, ("Jo", "employer", "Banners"))
    assert swapped([first, twice], random.Random(0))[1] == 1  # Bob's text cannot take Ann; Ann's takes Bob
    assert swapped([first, inside], random.Random(0))[1] == 1  # Acme is there already
    assert swapped([first], random.Random(0)) == ([], 1)  # no other relation


def test_gaps_are_what_nothing_is_marked_in():
    text = AnnotatedText(" a BB ccDDee  ", (Entity("1", "x", 3, 5), Entity("2", "x", 8, 10), Entity("3", "x", 9, 10)))
    assert [text.text[a:b] for a, b in gaps(text)] == ["a", "cc", "ee"]
    assert gaps(AnnotatedText("all", (Entity("1", "x", 0, 3),))) == []


def test_a_refilled_gap_leaves_entities_and_relations():
    text = annotated("Ann works for Acme", {"Ann": "p", "Acme": "c"}, ("Ann", "employer", "Acme"))
    asked = []

    def fill(texts):
        asked.extend(texts)
        return ["is the head of", " "][: len(texts)]

    whole = AnnotatedText("all", (Entity("1", "x", 0, 3),))
    made, failed = refilled([text, whole], fill, 1, random.Random(0))
    assert asked == ["Ann [MASK] Acme"] and failed == 1
    assert [(one.text, words(one), one.relations) for one in made] == [
        ("Ann is the head of Acme", ["Ann", "Acme"], text.relations)
    ]
