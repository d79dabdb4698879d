"""SQuAD scores; every expected value is worked out by hand from the official rules."""
import pytest

from tasklab.errors import DataError
from tasklab.metrics import squad


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The Cat", "cat"),
        ("a theatre", "theatre"),  # "the" inside a word stays
        ("U.S.A.", "usa"),
        ("rock-n-roll", "rocknroll"),  # punctuation goes without leaving a space
        ("the-end", "theend"),  # punctuation goes first, so no article is left
        ("  two \t spaces\n", "two spaces"),
        ("Ärger, Ÿ", "ärger ÿ"),
        ("“quoted”", "“quoted”"),  # only ASCII punctuation counts
        ("《三国》 the 王", "《三国》 王"),
        ("An", ""),
        ("$5.00", "500"),
        ("it's", "its"),
    ],
)
def test_normalize(text, expected):
    assert squad.normalize(text) == expected


def test_exact_ignores_case_articles_and_punctuation():
    assert squad.exact("The Black Sea.", "black sea") == 1.0


def test_exact_wants_every_word():
    assert squad.exact("Black Sea coast", "Black Sea") == 0.0


@pytest.mark.parametrize(
    ("prediction", "gold", "expected"),
    [
        ("cat sat cat", "the cat sat", 0.8),  # shared 2; P 2/3, R 2/2; 2*(2/3)/(5/3) = 0.8
        ("cat cat", "cat", 2 / 3),  # the second cat is not shared: P 1/2, R 1; 1/1.5
        ("cat cat", "cat cat cat", 0.8),  # shared 2; P 1, R 2/3; (4/3)/(5/3)
        ("red bus", "blue car", 0.0),
        ("a b c d", "b c", 0.8),  # "a" is an article: P 2/3, R 1
        ("in 1998", "1998", 2 / 3),  # P 1/2, R 1
        ("北京 上海", "上海", 2 / 3),  # words are split at spaces only
        ("北京", "北京市", 0.0),
        ("twenty-one", "twenty one", 0.0),  # "twentyone" shares no word
        ("Zoë", "Zoe", 0.0),
    ],
)
def test_f1_counts_shared_words(prediction, gold, expected):
    assert squad.f1(prediction, gold) == pytest.approx(expected)
    assert squad.f1_v1(prediction, gold) == pytest.approx(expected)


def test_two_texts_without_words_agree_in_v2_only():
    assert (squad.f1("the", "a!"), squad.f1_v1("the", "a!")) == (1.0, 0.0)
    assert (squad.f1("", "word"), squad.f1("word", "...")) == (0.0, 0.0)


def test_v1_takes_the_best_gold_and_counts_missing_rows_as_zero():
    references = {"q1": ["Paris", "city of Paris"], "q2": ["two"], "q3": ["red"]}
    predictions = {"q1": "the city Paris", "q2": "Two!", "other": "red"}
    report = squad.score_squad(predictions, references)
    # q1: "city paris" against "paris" 2/3, against "city of paris" P 1, R 2/3, F1 0.8; q2 1; q3 missing 0
    assert report == {"exact_match": pytest.approx(100 / 3), "f1": pytest.approx(60.0), "total": 3}


def test_v1_of_an_empty_prediction_is_zero():
    assert squad.score_squad({"q": ""}, {"q": ["x"]}) == {"exact_match": 0.0, "f1": 0.0, "total": 1}


def test_v1_of_articles_only_is_exact_but_shares_no_word():
    # both normalize to "": equal strings, yet no shared word (official v1.1 behaviour)
    assert squad.score_squad({"q": "the"}, {"q": ["A"]}) == {"exact_match": 100.0, "f1": 0.0, "total": 1}


V2_REFERENCES = {"h1": ["green tea"], "h2": ["Rome"], "n1": [], "n2": []}
V2_PREDICTIONS = {"h1": "tea", "h2": "", "n1": "", "n2": "something"}


def test_v2_splits_the_report_by_answerable_and_not():
    # h1: exact 0, f1 P 1, R 1/2 = 2/3; h2: 0, 0; n1: 1, 1; n2: 0, 0
    assert squad.score_squad(V2_PREDICTIONS, V2_REFERENCES) == {
        "exact_match": 25.0, "f1": pytest.approx(100 * (5 / 3) / 4), "total": 4,
        "HasAns_exact": 0.0, "HasAns_f1": pytest.approx(100 / 3), "HasAns_total": 2,
        "NoAns_exact": 50.0, "NoAns_f1": 50.0, "NoAns_total": 2,
    }


