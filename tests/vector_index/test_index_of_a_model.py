"""An index whose vectors a model makes, in Python and on the command line."""

import json
import os
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest

from tasklab import Trainer, VectorIndex
from tasklab.cli import main
from tasklab.errors import CheckpointError
from tasklab.vector_index.encoder import TextEncoder
from tasklab.weights.atomic import write_folder
from tests.tools.tiny_models import bert_tensors, write_huggingface

TEXTS = ["the river", "the old mill", "a mill", "old rivers"]


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return write_huggingface(tmp_path_factory.mktemp("tiny") / "model")


@pytest.fixture
def built(model):
    index = VectorIndex.build(TEXTS, model=model, settings=["data.max_seq_length=8"])
    index.save("I")
    return index


def test_a_text_is_looked_up_by_the_vector_that_predict_gives_it(model, built):
    trainer = Trainer(task="feature_extraction", model=str(model), overrides=["data.max_seq_length=8"])
    vectors = trainer.predict(input_data=[*TEXTS, "the mill"])
    np.testing.assert_allclose(built.vectors, vectors[:-1], atol=1e-6)
    best = int(np.argmax(vectors[:-1] @ vectors[-1]))
    hit = VectorIndex.open("I").search("the mill", 1)[0]
    assert hit["text"] == TEXTS[best] and hit["score"] == pytest.approx(float(vectors[best] @ vectors[-1]), abs=1e-5)


def test_another_model_is_refused_and_the_same_one_elsewhere_is_not(model, built, tmp_path):
    shutil.copytree(model, tmp_path / "moved")
    settings = ["data.max_seq_length=8"]
    assert VectorIndex.open("I", model=str(tmp_path / "moved"), settings=settings).search("a mill", 1)[0]["id"] == "2"
    write_huggingface(tmp_path / "other", bert_tensors(seed=1))
    with pytest.raises(CheckpointError, match="holds vectors of .*, and .*other makes others .*other weights"):
        VectorIndex.open("I", model=str(tmp_path / "other"), settings=settings)
    with pytest.raises(CheckpointError, match="model.pooling 'mean', not 'first'"):
        VectorIndex.open("I", model=str(model), settings=[*settings, "model.pooling=first"])


@pytest.mark.parametrize(
    "setting, told",
    [
        ("model.hidden_act=relu", "model.hidden_act 'gelu', not 'relu'"),
        ("model.layer_norm_eps=0.1", "model.layer_norm_eps 1e-12, not 0.1"),
        ("model.num_attention_heads=1", "model.num_attention_heads 2, not 1"),
    ],
)
def test_equal_weights_that_compute_otherwise_are_refused(model, built, setting, told):
    with pytest.raises(CheckpointError, match=rf"makes others \({told}\)"):
        VectorIndex.open("I", model=str(model), settings=["data.max_seq_length=8", setting])


def test_a_setting_of_training_makes_no_other_vectors(model, built):
    settings = ["data.max_seq_length=8", "model.hidden_dropout_prob=0.3"]
    opened = VectorIndex.open("I", model=str(model), settings=settings)
    np.testing.assert_allclose(opened.query_vectors(TEXTS), built.vectors, atol=1e-6)


def test_an_index_of_the_release_that_told_five_settings_is_still_opened(model, built):
    described = json.load(open("I/index.json"))
    told = ["weights", "tokenizer", "model.pooling", "model.pooling_beside", "model.hidden_layer"]
    told += ["data.max_seq_length", "data.normalize"]
    described["model"]["identity"] = {key: described["model"]["identity"][key] for key in told}
    write_folder("I", {**{path.name: path.read_bytes() for path in Path("I").iterdir() if path.name != "SHA256SUMS"},
                       "index.json": json.dumps(described).encode()})  # fmt: skip
    assert VectorIndex.open("I").search("a mill", 1)[0]["id"] == "2"
    with pytest.raises(CheckpointError, match=r"makes others \(model.pooling 'mean', not 'first'\)"):
        VectorIndex.open("I", model=str(model), settings=["data.max_seq_length=8", "model.pooling=first"])


