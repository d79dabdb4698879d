"""Decoding of start and end logits, against a brute-force oracle over all pairs."""
import itertools
import time
import unicodedata

import numpy as np
import pytest

from tasklab.metrics import spans


def oracle(start_logits, end_logits, first, length, max_context, max_answer_length, n_best):
    """All legal pairs in float64, sorted by the rule of the docstring."""
    pairs = []
    for s in range(first, first + length):
        for e in range(s, min(s + max_answer_length, first + length)):
            if max_context[s - first]:
                pairs.append((-(float(start_logits[s]) + float(end_logits[e])), s, e - s))
    return [(s, s + size, -score) for score, s, size in sorted(pairs)[:n_best]]


def found(*args):
    return [(int(s), int(e), float(x)) for s, e, x in zip(*spans.window_candidates(*args), strict=True)]


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("kind", ["random", "ties"])
def test_candidates_are_the_best_of_all_legal_pairs(seed, kind):
    rng = np.random.default_rng(seed)
    S = int(rng.integers(4, 60))
    first = int(rng.integers(1, S))
    length = int(rng.integers(0, S - first + 1))
    logits = rng.standard_normal((2, S)) * 5 if kind == "random" else rng.integers(-1, 2, (2, S))
    logits = logits.astype(np.float32)
    args = (*logits, first, length, rng.random(length) < 0.7, int(rng.integers(1, 12)), int(rng.integers(1, 25)))
    assert found(*args) == oracle(*args)


def test_a_span_whose_ends_are_second_rate_is_found():
    # the best start 3 cannot meet the best end 1 (backwards), so the answer is the pair 0..1 (1 + 9 = 10)
    start, end = np.array([1.0, 0, 0, 9]), np.array([0.0, 9, 0, 0])
    assert found(start, end, 0, 4, [True] * 4, 4, 1) == [(0, 1, 10.0)]


def test_equal_scores_go_to_the_earlier_then_shorter_span():
    zeros = np.zeros(5, np.float32)
    expected = [(1, 1, 0.0), (1, 2, 0.0), (2, 2, 0.0), (2, 3, 0.0), (3, 3, 0.0)]
    assert found(zeros, zeros, 1, 3, [True] * 3, 2, 9) == expected


def test_only_the_context_part_is_searched():
    logits = np.array([9.0, 9, 1, 2, 9], np.float32)
    assert found(logits, logits, 2, 2, [True, True], 5, 10) == [(3, 3, 4.0), (2, 3, 3.0), (2, 2, 2.0)]


def test_the_start_needs_max_context_but_not_the_end():
    logits = np.array([0.0, 1, 2, 3], np.float32)
    assert found(logits, logits, 0, 4, [True, False, False, False], 4, 10) == [
        (0, 3, 3.0), (0, 2, 2.0), (0, 1, 1.0), (0, 0, 0.0)
    ]


def test_logits_that_are_not_finite_are_never_chosen():
    start, end = np.array([np.nan, 1, np.inf]), np.array([0.0, 2, -np.inf])
    assert found(start, end, 0, 3, [True] * 3, 3, 5) == [(1, 1, 3.0)]


def test_a_window_without_a_legal_span_gives_none():
    assert found(np.ones(4), np.ones(4), 1, 0, [], 3, 5) == []
    assert found(np.ones(4), np.ones(4), 1, 2, [False, False], 3, 5) == []


def batch(rng, W, S):
    first = rng.integers(2, 20, W)
    length = np.minimum(rng.integers(5, S, W), S - first - 1)
    logits = rng.standard_normal((2, W, S)).astype(np.float32)
    return (*logits, first, length, rng.random((W, S)) < 0.8)


def test_the_batch_form_equals_the_single_form():
    args = batch(np.random.default_rng(0), 600, 48)  # more rows than one chunk
    start, end, score = spans.batch_window_candidates(*args, 7, 60)
    for w in [0, 1, 17, 511, 512, 599]:
        starts, ends, first, length, mask = (a[w] for a in args)
        expected = oracle(starts, ends, first, length, mask[first : first + length], 7, 60)
        k = len(expected)
        assert list(zip(start[w, :k], end[w, :k], score[w, :k], strict=True)) == expected
        assert (start[w, k:] == -1).all() and (end[w, k:] == -1).all() and (score[w, k:] == -np.inf).all()


def test_results_do_not_depend_on_padding_or_batch():
    start, end, first, length, mask = batch(np.random.default_rng(1), 8, 40)
    whole = spans.batch_window_candidates(start, end, first, length, mask, 5, 10)
    pad = ((0, 0), (0, 24))
    wide = (np.pad(start, pad), np.pad(end, pad), first, length, np.pad(mask, pad))
    for w in range(8):
        alone = spans.batch_window_candidates(*(a[w : w + 1] for a in wide), 5, 10)
        for a, b in zip(alone, whole, strict=True):
            np.testing.assert_array_equal(a[0], b[w])


def test_squad_dev_size_is_decoded_in_seconds():
    args = batch(np.random.default_rng(2), 5681, 384)
    begin = time.process_time()  # other programs on the machine do not count
    spans.batch_window_candidates(*args, 30, 20)
    assert time.process_time() - begin < 5


CONTEXT = "My name is Ada and I live in Rome"


