"""Blanks in plain texts: where they are, what fills them, and that they follow from seed, epoch and row alone."""

import numpy as np
import pytest

from tasklab.data.rows.ragged import Ragged, row_offsets
from tasklab.data.text2text.blanks import blanks_of
from tasklab.data.text2text.corrupted import CorruptedRows
from tasklab.data.text2text.corruption import SPANS, WHOLE, Corruption
from tasklab.data.text2text.pairs import Pair
from tasklab.data.text2text.rows import Framing
from tasklab.data.text2text.spans import Spans
from tasklab.errors import ConfigError
from tasklab.text.spelling import continuing

FIRST = 20  # id of the first letter


class Pieces:
    """20 is a, 21 is b, ... and 46 to 71 the same as pieces that go on with a word; 2 begins, 3 ends, 4 is a mask."""

    adds_bos, bos_id, eos_id, mask_id, special_ids = True, 2, 3, 4, frozenset(range(5))

    def __init__(self, sentinels=True):
        names = [f"<extra_id_{i - 5}>" if sentinels and 5 <= i < 15 else f"<{i}>" for i in range(FIRST)]
        letters = [chr(97 + i) for i in range(26)]
        self.tokens = [*names, *letters, *(f"##{letter}" for letter in letters)]

    def encode_batch(self, texts):
        """A word per blank, a token per letter."""
        found = []
        for text in texts:
            ids = [ord(c) - 97 + FIRST + 26 * (i > 0) for word in text.split() for i, c in enumerate(word)]
            spans = [(i, i + 1) for i, c in enumerate(text) if c != " "]
            found.append((np.array(ids, np.int32), np.array(spans, np.int32).reshape(-1, 2)))
        return found

    def decode(self, ids):
        return " ".join(self.tokens[i] for i in ids).replace(" ##", "")


def made(learned=SPANS, share=0.4, length=2.0, most=32, sentinels=True):
    blanks = blanks_of(Pieces(sentinels))
    continuing = np.array([token.startswith("##") for token in blanks.tokens])
    return Corruption(Framing(blanks, blanks, 2), Spans(share, length), continuing, learned, most, seed=1)


TEXT = "ab c de f gh i jk l m no"


def ids_of(text=TEXT):
    return Pieces().encode_batch([text])[0][0]


@pytest.mark.parametrize("count, share, length, expected", [
    (10, 0.4, 2.0, (4, 2)), (10, 0.15, 3.0, (2, 1)), (2, 0.9, 1.0, (1, 1)), (1, 0.5, 1.0, (0, 0)),
    (10, 0.9, 1.0, (9, 1)),  # one word is left, so there is one blank
])  # fmt: skip
def test_how_much_is_hidden_follows_from_the_number_of_words(count, share, length, expected):
    assert Spans(share, length).counts(count, 100) == expected
    bits = np.random.default_rng(0).integers(0, 1 << 63, 2 * count, np.uint64)
    spans = Spans(share, length).hidden(count, 100, bits)
    assert (int(np.diff(spans).sum()), len(spans)) == expected
    assert all(first > end for (first, _), (_, end) in zip(spans[1:], spans[:-1], strict=True))  # kept words between
    assert spans.size == 0 or spans.min() >= 0 and spans.max() <= count


def test_spans_lie_everywhere_alike_often():
    rng, met = np.random.default_rng(0), np.zeros(10)
    for _ in range(4000):
        for first, end in Spans(0.2, 2.0).hidden(10, 100, rng.integers(0, 1 << 63, 20, np.uint64)):
            met[first:end] += 1
    # one span of 2 of 10 words begins at one of 9 places: a word within has a chance of 2/9, at either end of 1/9
    np.testing.assert_allclose(met / 4000, np.array([1, *[2] * 8, 1]) / 9, atol=0.03)


def test_source_and_filling_are_the_text_again():
    corruption, ids = made(), ids_of()
    row = corruption.row(ids, None, epoch=3, number=7)
    sentinels = [5, 6]
    assert [i for i in row["input_ids"] if 5 <= i < 15] == sentinels == [i for i in row["target_ids"] if 5 <= i < 15]
    assert row["decoder_input_ids"].tolist() == [2, *row["target_ids"][:-1]] and row["target_ids"][-1] == 3
    source, said = list(row["input_ids"][1:-1]), list(row["target_ids"][:-1])
    for sentinel in sentinels:
        place = said.index(sentinel)
        end = next((i for i in range(place + 1, len(said)) if said[i] in sentinels), len(said))
        at = source.index(sentinel)
        source[at : at + 1] = said[place + 1 : end]
    assert source == ids.tolist()


def test_words_are_hidden_as_a_whole():
    corruption, ids = made(), ids_of()
    for number in range(20):
        for first, end in corruption.hidden(ids, 0, number):
            assert not corruption.continuing[ids[first]] and (end == len(ids) or not corruption.continuing[ids[end]])