def test_a_model_that_changed_in_its_place_is_refused(model, tmp_path):
    place = tmp_path / "mine"
    shutil.copytree(model, place)
    VectorIndex.build(TEXTS, model=place).save("J")
    shutil.rmtree(place)
    write_huggingface(place, bert_tensors(seed=2))
    with pytest.raises(CheckpointError, match="other weights"):
        VectorIndex.open("J").search("a mill")


def test_a_model_that_is_gone_asks_where_it_lies_now(model, tmp_path):
    shutil.copytree(model, tmp_path / "mine")
    VectorIndex.build(TEXTS, model=tmp_path / "mine").save("J")
    shutil.move(tmp_path / "mine", tmp_path / "moved")
    with pytest.raises(CheckpointError, match="^J: .*mine: no such run or model.*; if it has moved, .*query --model"):
        VectorIndex.open("J").search("a mill")


def test_a_recipe_without_weights_makes_no_vectors():
    with pytest.raises(CheckpointError, match="^matching_dssm_small_chinese names no weights; train it and name"):
        VectorIndex.build(TEXTS, model="matching_dssm_small_chinese")


@pytest.mark.slow
def test_the_command_line_builds_asks_and_changes(model, capsys):
    with open("texts.tsv", "w") as file:
        file.write("id\ttext\n" + "".join(f"n{i}\t{text}\n" for i, text in enumerate(TEXTS)))
    with open("more.txt", "w") as file:
        file.write("old mills\nthe river\n")
    assert main(["index", str(model), "texts.tsv", "--out", "I", "--precision", "int8", "data.max_seq_length=8"]) == 0
    assert "VectorIndex(4 texts, 4 numbers each, cosine, int8" in capsys.readouterr().out
    assert main(["query", "I", "a mill", "--top-k", "2"]) == 0
    hits = json.loads(capsys.readouterr().out)
    assert hits[0] == {"id": "n2", "text": "a mill", "score": 1.0} and len(hits) == 2
    assert main(["index", "--out", "I", "--add", "more.txt", "--delete", "n0", "--deduplicate"]) == 0
    assert list(VectorIndex.open("I").ids) == ["n1", "n2", "n3", "0", "1"]
    assert main(["query", "I", "--file", "more.txt", "--top-k", "1", "--output", "hits.tsv"]) == 0
    lines = open("hits.tsv").read().splitlines()
    assert lines[0].split("\t") == ["query", "rank", "id", "text", "score"]
    assert [line.split("\t")[:3] for line in lines[1:]] == [["old mills", "1", "0"], ["the river", "1", "1"]]


@pytest.mark.parametrize(
    "content, told",
    [
        ("id\ttext\n1\ta mill\n1\tthe mill\n", "texts.tsv:3: the id '1' is taken, by texts.tsv:2"),
        ("id\ttext\n1\ta mill\n2\t \n", "texts.tsv:3: empty text"),
        ("text_a\ttext_b\na mill\told\n", "texts.tsv:2: is a pair; an index holds single texts"),
    ],
)
def test_a_bad_row_is_told_with_its_place(model, content, told, capsys):
    with open("texts.tsv", "w") as file:
        file.write(content)
    assert main(["index", str(model), "texts.tsv", "--out", "I"]) == 1
    assert told in capsys.readouterr().err


@pytest.mark.parametrize(
    "options, told",
    [
        (["--search-width", "30"], "--search-width is of the graph; give --hnsw with it"),
        (["--hnsw"], "a graph of vectors needs hnswlib"),
        (["--hnsw", "--search-width", "0"], "search_width is 0; expected at least 1"),
    ],
)
def test_a_graph_that_cannot_be_is_refused_before_anything_is_encoded(model, options, told, capsys, monkeypatch):
    open("t.txt", "w").write("a mill\n")
    monkeypatch.setitem(sys.modules, "hnswlib", None)
    monkeypatch.setattr(TextEncoder, "__call__", lambda self, texts: pytest.fail("encoded"))
    try:
        assert main(["index", str(model), "t.txt", "--out", "I", *options]) == 1
    except SystemExit as error:  # of argparse, for what no command can be
        assert error.code == 2
    assert told in capsys.readouterr().err and not os.path.exists("I")


def test_an_index_that_is_there_is_not_built_over(model, built, capsys):
    open("t.txt", "w").write("a mill\n")
    assert main(["index", str(model), "t.txt", "--out", "I"]) == 1
    assert "I exists already" in capsys.readouterr().err