def window(*rows, null=0.0):
    starts, ends, scores = zip(*rows, strict=True) if rows else ((), (), ())
    return spans.WindowSpans(np.array(starts, int), np.array(ends, int), np.array(scores, np.float64), null)


def test_merged_answers_are_cut_from_the_context_with_softmax_scores():
    # scores 2 and 2 - ln 3: weights 1 and 1/3, so 0.75 and 0.25
    merged = spans.merge_windows([window((29, 33, 2.0), (11, 14, 2.0 - np.log(3)))], CONTEXT, 20)
    assert merged == [
        {"text": "Rome", "score": pytest.approx(0.75), "start": 29, "end": 33},
        {"text": "Ada", "score": pytest.approx(0.25), "start": 11, "end": 14},
    ]


def test_the_same_span_of_two_windows_counts_once_with_its_best_score():
    merged = spans.merge_windows([window((29, 33, 1.0)), window((29, 33, 3.0), (11, 14, 3.0))], CONTEXT, 20)
    assert [(a["text"], a["score"]) for a in merged] == [("Ada", 0.5), ("Rome", 0.5)]  # a tie: the earlier first


def test_equal_texts_at_two_places_are_two_answers():
    merged = spans.merge_windows([window((0, 2, 1.0), (3, 5, 0.0))], "ab ab", 20)
    assert [(a["text"], a["start"]) for a in merged] == [("ab", 0), ("ab", 3)]


def test_blanks_around_a_span_are_cut_off_before_deduplication():
    merged = spans.merge_windows([window((28, 33, 1.0), (29, 33, 2.0), (2, 3, 9.0))], CONTEXT, 20)
    assert merged == [{"text": "Rome", "score": 1.0, "start": 29, "end": 33}]  # the blank at 2..3 is no answer


def test_combining_marks_after_the_span_belong_to_it():
    context = unicodedata.normalize("NFD", "le café noir")
    merged = spans.merge_windows([window((3, 7, 1.0))], context, 20)
    assert (merged[0]["text"], merged[0]["end"]) == ("cafe\u0301", 8)


def test_n_best_limits_the_list_before_the_softmax():
    merged = spans.merge_windows([window((0, 2, 1.0), (3, 7, 1.0), (8, 10, 1.0))], CONTEXT, 2)
    assert [(a["text"], a["score"]) for a in merged] == [("My", 0.5), ("name", 0.5)]


@pytest.mark.parametrize(("threshold", "expected"), [(1.9, ""), (2.0, "Rome"), (-5.0, "")])
def test_no_answer_wins_above_the_threshold_only(threshold, expected):
    # smallest null score 3, best span 1: difference 2
    windows = [window((29, 33, 1.0), null=3.0), window((11, 14, 0.0), null=8.0)]
    merged = spans.merge_windows(windows, CONTEXT, 20, null_score_diff_threshold=threshold)
    assert merged[0]["text"] == expected
    assert {a["text"] for a in merged} == {"", "Rome", "Ada"}
    assert sum(a["score"] for a in merged) == pytest.approx(1.0)
    assert spans.null_score_difference(windows, CONTEXT) == 2.0


def test_without_a_legal_span_the_answer_is_empty():
    empty = {"text": "", "start": 0, "end": 0}
    assert spans.merge_windows([window()], CONTEXT, 20) == [{**empty, "score": 0.0}]
    assert spans.merge_windows([], CONTEXT, 20) == [{**empty, "score": 0.0}]
    assert spans.merge_windows([window()], CONTEXT, 20, 0.0) == [{**empty, "score": 1.0}]
    assert spans.null_score_difference([window()], CONTEXT) == float("inf")


def test_the_order_of_the_windows_does_not_matter():
    rng = np.random.default_rng(3)
    windows = []
    for _ in range(4):
        starts = rng.integers(0, 20, 6)
        windows.append(window(*zip(starts, starts + rng.integers(1, 9, 6), rng.integers(0, 3, 6) / 3, strict=True),
                              null=float(rng.integers(0, 3))))
    results = [spans.merge_windows(order, CONTEXT, 5, 0.5) for order in itertools.permutations(windows)]
    assert all(result == results[0] for result in results)


def test_token_candidates_become_characters():
    offsets = [[0, 2], [3, 7], [8, 10]]  # context tokens at positions 4, 5, 6 of the window
    spans_ = spans.character_spans([5, 4, -1], [6, 4, -1], [2.0, 1.0, -np.inf], offsets, first=4, null_score=0.5)
    assert (spans_.starts.tolist(), spans_.ends.tolist()) == ([3, 0], [10, 2])
    assert (spans_.scores.tolist(), spans_.null_score) == ([2.0, 1.0], 0.5)


def test_long_answers_need_a_long_limit():
    with pytest.raises(ValueError, match="max_answer_length 0"):
        spans.window_candidates(np.zeros(3), np.zeros(3), 0, 3, [True] * 3, 0, 5)


def test_no_answer_needs_its_logits():
    windows = [spans.character_spans([0], [0], [1.0], [[0, 2]], first=0)]
    with pytest.raises(ValueError, match="null_score inf is not finite"):
        spans.merge_windows(windows, CONTEXT, 20, null_score_diff_threshold=0.0)
