"""Verbalizers: their files, what is wrong in one, and the tokens of their words as arrays."""

from pathlib import Path

import numpy as np
import pytest

from tasklab.data.texts.prompts.verbalizer import label_words, read_verbalizer, word_table
from tasklab.errors import DataError
from tasklab.text.wordpiece import WordPiece

TOKENIZER = WordPiece(Path(__file__).parents[2] / "fixtures/tiny_wordpiece_vocab.txt")
ID = TOKENIZER.token_id


def read(tmp_path, text):
    file = tmp_path / "verbalizer.txt"
    file.write_text(text, encoding="utf-8")
    return read_verbalizer(file)


def test_a_line_has_a_label_and_its_words(tmp_path):
    found = read(tmp_path, "good\tgreat, fine,great\r\n\nbad\tawful")
    assert found.words == {"good": ("great", "fine"), "bad": ("awful",)}
    assert found.places == {"good": f"{tmp_path}/verbalizer.txt:1", "bad": f"{tmp_path}/verbalizer.txt:3"}


@pytest.mark.parametrize(
    "text, line, told",
    [
        ("good\tgreat\nbad\n", 2, "'bad' has no tab; expected a label, a tab, and its words with commas between"),
        ("good\tgreat\n\tawful\n", 2, "has no label"),
        ("good\tgreat\nbad\t , \n", 2, "the label 'bad' has no words"),
        ("good\tgreat\nbad\tawful\ngood\tfine\n", 3, "the label 'good' stands in"),
        ("good\tgreat,fine\nbad\tfine\n", 2, "'fine' stands for 'good' already"),
        ("good\tgreat\n", 1, "'good' is the only label; expected at least two"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(text, line, told, tmp_path):
    with pytest.raises(DataError) as error:
        read(tmp_path, text)
    assert str(error.value).startswith(f"{tmp_path}/verbalizer.txt:{line}: ") and told in str(error.value)


def test_a_word_outside_the_vocabulary_is_told_with_its_line(tmp_path):
    found = read(tmp_path, "good\tberlin\nbad\t漢\n")
    with pytest.raises(DataError) as error:
        word_table(TOKENIZER, found, spaced=False, normalized=False)
    assert str(error.value) == (
        f"{tmp_path}/verbalizer.txt:2: '漢' of 'bad' is not in the vocabulary (read as [UNK]); take a word that is"
    )


@pytest.mark.parametrize("normalized, share", [(False, 1), (True, 0.5)])
def test_words_of_several_tokens_count_each_token_at_its_own_mask(normalized, share):
    verbalizer = label_words([("", "x", ["paris", "the river"]), ("", "y", ["river"])], "")
    table = word_table(TOKENIZER, verbalizer, spaced=False, normalized=normalized)
    ids = sorted([ID("paris"), ID("the"), ID("river")])
    assert table.ids.tolist() == ids and table.masks == 2
    weights = table.weights.reshape(2, 3, 3)  # masks, tokens, words
    expected = np.zeros((2, 3, 3))
    for word, tokens in enumerate((["paris"], ["the", "river"], ["river"])):
        for mask, token in enumerate(tokens):
            expected[mask, ids.index(ID(token)), word] = share if len(tokens) == 2 else 1
    np.testing.assert_array_equal(weights, expected)
    assert table.words.tolist() == [[0, 1], [2, 0]] and table.present.tolist() == [[1, 1], [1, 0]]
