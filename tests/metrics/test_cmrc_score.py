"""CMRC 2018 scores; expected values by hand from the official rules (checked once against nltk on CMRC and DRCD)."""
import pytest

from tasklab.errors import DataError
from tasklab.metrics import cmrc


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("北京市", ["北", "京", "市"]),
        ("iPhone 4S手机", ["iphone", "4s", "手", "机"]),  # Latin words whole, lower case
        ("1,200.5元", ["1,200.5", "元"]),  # comma and dot stay inside a number
        ("约50%", ["约", "50", "%"]),
        ("《红楼梦》，", ["红", "楼", "梦"]),  # full-width marks go
        ("a-b", ["ab"]),  # a hyphen goes without leaving a border
        ("U.S.A.队", ["u.s.a", ".", "队"]),  # the dot before 队 ends its Latin part
        ("Tom's 书", ["tom", "'s", "书"]),
        ("don't", ["do", "n't"]),
        ("one, two!", ["one", ",", "two", "!"]),
        ("等……", ["等", "……"]),  # the official entry has two characters and never equals one: it stays
        ("　北　", ["北"]),  # ideographic spaces
        ("", []),
    ],
)
def test_segments(text, expected):
    assert cmrc.segments(text) == expected


@pytest.mark.parametrize(
    ("prediction", "gold", "expected"),
    [
        ("北京市", "北京", 0.8),  # run 2; P 2/3, R 1; (4/3)/(5/3)
        ("北京", "南京", 0.5),  # run 1; P 1/2, R 1/2
        ("北方京城", "北京", 1 / 3),  # 北 and 京 are not neighbours: run 1; P 1/4, R 1/2; (1/4)/(3/4)
        ("京", "京", 1.0),  # one character counts
        ("人人人", "人人", 0.8),  # run 2; P 2/3, R 1
        ("Windows XP系统", "windows xp", 2 / 3),  # windows xp 系 统: run 2; P 2/4, R 1; 1/1.5
        ("上海", "北京", 0.0),
        ("“北京”。", "北京", 1.0),
        ("", "北京", 0.0),
        ("", "", 1.0),
        ("，。", "", 1.0),  # marks only: nothing left on either side
        ("2008年8月8日", "8月8日", 0.8),  # 2008 年 8 月 8 日: run 4; P 4/6, R 1; (4/3)/(5/3)
    ],
)
def test_f1_is_over_the_longest_common_run(prediction, gold, expected):
    assert cmrc.f1(prediction, gold) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("prediction", "gold", "expected"),
    [
        ("北京，", "北京", 1.0),
        ("BBC", "bbc", 1.0),
        (" 北京 ", "北京", 1.0),
        ("北 京", "北京", 0.0),  # a blank inside counts
        ("3.5", "35", 0.0),  # the ASCII dot is no punctuation here
        ("北京!", "北京", 0.0),  # nor is the ASCII exclamation mark
        ("1-2", "12", 1.0),
    ],
)
def test_exact_removes_the_listed_punctuation_only(prediction, gold, expected):
    assert cmrc.exact(prediction, gold) == expected


def test_uer_mode_compares_characters():
    # official: "cats" and "cat" are different words; uer: run 3, P 3/4, R 1, F1 1.5/1.75 = 6/7
    assert cmrc.f1("cats", "cat") == 0.0
    assert cmrc.f1("cats", "cat", mode="uer") == pytest.approx(6 / 7)


def test_uer_mode_minds_case_and_blanks_in_f1_only():
    # "AB" / "ab": no common character; exact match lowers both
    assert cmrc.f1("AB", "ab", mode="uer") == 0.0
    # "a b" / "ab": run 1; P 1/3, R 1/2; (1/3)/(5/6) = 0.4
    assert cmrc.f1("a b", "ab", mode="uer") == pytest.approx(0.4)
    assert cmrc.score_cmrc({"q": "AB"}, {"q": ["ab"]}, mode="uer")["exact_match"] == 100.0


@pytest.mark.parametrize("mode", cmrc.MODES)
def test_one_character_answers_score(mode):
    assert cmrc.score_cmrc({"q": "唐"}, {"q": ["唐"]}, mode)["average"] == 100.0


def test_score_is_over_every_row_and_takes_the_best_gold():
    references = {"q1": ["北京", "北京市"], "q2": ["1998年"], "q3": ["唐朝"]}
    report = cmrc.score_cmrc({"q1": "北京市。", "q2": "1998", "other": "x"}, references)
    # q1: 1, 1; q2: exact 0, run 1, P 1, R 1/2, F1 2/3; q3 missing: 0, 0
    assert report == {
        "exact_match": pytest.approx(100 / 3), "f1": pytest.approx(500 / 9),
        "average": pytest.approx((100 / 3 + 500 / 9) / 2), "total": 3, "skipped": 1,
    }


def test_traditional_chinese_of_drcd_is_split_like_simplified():
    # run 臺灣大學 4 of 6 characters; R 1; (8/6)/(10/6) = 0.8
    assert cmrc.f1("國立臺灣大學", "臺灣大學") == pytest.approx(0.8)


def test_longest_common_run_wants_neighbours():
    assert cmrc.longest_common_run("abcxdef", "abcdef") == 3
    assert cmrc.longest_common_run("aab", "aaab") == 3
    assert cmrc.longest_common_run("", "a") == 0


def test_nothing_to_score_is_an_error():
    with pytest.raises(DataError, match="there is no reference row"):
        cmrc.score_cmrc({}, {})
