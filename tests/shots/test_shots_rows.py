"""Which rows are learned from and which are tested on, and what cannot be compared."""

from collections import Counter

import pytest

from tasklab.data.texts.example import TextExample, texts_of
from tasklab.errors import ConfigError, DataError
from tasklab.shots.rows import classes_of, drawn, left_over, write_rows

CLASSES = ["no", "yes"]
EXAMPLES = [TextExample(str(i), f"text {i % 12}", None, CLASSES[i % 2]) for i in range(24)]
"""Six different texts of each class, each twice."""


def test_each_class_gives_its_share_of_different_texts_and_a_seed_always_the_same():
    train = drawn(EXAMPLES, CLASSES, 3, seed=1)
    assert Counter(e.label for e in train) == {"no": 3, "yes": 3}
    assert len({texts_of(e) for e in train}) == 6
    assert train == drawn(EXAMPLES, CLASSES, 3, seed=1) != drawn(EXAMPLES, CLASSES, 3, seed=2)


def test_no_text_that_was_learned_from_is_tested_on():
    train = drawn(EXAMPLES, CLASSES, 3, seed=1)
    test = left_over(EXAMPLES, train, None)
    assert len(test) == 12 and not {texts_of(e) for e in test} & {texts_of(e) for e in train}
    few = left_over(EXAMPLES, train, 4)
    assert Counter(e.label for e in few) == {"no": 2, "yes": 2}
    with pytest.raises(ConfigError, match="no row is left to test on; name others with data.eval=FILE"):
        left_over(train, train, None)


def test_one_class_and_too_few_rows_are_told_with_their_counts():
    with pytest.raises(DataError, match="t.tsv: every label is 'no'; expected at least two classes"):
        classes_of(EXAMPLES[::2], 2, 1, "t.tsv")
    assert classes_of(EXAMPLES, 5, 1, "t.tsv") == classes_of(EXAMPLES, 6, 0, "t.tsv") == CLASSES
    rare = [*EXAMPLES, TextExample("x", "other", None, "maybe"), TextExample("y", "others", None, "maybe")]
    told = r"t.tsv: too few different texts of 1 of 3 classes \('maybe' 2\); --shots 2 needs 2 of each, and one to "
    with pytest.raises(DataError, match=told + "test on; take --shots 1, add rows"):
        classes_of(rare, 2, 1, "t.tsv")


def test_a_folder_holds_the_rows_of_one_comparison(tmp_path):
    path = tmp_path / "seed-0" / "train.jsonl"
    write_rows(path, EXAMPLES[:1])
    assert path.read_text() == '{"text_a": "text 0", "label": "no"}\n'
    write_rows(path, EXAMPLES[:1])
    with pytest.raises(ConfigError, match="holds a comparison of other rows"):
        write_rows(path, EXAMPLES[1:2])
