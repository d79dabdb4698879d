"""QA windows by hand, against google-research/bert's algorithm, and on random Unicode."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasklab.data.questions.example import Answer, QAExample
from tasklab.data.questions.windows import qa_windows
from tasklab.errors import ConfigError, DataError
from tasklab.text import TOKENIZERS
from tasklab.text.wordpiece import WordPiece

FIXTURES = Path(__file__).parents[2] / "fixtures"
TOKENIZER = WordPiece(FIXTURES / "tiny_wordpiece_vocab.txt")
SHARED = Path(__file__).parents[3].parent / "shared"


def example(context, question="who", answer=None, start=None):
    answers = () if answer is None else (Answer(answer, context.index(answer) if start is None else start),)
    return QAExample("q", question, context, answers, place="here")


def windows(*examples, length=384, stride=128, query=64, training=True):
    return qa_windows(TOKENIZER, examples, length, stride, query, training)


def tokens(table, i):
    return " ".join(TOKENIZER.tokens[t] for t in table.row(i)["input_ids"])


def test_one_row_walked_by_hand():
    context = "My name is Fox.  I live in Berlin!"
    table = windows(example(context, "  where do", "Berlin"))
    row = table.row(0)
    assert tokens(table, 0) == "[CLS] where d ##o [SEP] my name is fox . i live in berlin ! [SEP]"
    assert row["token_type_ids"].tolist() == [0] * 5 + [1] * 11
    assert row["context_start"] == 5
    assert (row["start_positions"], row["end_positions"]) == (13, 13)
    cuts = [context[a:b] for a, b in zip(row["char_start"], row["char_end"], strict=True)]
    assert cuts == ["My", "name", "is", "Fox", ".", "I", "live", "in", "Berlin", "!"]
    assert row["max_context"].tolist() == [1] * 10
    assert row["example"] == 0 and len(table) == 1


def test_windows_start_doc_stride_tokens_apart():
    # 8 - [CLS] who [SEP] [SEP] = 4 context tokens per window; starts 0, 2, 4; the last ends with the context
    table = windows(example("a b c d e f g", "who", "e f"), length=8, stride=2)
    assert [tokens(table, i) for i in range(3)] == [
        "[CLS] who [SEP] a b c d [SEP]", "[CLS] who [SEP] c d e f [SEP]", "[CLS] who [SEP] e f g [SEP]",
    ]  # fmt: skip
    assert table["start_positions"].tolist() == [0, 5, 3]
    assert table["end_positions"].tolist() == [0, 6, 4]
    assert len(table) == 3 and table.info["lost_answers"] == 0


def test_a_token_belongs_to_the_window_that_shows_most_around_it():
    # scores min(left, right) + 0.01 * length: token c has min(2, 1) = 1 in window 0 and 0 in window 1; d: 0 and 1;
    # e: min(2, 1) = 1 in window 1, 0 in window 2; f: 0 in window 1, 1 in window 2
    table = windows(example("a b c d e f g"), length=8, stride=2)
    assert [table.row(i)["max_context"].tolist() for i in range(3)] == [[1, 1, 1, 0], [0, 1, 1, 0], [0, 1, 1]]


def test_a_stride_longer_than_the_window_leaves_no_gap():
    table = windows(example("a b c d e f g h i"), length=8, stride=100)
    assert [tokens(table, i)[16:-6] for i in range(3)] == ["a b c d", "e f g h", "i"]


def test_an_answer_split_by_every_window_is_counted():
    table = windows(example("a b c d e f", "who", "b c d e"), length=7, stride=2)
    assert not table["start_positions"].any() and table.info["lost_answers"] == 1


@pytest.mark.parametrize(
    ("answer", "start", "expected"),
    [
        ("aris", None, "Paris"),  # begins inside a token
        ("Pari", None, "Paris"),
        (" Paris ", None, "Paris"),  # outer blanks hold no token
        ("the cit", None, "the city"),
    ],
)
def test_an_answer_takes_whole_tokens(answer, start, expected):
    context = "in  Paris , the city"
    row = windows(example(context, "where", answer, start)).row(0)
    first, last = row["start_positions"] - row["context_start"], row["end_positions"] - row["context_start"]
    assert context[row["char_start"][first] : row["char_end"][last]] == expected


def test_a_blank_answer_has_no_position():
    table = windows(example("a  b", "who", "  "), example("  a", "who", "  "), example("a  ", "who", "  "))
    assert not table["start_positions"].any() and table.info["lost_answers"] == 3


def test_impossible_and_evaluated_questions_point_at_cls():
    assert windows(example("a b")).row(0)["start_positions"] == 0
    assert not {"start_positions", "end_positions"} & windows(example("a b", "who", "b"), training=False).columns


def test_a_context_without_tokens_still_has_a_row():
    table = windows(example("\u0000"), example("a b"))
    assert [tokens(table, i) for i in range(2)] == ["[CLS] who [SEP] [SEP]", "[CLS] who [SEP] a b [SEP]"]
    assert table["char_start"].row(0).tolist() == []


def test_no_examples_give_no_rows():
    assert len(windows()) == 0


def test_a_long_question_is_cut_and_counted():
    table = windows(example("a b", "who what when where"), query=2)
    assert tokens(table, 0) == "[CLS] who what [SEP] a b [SEP]"
    assert table.info["cut_questions"] == 1


def test_no_room_for_the_context_is_a_config_error():
    with pytest.raises(ConfigError, match="max_seq_length 6 leaves no room for the context beside a question of 3 tok"):
        windows(example("a b", "who what when"), length=6)
    with pytest.raises(ConfigError, match="data.doc_stride 0 must be above 0"):
        windows(example("a b"), stride=0)


def test_an_answer_that_is_not_there_is_refused_in_training_only():
    with pytest.raises(DataError, match="here: the answer 'zz' is not at character 1"):
        windows(example("a b", "who", "zz", 1))
    assert len(windows(example("a b", "who", "zz", -1), training=False)) == 1


def google_windows(context_length, room, stride):
    """(start, length) of every window and the best window of every token, as run_squad.py computes them."""
    found, start = [], 0
    while start < context_length:
        length = min(context_length - start, room)
        found.append((start, length))
        if start + length == context_length:
            break
        start += min(length, stride)
    best = []
    for position in range(context_length):
        best_score, best_index = None, None
        for index, (start, length) in enumerate(found):
            end = start + length - 1
            if not start <= position <= end:
                continue
            score = min(position - start, end - position) + 0.01 * length
            if best_score is None or score > best_score:
                best_score, best_index = score, index
        best.append(best_index)
    return found, best


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 40), st.integers(1, 4)), min_size=1, max_size=4), st.integers(8, 16),
       st.integers(1, 14))  # fmt: skip
def test_windows_are_those_of_google_bert(sizes, length, stride):
    examples = [example(" ".join("abcdefgh"[i % 8] for i in range(n)), "who " * q) for n, q in sizes]
    table = windows(*examples, length=length, stride=stride)
    i = 0
    for number, (n, q) in enumerate(sizes):
        expected, best = google_windows(n, length - q - 3, stride)
        for index, (start, size) in enumerate(expected):
            row = table.row(i)
            assert row["example"] == number and len(row["char_start"]) == size
            assert row["char_start"].tolist() == [2 * t for t in range(start, start + size)]
            assert row["max_context"].tolist() == [int(best[t] == index) for t in range(start, start + size)]
            assert row["context_start"] == q + 2 and len(row["input_ids"]) == q + 3 + size
            i += 1
    assert i == len(table)


LETTERS = st.sampled_from("abe \n.,\u0301\u0323\u4e2d\u00e9\u0000\u200d\U0001f600\u202f\uff21\u2019")


@settings(max_examples=300, deadline=None)
@given(st.text(LETTERS, min_size=1, max_size=60), st.data())
def test_the_labelled_span_is_the_answer_widened_to_token_borders(context, data):
    start = data.draw(st.integers(0, len(context) - 1))
    end = data.draw(st.integers(start + 1, len(context)))
    table = windows(example(context, "who", context[start:end], start), length=16, stride=3)
    _, offsets = TOKENIZER.encode_batch([context])[0]
    covering = [(a, b) for a, b in offsets.tolist() if a < end and b > start]
    for i in range(len(table)):
        row = table.row(i)
        spans_here = list(zip(row["char_start"].tolist(), row["char_end"].tolist(), strict=True))
        if row["start_positions"] == 0:
            assert not covering or not set(covering) <= set(spans_here)
            continue
        first, last = row["start_positions"] - row["context_start"], row["end_positions"] - row["context_start"]
        assert (spans_here[first][0], spans_here[last][1]) == (covering[0][0], covering[-1][1])
        assert len(spans_here[first : last + 1]) == len(covering)


def test_roberta_puts_two_separators_between_question_and_context_and_has_one_type():
    roberta = TOKENIZERS.get("bpe")(FIXTURES / "tiny_bpe" / "merges.txt")
    table = qa_windows(roberta, [example("the bridge", "who", "bridge")], 16, 8, 4, True)
    row = table.row(0)
    pieces = [roberta.tokens[i] for i in row["input_ids"]]
    question = len(roberta.encode_batch(["who"])[0][0])
    assert pieces[0] == "<s>" and pieces[-1] == "</s>" and pieces[1 + question : 3 + question] == ["</s>", "</s>"]
    assert row["context_start"] == question + 3 and set(row["token_type_ids"]) == {0}
    assert pieces[row["start_positions"] : row["end_positions"] + 1] == ["\u0120bridge"]


def test_each_text_is_tokenised_once():
    class Counting:
        cls_id, sep_id, pair_separators, second_type = TOKENIZER.cls_id, TOKENIZER.sep_id, 1, 1
        seen: list[str] = []

        def encode_batch(self, texts):
            self.seen.extend(texts)
            return TOKENIZER.encode_batch(texts)

    context = "a b c"
    table = qa_windows(Counting(), [example(context), example(context, "what"), example(context)], 16, 8, 4, False)
    assert sorted(Counting.seen) == ["a b c", "what", "who"]
    assert len(table) == 3


@pytest.mark.skipif(not SHARED.is_dir(), reason="needs the real data sets")
@pytest.mark.parametrize(
    ("file", "vocab"),
    [
        ("squad_v1.1/dev.json", "google_uncased_en_vocab.txt"),
        ("covid_qa/200423_covidQA_part.json", "google_uncased_en_vocab.txt"),
        ("cmrc2018/cmrc2018_trial.json", "google_zh_vocab.txt"),
        ("drcd/DRCD_dev_part.json", "google_zh_vocab.txt"),
    ],
)
def test_real_answers_are_found_in_their_windows(file, vocab):
    from tasklab.data.questions.reading import read_squad

    examples, _ = read_squad(SHARED / "data" / file, on_bad_row="skip")
    table = qa_windows(WordPiece(SHARED / "data/vocab" / vocab), examples, 384, 128, 64, True)
    assert np.unique(table["example"]).tolist() == list(range(len(examples)))
    labelled = np.flatnonzero(table["start_positions"])
    held = set(table["example"][labelled].tolist())
    assert len(examples) - len(held) == table.info["lost_answers"] < 0.01 * len(examples) + 1
    exact = 0
    for i in labelled:
        row = table.row(i)
        first, last = row["start_positions"] - row["context_start"], row["end_positions"] - row["context_start"]
        cut = examples[row["example"]].context[row["char_start"][first] : row["char_end"][last]]
        assert examples[row["example"]].answers[0].text.strip() in cut
        exact += cut == examples[row["example"]].answers[0].text.strip()
    assert exact > 0.97 * len(labelled)