def test_blanks_follow_from_seed_epoch_and_row_alone():
    texts = [ids_of(), ids_of("a b c d e f"), ids_of()]
    tokens = Ragged(np.concatenate(texts), row_offsets([len(ids) for ids in texts]))
    rows = CorruptedRows(tokens, made())
    lengths = {"input": 24, "target": 24}
    third = rows.of_epoch(3).batch([2, 1], lengths, 2)
    again = CorruptedRows(tokens, made()).of_epoch(3).batch([2, 1], lengths, 4)
    assert all((third[name] == again[name][:2]).all() for name in ("input_ids", "target_ids", "decoder_input_ids"))
    assert (third["input_ids"] != rows.batch([2, 1], lengths, 2)["input_ids"]).any()
    assert rows.digest() != rows.of_epoch(3).digest() == rows.of_epoch(3).digest()
    assert (third["target_ids"][third["target_attention_mask"] == 0] == -1).all()
    assert set(third) >= {"attention_mask", "target_attention_mask", "sample_weight"}


@pytest.mark.parametrize("learned", [SPANS, WHOLE])
def test_no_epoch_has_longer_rows_than_told(learned):
    texts = [ids_of(), ids_of("abc def g h"), ids_of("ab")]
    tokens = Ragged(np.concatenate(texts), row_offsets([len(ids) for ids in texts]))
    rows = CorruptedRows(tokens, made(learned, most=14))
    longest = np.zeros((2, 3), int)
    for epoch in range(200):
        for number in range(3):
            row = rows.of_epoch(epoch).row(number)
            longest[:, number] = np.maximum(longest[:, number], [len(row["input_ids"]), len(row["target_ids"])])
    assert (longest[0] <= rows.lengths["input"]).all() and (longest[1] <= rows.lengths["target"]).all()
    assert (longest[1] >= rows.lengths["target"] - 1).all() and rows.lengths["target"].max() <= 14


def test_the_whole_text_is_learned_where_asked():
    row = made(WHOLE, sentinels=False).row(ids_of(), None, 0, 0)
    assert row["target_ids"].tolist() == [*ids_of(), 3] and list(row["input_ids"]).count(4) == 2


def test_a_text_is_posed_with_its_blanks_written_out():
    pieces = Pieces()
    ((ids, offsets),) = pieces.encode_batch([TEXT])
    corruption = made()
    pair = corruption.posed(Pair("0", TEXT, (TEXT,)), TEXT, ids, offsets, 5, 9)
    (told,) = pair.references
    fillings = told.split("[MASK]")[1:]
    rest = pair.source
    for filling in fillings:
        rest = rest.replace("[MASK]", filling, 1)
    assert rest == TEXT and pair.source.count("[MASK]") == len(fillings) == 2
    # and its ids are those of the row
    framing = corruption.framing
    row = corruption.row(ids, None, 5, 9)
    assert framing.sources([pair.source], 64)[0].row(0).tolist() == list(row["input_ids"])
    assert framing.targets([told], 64)[0].row(0).tolist()[1:] == row["target_ids"].tolist()


def test_a_text_without_spaces_has_words_to_hide():
    class Chinese(Pieces):
        """As SentencePiece has it: a space in front of a text is a piece alone."""

        def __init__(self):
            self.tokens = [*"PUBEM", "<extra_id_0>", "<extra_id_1>", *"▁今天很好。"]

        def encode_batch(self, texts):
            spans = [[(0, 0), *((i, i + 1) for i in range(len(text)))] if text else [] for text in texts]
            ids = [[self.tokens.index(c) for c in "▁" * bool(text) + text] for text in texts]
            pairs = zip(ids, spans, strict=True)
            return [(np.array(one, np.int32), np.array(at, np.int32).reshape(-1, 2)) for one, at in pairs]

    blanks = blanks_of(Chinese(), space=7)
    corruption = Corruption(Framing(blanks, blanks, 2), Spans(0.4, 1.0), continuing(blanks.tokens), SPANS, 32, seed=1)
    text = "今天很好。"
    ((ids, offsets),) = Chinese().encode_batch([text])
    assert corruption.words(ids).tolist() == [0, 2, 3, 4, 5, 6]  # the space goes with the first character
    for number in range(20):
        pair = corruption.posed(Pair("0", text, (text,)), text, ids, offsets, 0, number)
        first, second = pair.references[0].split("[MASK]")[1:]  # 40 % of 5 words
        assert pair.source.replace("[MASK]", first, 1).replace("[MASK]", second) == text
        row = corruption.row(ids, None, 0, number)
        read, said = (blanks.encode_batch([one])[0][0].tolist() for one in (pair.source, pair.references[0]))
        assert read == list(row["input_ids"])[1:-1]
        # behind a mark a first character has its space in training alone
        assert said == [i for i in row["target_ids"][:-1] if i != 7]
    rows = CorruptedRows(Ragged(np.concatenate([ids, ids[:2]]), row_offsets([6, 2])), corruption)
    assert rows.info["texts_too_short_for_a_blank"] == 1  # a single word stays


def test_blanks_are_read_in_any_spelling_and_fillings_parted():
    blanks = blanks_of(Pieces())
    assert blanks.encode_batch(["a [MASK] b <extra_id_7> <mask>"])[0][0].tolist() == [20, 5, 21, 6, 7]
    assert blanks.fillings([2, 5, 20, 6, 21, 48]) == ["a", "bc"]
    one = blanks_of(Pieces(sentinels=False))
    assert one.encode_batch(["a [MASK] b [MASK]"])[0][0].tolist() == [20, 4, 21, 4]
    assert one.fillings([4, 20, 4]) == ["a", ""]
    nothing = Pieces(sentinels=False)
    nothing.mask_id = None
    with pytest.raises(ConfigError, match="no token for a blank"):
        blanks_of(nothing)