def test_v2_threshold_turns_unsure_answers_into_no_answer():
    probs = {"h1": 0.1, "h2": 0.2, "n1": 0.9, "n2": 0.8}
    report = squad.score_squad(V2_PREDICTIONS, V2_REFERENCES, probs, threshold=0.5)
    # n2 is above 0.5 and becomes "": right. h1 keeps 2/3.
    assert report["exact_match"] == 50.0
    assert report["f1"] == pytest.approx(100 * (2 + 2 / 3) / 4)
    assert (report["NoAns_exact"], report["HasAns_f1"]) == (100.0, pytest.approx(100 / 3))


def test_v2_threshold_is_exclusive():
    probs = dict.fromkeys(V2_REFERENCES, 0.5)
    assert squad.score_squad(V2_PREDICTIONS, V2_REFERENCES, probs, threshold=0.5)["exact_match"] == 25.0


def test_v2_threshold_takes_a_right_answer_away():
    report = squad.score_squad({"h": "Rome", "n": ""}, {"h": ["Rome"], "n": []}, {"h": 0.7, "n": 0.0}, threshold=0.6)
    assert (report["HasAns_exact"], report["NoAns_exact"]) == (0.0, 100.0)


def test_v2_best_threshold_walks_from_sure_to_unsure():
    references = {"a": ["x"], "b": ["y"], "c": [], "d": ["z"], "e": []}
    predictions = {"a": "x", "b": "y q", "c": "wrong", "d": "z", "e": ""}
    probs = {"a": 0.1, "b": 0.2, "c": 0.4, "d": 0.6, "e": 0.9}
    report = squad.score_squad(predictions, references, probs)
    # exact: starts at 2 (c, e without answer); a 3 (0.1); b +0; c -1 = 2; d 3, not above 3; e +0
    assert (report["best_exact"], report["best_exact_thresh"]) == (60.0, 0.1)
    # f1: 2; a 3 (0.1); b + 2/3 = 3.667 (0.2); c 2.667; d 3.667, not above
    assert (report["best_f1"], report["best_f1_thresh"]) == (pytest.approx(100 * (3 + 2 / 3) / 5), 0.2)


def test_v2_best_threshold_is_zero_when_silence_is_best():
    report = squad.score_squad({"a": "no", "b": "no"}, {"a": ["x"], "b": []}, {"a": 0.3, "b": 0.2})
    assert (report["best_exact"], report["best_exact_thresh"]) == (50.0, 0.0)


def test_v2_best_scores_do_not_depend_on_the_given_threshold():
    probs = {"h1": 0.1, "h2": 0.2, "n1": 0.9, "n2": 0.8}
    low, high = (squad.score_squad(V2_PREDICTIONS, V2_REFERENCES, probs, threshold=t) for t in (0.0, 1.0))
    assert {k: v for k, v in low.items() if "best" in k} == {k: v for k, v in high.items() if "best" in k}


def test_v2_gold_without_words_is_dropped_from_the_list():
    # "the" normalizes to nothing; the row still counts as answerable, and only "cat" is gold
    report = squad.score_squad({"q": ""}, {"q": ["the", "cat"]}, version="2.0")
    assert (report["exact_match"], report["HasAns_total"]) == (0.0, 1)
    assert squad.score_squad({"q": "cat"}, {"q": ["the", "cat"]}, version="2.0")["f1"] == 100.0


def test_v2_gold_that_is_all_articles_accepts_an_empty_answer():
    assert squad.score_squad({"q": ""}, {"q": ["the"]}, version="2.0")["HasAns_exact"] == 100.0


def test_v2_missing_prediction_scores_zero_even_without_answer():
    report = squad.score_squad({"n1": ""}, {"n1": [], "n2": []}, {"n1": 1.0})
    assert (report["exact_match"], report["best_exact"], report["NoAns_total"]) == (50.0, 50.0, 2)


def test_nothing_to_score_is_an_error():
    with pytest.raises(DataError, match="there is no reference row"):
        squad.score_squad({"q": "x"}, {})


def test_missing_no_answer_probability_is_named():
    with pytest.raises(DataError, match="no value for 1 of 1 predictions, first for 'q'"):
        squad.score_squad({"q": "x"}, {"q": ["x"]}, {})
