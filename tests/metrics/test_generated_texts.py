"""Scores of generated texts, worked out by hand or taken from the papers' own definitions."""

import numpy as np
import pytest

from tasklab.errors import ConfigError
from tasklab.metrics.baseline import first_sentence
from tasklab.metrics.bleu import bleu_interval, score_bleu, score_bleu_n, tokenizer_for
from tasklab.metrics.rouge import longest_common, score_rouge
from tasklab.metrics.scripts import language_of, wide_share, words_of
from tasklab.metrics.short_answers import score_short_answer
from tasklab.metrics.tfidf import nearest_texts


def test_chinese_is_counted_by_character_and_other_scripts_by_word():
    assert words_of("Python 3.9 很好，真的") == ["python", "3", "9", "很", "好", "真", "的"]
    assert words_of("The cat, the DOG") == ["the", "cat", "the", "dog"]


@pytest.mark.parametrize(
    "texts, language",
    [(["今天天气很好 OK"], "zh"), (["これは本です"], "ja"), (["오늘은 날씨가 좋다"], "ko"), (["fine"], ""), ([""], "")],
)
def test_the_language_is_told_by_the_script(texts, language):
    assert language_of(texts) == language
    assert (wide_share("".join(texts)) > 0.5) == bool(language)


def test_bleu_1_of_a_chinese_sentence():
    # 6 characters, 4 of which (cat, sit, on, ...) are in the reference of 5; longer, so that nothing is taken off
    scores = score_bleu_n(["猫坐在椅子上"], [["猫坐在树上"]], "zh")
    assert scores["bleu_1"] == pytest.approx(100 * 4 / 6)
    # pairs: cat-sit and sit-on of 5; triples: cat-sit-on of 4; no four: 0
    assert scores["bleu_2"] == pytest.approx(100 * (4 / 6 * 2 / 5) ** 0.5)
    assert scores["bleu_4"] == 0.0


def test_bleu_has_several_references_of_different_number():
    # the first text is its second reference as it stands, the second text has one reference
    texts = ["the cat sat on a mat", "a dog"]
    scores, signature = score_bleu(texts, [["no", texts[0]], texts[1:]], "13a")
    assert scores["bleu"] == pytest.approx(100.0) and scores["chrf"] == pytest.approx(100.0)
    assert "tok:13a" in signature and "version:" in signature


def test_13a_is_refused_for_chinese():
    assert tokenizer_for([["今天天气很好"]]) == "zh" and tokenizer_for([["It is fine"]]) == "13a"
    assert tokenizer_for([["今天天气很好"]], "char") == "char"
    with pytest.raises(ConfigError, match=r"data.bleu_tokenizer = 13a: the targets are zh.*set it to zh, or to"):
        tokenizer_for([["今天天气很好"]], "13a")


def test_rouge_of_the_papers_example():
    # Lin 2004, section 3: police killed the gunman; S2 shares police, the, gunman in order, S3 only two in order
    reference = ["police killed the gunman"]
    assert score_rouge("police kill the gunman", reference)["rouge_l"] == pytest.approx(75.0)
    assert score_rouge("the gunman kill police", reference)["rouge_l"] == pytest.approx(50.0)
    found = score_rouge("police kill the gunman", ["nothing", *reference])
    # 3 of 4 words, 1 of 3 pairs (the gunman)
    assert found["rouge_1"] == pytest.approx(75.0) and found["rouge_2"] == pytest.approx(100 / 3)
    assert score_rouge("", ["word"])["rouge_l"] == 0.0 and score_rouge("标题", ["标题"])["rouge_2"] == 100.0


def test_the_longest_common_subsequence_is_that_of_the_table(rng):
    def by_table(first, second):
        rows = [[0] * (len(second) + 1) for _ in range(len(first) + 1)]
        for i, a in enumerate(first):
            for j, b in enumerate(second):
                rows[i + 1][j + 1] = rows[i][j] + 1 if a == b else max(rows[i][j + 1], rows[i + 1][j])
        return rows[-1][-1]

    for _ in range(50):
        first, second = ("".join(rng.choice(list("abcd"), rng.integers(0, 90))) for _ in range(2))
        assert longest_common(first, second) == by_table(first, second)


def test_an_answer_is_as_good_as_the_best_of_its_references():
    assert score_short_answer("The Red House", ["blue", "red house"]) == {"exact_match": 100.0, "f1": 100.0}
    # of "big red house" against "red house": P 2/3, R 1, F1 0.8
    assert score_short_answer("big red house", ["red house"])["f1"] == pytest.approx(80.0)
    # the run of 3 characters of 4 and 3: 2 * 3 / 7
    assert score_short_answer("3至7日", ["至7日"])["f1"] == pytest.approx(100 * 2 * 3 / 7)


def test_the_nearest_text_shares_rare_words():
    texts = ["the cat sleeps", "the dog barks", "the bird sings"]
    assert nearest_texts(texts, ["a dog", "the birds and a bird", "nothing of these"]) == [1, 2, 0]
    assert nearest_texts(["..."], ["a"]) == [0]


def test_the_first_sentence_ends_at_its_mark():
    assert first_sentence("  It rains. We stay.") == "It rains." and first_sentence("下雨了。不去") == "下雨了。"
    assert first_sentence("no mark") == "no mark" and first_sentence("") == ""


def test_bleu_has_an_interval_around_it():
    rng = np.random.default_rng(1)
    words = np.array([f"w{i}" for i in range(30)])
    references = [[" ".join(rng.choice(words, 12))] for _ in range(40)]
    texts = [one if i % 2 else " ".join(rng.choice(words, 12)) for i, (one,) in enumerate(references)]
    scores, _ = score_bleu(texts, references, "13a")
    low, high = bleu_interval(texts, references, "13a")
    # half of the texts are right: the share of 40 coins deviates by 8 of 100, and 2 * 1.96 * 8 = 31
    assert low < scores["bleu"] < high and 20 < high - low < 45
    assert bleu_interval(["a b c d e"] * 3, [["a b c d e"]] * 3, "13a") == (pytest.approx(100), pytest.approx(100))
