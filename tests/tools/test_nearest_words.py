"""Nearest words of a toy model: cosines by hand, states against the encoder run on each sentence alone."""

import numpy as np
import pytest
from tiny_models import PIECES, bert_tensors, write_huggingface

from tasklab.cli import main
from tasklab.errors import DataError
from tasklab.tools.nearest_words import nearest_words

TABLE = "bert.embeddings.word_embeddings.weight"


@pytest.fixture
def model(tmp_path):
    tensors = bert_tensors(heads={})
    rows = {"the": [1, 0, 0, 0], "river": [3, 4, 0, 0], "mill": [0, -2, 0, 0], "a": [4, 3, 0, 0], "old": [0, 0, 5, 0]}
    for word, row in rows.items():
        tensors[TABLE][PIECES.index(word)] = row
    return write_huggingface(tmp_path / "m", tensors)


def test_words_are_ranked_by_the_cosine_of_their_embeddings(model):
    found = nearest_words(str(model), "river", "The", top_k=3).words
    # river (3, 4) with a (4, 3): 24 / 25; with the (1, 0): 3 / 5; with old: 0; with mill (0, -2): -4 / 5
    assert found["river"] == [("a", 0.96), ("the", 0.6), ("old", 0.0)]
    assert found["The"] == [("a", 0.8), ("river", 0.6), ("mill", 0.0)]
    assert [word for word, _ in nearest_words(str(model), "river").words["river"]] == ["a", "the", "old", "mill"]


def test_candidates_may_be_given(model, tmp_path):
    (tmp_path / "c.txt").write_text("mill\nold\nbridge\n")
    found = nearest_words(str(model), "river", candidates=str(tmp_path / "c.txt")).words
    assert [word for word, _ in found["river"]] == ["old", "mill"]


def test_a_word_that_is_not_there_is_told_with_the_nearest(model):
    with pytest.raises(DataError, match="'olders' is no word .*, which spells it old ##er ##s; did you mean 'old'"):
        nearest_words(str(model), "olders")
    with pytest.raises(DataError, match="the context does not hold 'river'; its pieces are the old mill"):
        nearest_words(str(model), "river", context="the old mill")
    with pytest.raises(DataError, match="--top-k 0: expected at least 1"):
        nearest_words(str(model), "river", top_k=0)


def test_in_a_sentence_the_encoder_s_states_are_compared(model, run):
    from tasklab.session.ready import Ready
    from tasklab.trainer import Trainer

    settings = {"data.max_seq_length": 16}
    config = Trainer(settings, "feature_extraction", str(model)).config
    encoder = Ready(str(model), config).model.network.encoder

    def state(word):
        row = np.array([[PIECES.index(p) for p in ("[CLS]", "the", "old", word, "a", "mill", "[SEP]")]], np.int32)
        return run(encoder, row, np.ones_like(row), np.zeros_like(row))[0, 3].astype(np.float64)

    wanted = state("river")
    others = {word: state(word) for word in ("the", "mill", "a", "old")}
    cosine = {w: wanted @ s / np.linalg.norm(wanted) / np.linalg.norm(s) for w, s in others.items()}
    found = nearest_words(str(model), "river", context="the old river a mill")
    assert dict(found.words["river"]) == pytest.approx(cosine, abs=1e-4)
    assert list(dict(found.words["river"])) == sorted(cosine, key=cosine.get, reverse=True)
    two = nearest_words(str(model), "river", context="the old river a mill", among=2).words["river"]
    assert {word for word, _ in two} == {"a", "the"}  # the nearest embeddings


def test_the_command_prints_a_word_per_line(model, capsys):
    assert main(["tools", "nearest-words", str(model), "river", "--top-k", "1"]) == 0
    assert capsys.readouterr().out == "river\n   0.960  a\n"
