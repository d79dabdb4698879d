"""Equal and nearly equal texts, in time that grows with their number alone."""

import time

import numpy as np
import pytest

from tasklab.data.rows.near_equal import Links, join_near, letters


def groups(texts):
    links = Links(len(texts))
    join_near(links, texts)
    return links.groups().tolist()


@pytest.mark.parametrize(
    "texts",
    [
        ("Hello, World 12!", "hello  world"),  # case, blanks, punctuation, digits
        ("今天天气很好，我们去公园。", "今天天气很好我们去公园"),
        # one character of 61: three of 59 trigrams differ, 56 / 62 = 0.90
        ("the invoice of last month was sent to the wrong address, please send it anew",
         "the invoice of last month was sent to the wrong adress, please send it anew"),
        ("", ""),
    ],
)  # fmt: skip
def test_these_are_one(texts):
    assert groups(texts) == [0, 0]


@pytest.mark.parametrize(
    "texts",
    [
        ("12 34", "12 35"),  # nothing but digits: these are the text
        ("great 😀", "great 😡"),
        ("कि", "की"),  # marks that Python's \w does not know
        ("the film is good", "the film is bad"),  # 10 of 14 trigrams at most
        ("a", "b"), ("", "!"),
    ],
)  # fmt: skip
def test_these_are_two(texts):
    assert groups(texts) == [0, 1]


def test_what_is_compared_is_the_share_of_common_trigrams():
    def share(one, other):
        a, b = ({text[i : i + 3] for i in range(len(text) - 2)} for text in map(letters, (one, other)))
        return len(a & b) / len(a | b)

    rng = np.random.default_rng(0)
    alphabet = np.array(list("abcdefghijklmnopqrstuvwxyz"))
    for _ in range(200):
        one = "".join(rng.choice(alphabet, 60))
        changed = list(one)
        for place in rng.choice(60, rng.integers(1, 7), replace=False):
            changed[place] = rng.choice(alphabet)
        other = "".join(changed)
        assert (groups([one, other]) == [0, 0]) == (share(one, other) >= 0.8)


def test_chains_hang_together_and_groups_go_by_their_first_member():
    assert groups(["x y z", "other words", "X, Y, Z", "xyz 1"]) == [0, 1, 0, 0]


def test_fifty_thousand_rows_take_seconds():
    rng = np.random.default_rng(1)
    words = ["".join(rng.choice(list("abcdefghijklmnopqrstuvwxyz"), 6)) for _ in range(3000)]
    texts = [" ".join(words[i] for i in rng.integers(0, 3000, 12)) for _ in range(45_000)]
    texts += [text[:30] + "q" + text[31:] for text in texts[:5000]]
    began = time.process_time()
    found = groups(texts)
    assert time.process_time() - began < 60  # about 3; all pairs would be 1.25e9 comparisons
    assert np.mean([found[45_000 + i] == i for i in range(5000)]) > 0.999 and len(set(found)) < 45_010
