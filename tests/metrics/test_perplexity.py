"""Perplexities, bits per byte, diversity and the trigram baseline, by hand."""

import math

import numpy as np
import pytest

from tasklab.metrics.diversity import score_diversity
from tasklab.metrics.ngrams import Trigrams
from tasklab.metrics.perplexity import Foreseen, score_foreseen


def test_perplexities_are_over_all_tokens_words_and_bytes_together():
    # 4 tokens of probability 1/2 and 2 of 1/8: log2 = -4 - 6 = -10; 5 bytes, 5 characters, 2 words
    texts = [Foreseen(4 * math.log(1 / 2), 4, 3, 3, 1), Foreseen(2 * math.log(1 / 8), 2, 2, 2, 1)]
    scores = score_foreseen(texts)
    assert scores["perplexity"] == pytest.approx(2 ** (10 / 6))
    assert scores["token_probability"] == pytest.approx(2 ** (-10 / 6))
    assert scores["word_perplexity"] == pytest.approx(2**5)
    assert scores["character_perplexity"] == pytest.approx(2**2)
    assert scores["bits_per_byte"] == pytest.approx(2.0)
    assert scores["tokens"] == 6


def test_texts_that_spell_nothing_have_no_bits_per_byte():
    assert score_foreseen([Foreseen(-1.0, 1, 0, 0, 0)]).keys() == {
        "token_probability", "loss", "perplexity", "tokens",
    }  # fmt: skip
    assert score_foreseen([]) == {"tokens": 0}


def test_distinct_ngrams_and_repetition():
    # a b a b a b: 6 single tokens of 2 kinds, 5 pairs of 2; stretches of 4: abab baba abab, one of 3 repeated
    assert score_diversity(["ababab"]) == pytest.approx({"distinct_1": 2 / 6, "distinct_2": 2 / 5, "repetition": 1 / 3})
    assert score_diversity(["ab", "cd"]) == pytest.approx({"distinct_1": 1.0, "distinct_2": 1.0, "repetition": 0.0})


START = 3  # V = 3: tokens 0, 1, 2


def test_a_trigram_has_kneser_neys_probability():
    # text 0 1 2 0 1 0: after (0, 1) came 2 and 0. Trigrams: ss0 s01 012 120 201 010, once each: D = 1/2 (no pair twice)
    tokens = [0, 1, 2, 0, 1, 0]
    before = [START, START, *tokens]
    contexts = np.array([before[i : i + 2] for i in range(6)])
    model = Trigrams(contexts, np.array(tokens), 3)
    # single tokens by the pairs that end in them: 0: s0 20 10 = 3, 1: 01 = 1, 2: 12 = 1, of 5;
    # counts 3 1 1: n1 = 2, n2 = 0, D = 1/2: p(2) = (1 - 1/2)/5 + 1/2 * 3/5 * 1/3 = 0.2
    # pairs by the trigrams that end in them: s0 1, 01: s01 201 = 2, 12 1, 20 1, 10 1: n1 = 4, n2 = 1,
    # D = 4/6: p(2 | 1) = (1 - 2/3)/2 + 2/3 * 2/2 * 0.2 = 0.3
    # p(2 | 0 1) = (1 - 1/2)/2 + 1/2 * 2/2 * 0.3 = 0.4
    found = model.log_probabilities(np.array([[0, 1]]), np.array([2]))
    assert math.exp(found[0]) == pytest.approx(0.4)


def test_probabilities_of_all_tokens_add_up_to_one_behind_any_context(rng):
    size = 7
    model = Trigrams(rng.integers(0, size + 1, (200, 2)), rng.integers(0, size - 1, 200), size)
    for context in ([0, 1], [6, 6], [size, size], [3, size]):
        every = model.log_probabilities(np.tile(context, (size, 1)), np.arange(size))
        assert np.exp(every).sum() == pytest.approx(1.0)


def test_nothing_counted_foresees_all_tokens_alike():
    model = Trigrams(np.zeros((0, 2)), np.zeros(0), 4)
    assert np.exp(model.log_probabilities(np.array([[0, 1]]), np.array([2]))) == pytest.approx([0.25])
