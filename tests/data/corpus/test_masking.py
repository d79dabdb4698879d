"""Which tokens are hidden, and behind what: shares, units, and the same on every machine."""

import numpy as np
import pytest

from tasklab.data.corpus.masking import Masking, ordinary
from tasklab.data.rows.draws import draw

MASK, UNKNOWN, N = 4, 1, 400
IDS = 10 + np.arange(N) % 50
ALONE = np.zeros(N, bool)


def masking(**values):
    return Masking(MASK, np.arange(1000, 2000), (UNKNOWN,), **values)


def hide(cell, ids=IDS, continues=ALONE, epoch=0, row=0):
    return cell.hide(ids, continues, draw(42, epoch, row, 4 * len(ids)).reshape(4, len(ids)))


def test_a_share_is_hidden_and_four_in_five_of_it_behind_the_mask():
    kinds = np.zeros(3)
    for row in range(200):
        ids, positions, labels = hide(masking(), row=row)
        assert len(positions) == 60 and (np.diff(positions) > 0).all()  # 15 % of 400
        assert (labels == IDS[positions]).all()
        untouched = np.delete(np.arange(N), positions)
        assert (ids[untouched] == IDS[untouched]).all()
        kinds += [(ids == MASK).sum(), (ids >= 1000).sum(), (ids[positions] == labels).sum()]
    shares = kinds / kinds.sum()
    # 12000 draws: the deviation is sqrt(0.8 * 0.2 / 12000) = 0.0037
    np.testing.assert_allclose(shares, [0.8, 0.1, 0.1], atol=0.015)


def test_every_place_is_hidden_as_often_as_any_other():
    counts = np.zeros(20)
    for row in range(4000):
        counts[hide(masking(), IDS[:20], ALONE[:20], row=row).positions] += 1
    # 3 of 20 in 4000 rows: 600 times each, deviation sqrt(4000 * 0.15 * 0.85) = 23
    assert counts.min() > 600 - 5 * 23 and counts.max() < 600 + 5 * 23


def test_the_draw_depends_on_seed_epoch_and_row_alone():
    first = draw(42, 3, 7, 5)
    # as NumPy's Philox gives them for the key that SeedSequence makes of (42, 3)
    key = np.random.SeedSequence((42, 3)).generate_state(2, np.uint64)
    assert first.tolist() == np.random.Philox(counter=[0, 0, 7, 0], key=key).random_raw(5).tolist()
    assert draw(42, 3, 7, 9)[:5].tolist() == first.tolist()
    for other in ((43, 3, 7), (42, 4, 7), (42, 3, 8)):
        assert draw(*other, 5).tolist() != first.tolist()


def test_whole_words_are_hidden_together_and_never_more_than_the_share():
    continues = np.arange(N) % 4 != 0  # words of four pieces
    for row in range(20):
        positions = hide(masking(unit="whole_word"), continues=continues, row=row).positions
        assert len(positions) == 60
        words, counts = np.unique(positions // 4, return_counts=True)
        assert len(words) == 15 and set(counts) == {4}


def test_a_row_of_one_long_word_is_asked_for_one_of_its_tokens():
    long = np.arange(12) > 0  # one word of twelve: more than 15 % of anything
    found = [hide(masking(unit="whole_word"), IDS[:12], long, row=row).positions.tolist() for row in range(100)]
    assert {len(positions) for positions in found} == {1} and len({p for p, in found}) == 12


def test_spans_have_geometric_lengths_and_one_fate():
    lengths = []
    for row in range(300):
        ids, positions, labels = hide(masking(unit="span", probability=0.05), row=row)
        breaks = np.flatnonzero(np.diff(positions) > 1) + 1
        for span in np.split(positions, breaks):
            lengths.append(len(span))
        masked = ids[positions] == MASK
        assert len(positions) <= 20 and masked.any() or not masked.all()
    # the mean of min(10, geometric(0.2)) is 4.46; spans that do not fit are passed over, neighbours read as one
    assert 3.2 < np.mean(lengths) < 4.8 and max(lengths) > 8


def test_what_is_excluded_is_neither_asked_for_nor_counted():
    ids = np.full(40, UNKNOWN)
    ids[5:25] = 9
    for row in range(50):
        positions = hide(masking(), ids, ALONE[:40], row=row).positions
        assert len(positions) == 3 and ids[positions].tolist() == [9] * 3  # 15 % of 20
    assert len(hide(masking(), np.full(5, UNKNOWN), ALONE[:5]).positions) == 0


@pytest.mark.parametrize("tokens, places", [(1, 1), (3, 1), (10, 2), (100, 15), (126, 19)])
def test_the_number_of_places_is_the_rounded_share(tokens, places):
    assert masking().places(tokens) == places  # 0.15, 0.45, 1.5, 15, 18.9


def test_special_pieces_replace_nothing():
    assert ordinary(["[PAD]", "[unused7]", "the", "[", "##s", "<pad>", "<", "[MASK]"]).tolist() == [2, 3, 4, 6]
