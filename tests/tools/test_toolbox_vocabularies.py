"""Tools that work on the rows of a vocabulary: compare, adapt, shrink, extract."""

import json
from pathlib import Path

import numpy as np
import pytest
import yaml
from safetensors.numpy import load_file, save_file
from tiny_models import MLM, PIECES, bert_tensors, write_checkpoint, write_huggingface

from tasklab.cli import main
from tasklab.errors import CheckpointError, DataError
from tasklab.text.listed import read_vocabulary
from tasklab.text.wordpiece import WordPiece
from tasklab.tools.adapt_vocabulary import adapt_vocabulary
from tasklab.tools.diff_vocabularies import diff_vocabularies
from tasklab.tools.extract_embeddings import extract_embeddings
from tasklab.tools.shrink_vocabulary import shrink_vocabulary

FIXTURES = Path(__file__).parents[1] / "fixtures"
WORDS, BIAS = "bert.embeddings.word_embeddings.weight", "cls.predictions.bias"
NEW = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "bridge", "the", "mill"]


@pytest.fixture
def model(tmp_path):
    return write_huggingface(tmp_path / "m", bert_tensors(heads=MLM))


@pytest.fixture
def vocabulary(tmp_path):
    path = tmp_path / "new.txt"
    path.write_text("\n".join(NEW) + "\n", encoding="utf-8")
    return path


def weights(folder):
    return load_file(folder / "model.safetensors")


def test_known_tokens_keep_their_rows_and_all_else_stays(model, vocabulary, tmp_path):
    made = adapt_vocabulary(model, vocabulary, to=tmp_path / "a", new="zero")
    assert (made.carried, made.new, made.dropped) == (7, 1, 5)
    old, new = weights(model), weights(tmp_path / "a")
    order = [PIECES.index(token) for token in NEW if token != "bridge"]
    known = [i for i, token in enumerate(NEW) if token != "bridge"]
    np.testing.assert_array_equal(new[WORDS][known], old[WORDS][order])
    np.testing.assert_array_equal(new[BIAS][known], old[BIAS][order])
    assert not new[WORDS][5].any() and new[BIAS][5] == 0
    for name in old.keys() - {WORDS, BIAS}:
        np.testing.assert_array_equal(new[name], old[name])
    assert read_vocabulary(tmp_path / "a" / "vocab.txt") == NEW
    assert json.loads((tmp_path / "a" / "config.json").read_text())["vocab_size"] == 8


def test_new_rows_start_at_the_mean_or_around_it(model, vocabulary, tmp_path):
    old = weights(model)[WORDS]
    adapt_vocabulary(model, vocabulary, to=tmp_path / "mean", new="mean")
    np.testing.assert_allclose(weights(tmp_path / "mean")[WORDS][5], old.mean(axis=0), atol=1e-6)
    many = tmp_path / "many.txt"
    many.write_text("\n".join([*NEW[:5], *(f"w{i}" for i in range(4000))]) + "\n")
    adapt_vocabulary(model, many, to=tmp_path / "random", seed=3)
    rows = weights(tmp_path / "random")[WORDS][5:]
    np.testing.assert_allclose(rows.mean(axis=0), old.mean(axis=0), atol=0.1)  # 4000 rows: 1 / sqrt(4000) = 0.016
    np.testing.assert_allclose(rows.std(axis=0), old.std(axis=0), rtol=0.1)
    adapt_vocabulary(model, many, to=tmp_path / "again", seed=3)
    np.testing.assert_array_equal(weights(tmp_path / "again")[WORDS][5:], rows)


def test_a_checkpoint_of_tasklab_follows_with_its_configuration(vocabulary, tmp_path):
    adapt_vocabulary(write_checkpoint(tmp_path / "run"), vocabulary, to=tmp_path / "a")
    config = yaml.safe_load((tmp_path / "a" / "config.yaml").read_text())
    assert (config["model"]["vocab_size"], config["tokenizer"]["name"]) == (8, "wordpiece")
    assert weights(tmp_path / "a")["encoder.embeddings.word.weight"].shape == (8, 4)


