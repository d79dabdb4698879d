"""Words of a running text: what people of each script count as one (counted by hand)."""

import pytest

from tasklab.data.tagging.words import word_spans

WORDS = [
    "हिन्दी विश्व की भाषा है", "தமிழ் மொழி", "বাংলা ভাষা", "ភាសា ខ្មែរ", "မြန်မာ စကား", "עִבְרִית שָׂפָה", "العَرَبِيَّة لُغَة",
    "cafe\u0301 naïve", "می\u200cخواهم بروم", "co\u00adoperation now",
    "👨\u200d👩\u200d👧 👍🏽 ❤️ 1️⃣ 🏴\U000e0067\U000e0062\U000e007f",
    "\u200eRome\u200f Oslo", "U.S".replace(".", "\u2060"),
]  # fmt: skip


@pytest.mark.parametrize("text", WORDS)
def test_a_word_is_what_stands_between_blanks_whatever_its_marks(text):
    assert [text[a:b] for a, b in word_spans(text)] == text.split()


@pytest.mark.parametrize("text, words", [
    ("नमस्ते,दुनिया!", ["नमस्ते", ",", "दुनिया", "!"]), ("🇩🇪🇫🇷ok", ["🇩🇪", "🇫🇷", "ok"]),
    ("か\u3099き北京", ["か\u3099", "き", "北", "京"]),
    ("❤️love", ["❤️", "love"]), ("กข\u200bคง", ["กข\u200b", "คง"]),
    ("@ann's #e\u0301t 5G", ["@ann", "'", "s", "#e\u0301t", "5G"]),
])  # fmt: skip
def test_punctuation_flags_and_chinese_characters_stay_apart(text, words):
    assert [text[a:b] for a, b in word_spans(text)] == words
