"""Targets of sentences and ends: Pegasus' gap sentences, BART's order, the rest of a text behind its beginning."""

import numpy as np
import pytest

from tasklab.data.rows.ragged import Ragged, row_offsets
from tasklab.data.text2text.blanks import blanks_of
from tasklab.data.text2text.corrupted import CorruptedRows
from tasklab.data.text2text.corruption import END, FILLINGS, SENTENCES, SPANS, WHOLE, WORDS, Corruption
from tasklab.data.text2text.pairs import Pair
from tasklab.data.text2text.rows import Framing
from tasklab.data.text2text.sentences import begins_of, first_tokens, reordered
from tasklab.data.text2text.spans import Rest, Spans

TEXT = "abc。de！“fg。”hij？kl"
PIECES = ["abc。", "de！", "“fg。”", "hij？", "kl"]


class Signs:
    """A token per character; 2 begins, 3 ends, 4 is a mask."""

    adds_bos, bos_id, eos_id, mask_id, special_ids = True, 2, 3, 4, frozenset(range(5))
    tokens = [*"PUBEM", *"abcdefghijkl。！？“”. "]

    def encode_batch(self, texts):
        return [
            (np.array([self.tokens.index(c, 5) for c in text if c != " "], np.int32),
             np.array([(i, i + 1) for i, c in enumerate(text) if c != " "], np.int32))
            for text in texts
        ]  # fmt: skip

    def said(self, ids):
        return "".join(self.tokens[i] for i in ids if i > 3)


def corruption(hides, learned, share=0.4, shuffles=False):
    blanks = blanks_of(Signs())
    spans = Rest() if hides == END else Spans(share, 1.0)
    nothing = np.zeros(len(Signs.tokens), bool)
    return Corruption(Framing(blanks, blanks, 2), spans, nothing, learned, 40, 1, hides, shuffles)


def rows(made, *texts):
    encoded = Signs().encode_batch(texts)
    lengths = row_offsets([len(ids) for ids, _ in encoded])
    found = [first_tokens(text, offsets) for text, (_, offsets) in zip(texts, encoded, strict=True)]
    sentences = Ragged(np.concatenate(found), row_offsets([len(one) for one in found]))
    return CorruptedRows(Ragged(np.concatenate([ids for ids, _ in encoded]), lengths), made, 0, sentences)


@pytest.mark.parametrize("text, sentences", [
    (TEXT, PIECES), ("He won 4.35 points. She lost.  Why?", ["He won 4.35 points. ", "She lost.  ", "Why?"]),
    ('He said "No." Then he left', ['He said "No." ', "Then he left"]), ("one", ["one"]), ("", [""]),
])  # fmt: skip
def test_sentences_end_where_a_reader_ends_them(text, sentences):
    begins = begins_of(text)
    assert [text[a:b] for a, b in zip(begins, [*begins[1:], len(text)], strict=True)] == sentences


def test_sentences_in_another_order_keep_the_space_between_them():
    assert reordered("A b. C d.  E", [2, 0, 1]) == "E A b. C d."
    assert reordered(TEXT, [4, 3, 2, 1, 0]) == "klhij？“fg。”de！abc。"


def test_a_sentence_without_a_token_is_none():
    text = "ab. cd.  \u200b"  # a tokenizer may pass over what is no letter
    offsets = np.array([(0, 1), (1, 2), (2, 3), (4, 5), (5, 6), (6, 7)])
    assert begins_of(text) == [0, 4, 9] and first_tokens(text, offsets).tolist() == [0, 3]
    assert first_tokens(text, offsets[:3]).tolist() == [0] and first_tokens("", offsets[:0]).tolist() == []
    ids = Signs().encode_batch(["ab.cd."])[0][0]
    pair = corruption(SENTENCES, FILLINGS).posed(Pair("0", text, (text,)), text, ids, offsets, 0, 0)
    assert (pair.source, pair.references) in [
        ("[MASK] cd.  \u200b", ("ab.",)), ("ab. [MASK]  \u200b", ("cd.",))
    ]  # fmt: skip


def test_hidden_sentences_are_said_one_after_the_other():
    made, met = rows(corruption(SENTENCES, FILLINGS), TEXT), set()
    for epoch in range(60):
        row = made.of_epoch(epoch).row(0)
        said, read = (Signs().said(row[name]) for name in ("target_ids", "input_ids"))
        hidden = [piece for piece in PIECES if piece not in read]
        assert len(hidden) == 2 and said == "".join(hidden) and read.count("M") == 2
        met.update(hidden)
    assert met == set(PIECES)


def test_the_order_is_undone_where_the_whole_text_is_learned():
    made, orders = rows(corruption(WORDS, WHOLE, 0.1, shuffles=True), TEXT), set()
    for epoch in range(40):
        row = made.of_epoch(epoch).row(0)
        assert Signs().said(row["target_ids"]) == TEXT
        read = Signs().said(row["input_ids"])
        assert read.count("M") == 2 and len(read) == len(TEXT)
        orders.add(tuple(sorted(range(5), key=lambda i: read.find(PIECES[i][0]))))
    assert len(orders) > 20


def test_the_end_begins_at_any_word_but_the_first():
    made, begins = rows(corruption(END, FILLINGS), TEXT), []
    for epoch in range(200):
        row = made.of_epoch(epoch).row(0)
        read, said = (Signs().said(row[name]) for name in ("input_ids", "target_ids"))
        assert read == TEXT[: len(read) - 1] + "M" and read[:-1] + said == TEXT
        begins.append(len(read) - 1)
    assert set(begins) == set(range(1, len(TEXT)))
    assert made.lengths["target"] == [len(TEXT)]  # all but the first, and the end


@pytest.mark.parametrize("hides, learned, shuffles", [
    (SENTENCES, FILLINGS, False), (SENTENCES, SPANS, False), (SENTENCES, WHOLE, False), (WORDS, WHOLE, True),
    (END, FILLINGS, False),
])  # fmt: skip
def test_a_text_is_posed_as_it_is_learned(hides, learned, shuffles):
    made = corruption(hides, learned, shuffles=shuffles)
    text = made.read(TEXT, 5, 9)
    ((ids, offsets),) = Signs().encode_batch([text])
    pair = made.posed(Pair("9", TEXT, (TEXT,)), text, ids, offsets, 5, 9)
    table = rows(made, *["ab"] * 9, TEXT).of_epoch(5)
    row, framing = table.row(9), made.framing
    assert framing.sources([pair.source], 64)[0].row(0).tolist() == list(row["input_ids"])
    assert framing.targets([pair.references[0]], 64)[0].row(0).tolist()[1:] == row["target_ids"].tolist()


def test_what_is_hidden_counts_in_the_digest():
    kinds = [
        (SENTENCES, FILLINGS, False), (SENTENCES, WHOLE, False), (WORDS, WHOLE, False), (WORDS, WHOLE, True),
        (END, FILLINGS, False),
    ]  # fmt: skip
    found = [rows(corruption(hides, learned, shuffles=shuffles), TEXT) for hides, learned, shuffles in kinds]
    assert len({table.digest() for table in found}) == len(kinds)
    first = found[0]
    assert first.digest() == rows(corruption(SENTENCES, FILLINGS), TEXT).digest() != first.of_epoch(1).digest()