def test_a_file_that_is_no_vocabulary_is_refused(model, tmp_path):
    (tmp_path / "bad.txt").write_text("the\nmill\n")
    with pytest.raises(DataError, match=r"bad.txt: lacks \[CLS\], \[SEP\], \[PAD\], \[UNK\]"):
        adapt_vocabulary(model, tmp_path / "bad.txt", to=tmp_path / "a")


def test_a_shrunken_vocabulary_cuts_its_corpus_into_the_same_pieces(model, tmp_path):
    corpus = tmp_path / "corpus.txt"
    corpus.write_text("The mills\nolder mill\n\n", encoding="utf-8")
    made = shrink_vocabulary(model, corpus, to=tmp_path / "s")
    kept = read_vocabulary(tmp_path / "s" / "vocab.txt")
    assert kept == ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "the", "mill", "a", "##s", "old", "##er"]
    assert (made.kept, made.of, made.tokens) == (11, 12, 6)  # the mill ##s, old ##er mill; "river" goes
    old, new = WordPiece(model / "vocab.txt"), WordPiece(tmp_path / "s" / "vocab.txt")
    for text in corpus.read_text().splitlines():
        ids, others = old.encode_batch([text])[0][0], new.encode_batch([text])[0][0]
        assert [old.tokens[i] for i in ids] == [new.tokens[i] for i in others]
        np.testing.assert_array_equal(weights(model)[WORDS][ids], weights(tmp_path / "s")[WORDS][others])


def test_rare_pieces_go_too_when_asked_but_single_characters_stay(model, tmp_path):
    (tmp_path / "corpus.txt").write_text("the the river", encoding="utf-8")
    shrink_vocabulary(model, tmp_path / "corpus.txt", to=tmp_path / "s", min_count=2)
    assert read_vocabulary(tmp_path / "s" / "vocab.txt")[5:] == ["the", "a", "##s"]


def test_a_vocabulary_that_belongs_to_other_weights_is_refused(model, vocabulary, tmp_path):
    (model / "vocab.txt").write_text("\n".join([f"w{i}" for i in range(20)] + NEW) + "\n")
    with pytest.raises(CheckpointError, match="has 12 rows, but its vocabulary holds more tokens"):
        adapt_vocabulary(model, vocabulary, to=tmp_path / "a")
    (model / "tokenizer_config.json").write_text("[]")
    with pytest.raises(CheckpointError, match="tokenizer_config.json: expected one JSON object"):
        adapt_vocabulary(model, vocabulary, to=tmp_path / "a")


def test_only_wordpiece_can_be_shrunk_and_the_corpus_must_be_text(model, tmp_path):
    (tmp_path / "corpus.txt").write_bytes(b"caf\xe9")
    with pytest.raises(DataError, match="corpus.txt: byte 3: not UTF-8"):
        shrink_vocabulary(model, tmp_path / "corpus.txt", to=tmp_path / "s")
    (model / "vocab.txt").unlink()
    with pytest.raises(CheckpointError, match="no vocabulary beside the weights"):
        shrink_vocabulary(model, tmp_path / "corpus.txt", to=tmp_path / "s")
    assert not (tmp_path / "s").exists()


def test_a_difference_of_vocabularies_names_tokens_and_those_that_moved(model, vocabulary):
    found = diff_vocabularies(model, vocabulary)
    assert found.only_in_first == ("river", "a", "##s", "old", "##er")
    assert (found.only_in_second, found.moved, found.status) == (("bridge",), ("the",), 1)
    assert str(found).startswith("12 and 8 tokens, 7 in both, 1 of them moved")
    assert diff_vocabularies(model, model / "vocab.txt").status == 0


