"""Tag schemes: the same spans in every spelling, and what seqeval reads in broken ones."""

import json
from pathlib import Path

import pytest

from tasklab.data.tagging.schemes import entities_of, kinds_of, missing_tags, scheme_labels, scheme_of, tags_of

REFERENCE = json.loads((Path(__file__).parents[2] / "fixtures/entities_reference.json").read_text(encoding="utf-8"))
ENTITIES = [("PER", 0, 0), ("LOC", 1, 3), ("LOC", 5, 6)]
SPELT = {
    "bio": "B-PER B-LOC I-LOC I-LOC O B-LOC I-LOC",
    "bios": "S-PER B-LOC I-LOC I-LOC O B-LOC I-LOC",
    "bioes": "S-PER B-LOC I-LOC E-LOC O B-LOC E-LOC",
    "bilou": "U-PER B-LOC I-LOC L-LOC O B-LOC L-LOC",
    "bmes": "S-PER B-LOC M-LOC E-LOC O B-LOC E-LOC",
}


@pytest.mark.parametrize("scheme", SPELT)
def test_a_scheme_spells_spans_and_is_read_back(scheme):
    tags = SPELT[scheme].split()
    assert tags_of(ENTITIES, 7, scheme) == tags
    assert entities_of(tags) == (ENTITIES, [])
    assert scheme_of(tags) == scheme


def test_broken_sequences_are_read_as_seqeval_reads_them():
    for tags, entities in zip(REFERENCE["predicted"], REFERENCE["entities"], strict=True):
        assert entities_of(tags)[0] == [tuple(entity) for entity in entities]


def test_a_tag_that_continues_nothing_is_told():
    assert entities_of(["O", "I-PER", "I-PER"]) == ([("PER", 1, 2)], [1])
    assert entities_of(["B-PER", "I-LOC"]) == ([("PER", 0, 0), ("LOC", 1, 1)], [1])
    assert entities_of([]) == ([], [])


@pytest.mark.parametrize("tag", ["PER", "X-PER", "B-", "B", "o", ""])
def test_what_is_no_tag_is_refused(tag):
    with pytest.raises(ValueError):
        entities_of(["O", tag])


def test_of_overlapping_entities_the_earlier_one_keeps_its_tokens():
    assert tags_of([("A", 0, 2), ("B", 2, 3)], 4) == ["B-A", "I-A", "I-A", "I-B"]


def test_labels_name_what_a_network_has_to_tell_apart():
    assert scheme_labels(["PER"], "bio") == ["O", "B-PER", "I-PER"]
    assert len(scheme_labels(map(str, range(10)), "bios")) == 31  # MindFormers' number for CLUENER
    assert kinds_of(["O", "B-b-c", "I-b-c", "B-a"]) == ["b-c", "a"]
    assert missing_tags(["B-PER", "I-PER", "S-PER", "B-LOC"]) == ["O", "I-LOC", "S-LOC"]
