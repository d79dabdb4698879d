"""Passages of a text, and which of them are nearest to a question."""

import math

from tasklab.data.questions.documents import read_document
from tasklab.data.questions.example import QAExample
from tasklab.data.questions.passages import LONG, Passages, passages_of

OVEN = "# Oven\n\nThe oven is hot. " + "Bread bakes slowly in it. " * 6 + "\n\n"
SEAL = "# Seals\n\nA **seal** costs 48 euros. " + "Press it in by hand. " * 6 + "\n\n"
LAMP = "# Lamps\n\nA lamp bears 300 degrees. " + "Ordinary bulbs melt soon. " * 6 + "\n"


def test_a_heading_goes_with_its_paragraph_and_nothing_is_lost():
    text = OVEN + SEAL + LAMP
    spans = passages_of(text)
    assert [text[start:end] for start, end in spans] == [OVEN, SEAL, LAMP]
    assert passages_of("One line.") == [(0, 9)] and passages_of("") == []


def test_a_long_paragraph_is_cut_between_sentences():
    text = "Many words stand here. " * 200
    spans = passages_of(text)
    assert [end for _, end in spans[:-1]] == [start for start, _ in spans[1:]] and spans[-1][1] == len(text)
    assert all(text[start:end].startswith("Many") and end - start < LONG + 23 for start, end in spans)
    chinese = "烤箱很热。" * 300
    cut = [chinese[start:end] for start, end in passages_of(chinese)]
    assert len(cut) == 2 and all(part.endswith("。") for part in cut)


def test_the_passage_that_shares_the_rarest_words_is_nearest():
    passages = Passages(OVEN + SEAL + LAMP)
    assert passages.best("What does a seal cost?", 1) == [(len(OVEN), len(OVEN + SEAL))]
    assert passages.best("How hot is the oven?", 1) == [(0, len(OVEN))]
    assert passages.best("Nothing of that?", 2) == [(0, len(OVEN)), (len(OVEN), len(OVEN + SEAL))]  # the earlier ones


def test_a_word_weighs_as_bm25_says():
    # two passages of 31 words: x once in the first, y twice in the second; idf = ln(1 + 1.5 / 1.5) = ln 2 for both;
    # equal lengths: tf 1 gives 2.2 / 2.2 = 1, tf 2 gives 4.4 / 3.2 = 1.375
    first, second = "x " + "word " * 30 + "\n\n", "y y " + "word " * 29 + "\n\n"
    passages = Passages(first + second)
    assert len(passages.spans) == 2 and math.isclose(passages._norm[0], 1.2)
    assert passages.best("x y", 1) == [(len(first), len(first + second))]


def test_of_a_file_no_more_is_read_and_answers_keep_their_places(tmp_path):
    (tmp_path / "manual.md").write_text(OVEN + SEAL + LAMP, encoding="utf-8")
    document = read_document(tmp_path / "manual.md")
    asked = QAExample("0", "What does a seal cost?", document.plain.text, document=document)
    near = asked.near(1)
    assert near.context.startswith("Seals") and "oven" not in near.context and asked.near(None) is asked
    assert asked.near(9) is asked and QAExample("1", "Why?", "So.").near(1).context == "So."
    start = near.context.index("seal costs")
    placed = near.document.placed({"text": "seal costs", "start": start, "end": start + 10})
    assert placed["text"] == "seal** costs" and document.source[placed["start"] : placed["end"]] == "seal** costs"