@pytest.mark.parametrize("name", ["tiny_bpe/merges.txt", "tiny_spiece.model"])
def test_vocabularies_of_every_tokenizer_can_be_compared(name, vocabulary, request):
    place = request.path.parents[1] / "fixtures" / name
    assert diff_vocabularies(place, place).status == 0
    assert "bridge" in diff_vocabularies(place, vocabulary).only_in_second


def test_embeddings_are_written_as_word2vec_text_and_as_arrays(model, tmp_path):
    made = extract_embeddings(model, tmp_path / "vectors.txt")
    assert (made.tokens, made.size) == (12, 4)
    first, *rows = (tmp_path / "vectors.txt").read_text(encoding="utf-8").splitlines()
    assert first == "12 4" and [row.split()[0] for row in rows] == PIECES
    read = np.array([[float(x) for x in row.split()[1:]] for row in rows], np.float32)
    np.testing.assert_array_equal(read, weights(model)[WORDS])
    extract_embeddings(model, tmp_path / "vectors.npz")
    with np.load(tmp_path / "vectors.npz") as arrays:
        assert arrays["tokens"].tolist() == PIECES
        np.testing.assert_array_equal(arrays["vectors"], weights(model)[WORDS])
    with pytest.raises(CheckpointError, match="exists already"):
        extract_embeddings(model, tmp_path / "vectors.npz")


def test_a_token_with_a_blank_has_no_place_in_word2vec_text(tmp_path):
    pieces = [*PIECES[:-1], "new york"]
    model = write_huggingface(tmp_path / "m", bert_tensors(heads=MLM), pieces)
    made = extract_embeddings(model, tmp_path / "vectors.txt")
    rows = (tmp_path / "vectors.txt").read_text(encoding="utf-8").splitlines()
    assert rows[0] == "11 4" and len(rows) == 12 and {len(row.split(" ")) for row in rows[1:]} == {5}
    assert str(made).endswith("11 vectors of 4; left out, as word2vec's text parts at blanks: 'new york'")


def test_the_command_line_takes_choices_and_numbers(model, vocabulary, tmp_path, capsys):
    to = str(tmp_path / "a")
    assert main(["tools", "adapt-vocabulary", str(model), str(vocabulary), "--to", to, "--new", "mean"]) == 0
    assert "7 tokens carried over, 1 new, 5 dropped" in capsys.readouterr().out
    with pytest.raises(SystemExit):
        main(["tools", "adapt-vocabulary", str(model), str(vocabulary), "--to", to, "--new", "best"])
    assert "invalid choice: 'best'" in capsys.readouterr().err


def test_an_encoder_decoder_loses_the_rows_of_every_table(tmp_path):
    with np.load(FIXTURES / "seq2seq_reference.npz") as file:
        start = "t5_gated:weight:"
        own = {name.removeprefix(start): np.float32(file[name]) for name in file.files if name.startswith(start)}
        config = json.loads(str(file["t5_gated:config"]))
    tokens = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", *(f"word{n}" for n in range(36))]
    folder = tmp_path / "t5"
    folder.mkdir()
    save_file(own, folder / "model.safetensors", {"format": "pt"})
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "vocab.txt").write_text("\n".join(tokens) + "\n")
    (tmp_path / "new.txt").write_text("\n".join([*tokens[:4], "word7", "word1"]) + "\n")
    adapt_vocabulary(folder, tmp_path / "new.txt", to=tmp_path / "a")
    for name in ("shared.weight", "lm_head.weight"):
        np.testing.assert_array_equal(weights(tmp_path / "a")[name], own[name][[0, 1, 2, 3, 11, 5]])


def test_two_vocabularies_are_not_changed(model, vocabulary, tmp_path):
    (model / "decoder_tokenizer").mkdir()
    with pytest.raises(CheckpointError, match="has a vocabulary for its source and one for its target"):
        adapt_vocabulary(model, vocabulary, to=tmp_path / "a")
