"""The graph of an index: what it finds, what is kept of it, and when it is refused or dropped."""

import json
import logging
import sys

import numpy as np
import pytest

from tasklab import VectorIndex
from tasklab.errors import CheckpointError, ConfigError, DataError, MissingDependency
from tasklab.vector_index import graph, index

pytest.importorskip("hnswlib")


@pytest.fixture
def linked(monkeypatch, rng):
    monkeypatch.setattr(index, "PAYS", 100)
    vectors = rng.standard_normal((3000, 16)).astype(np.float32)
    built = VectorIndex.build([f"text {i}" for i in range(3000)], vectors)
    built.link()
    built.save("I")
    return built


def test_the_recall_that_is_kept_is_the_one_a_count_gives(linked, rng):
    kept = json.load(open("I/index.json"))["graph"]
    opened = VectorIndex.open("I")
    queries = opened.vectors[::30]
    exact = np.argsort(-(queries @ opened.vectors.T), axis=1, kind="stable")[:, 1:11]  # itself comes first
    hits = opened.search(queries, 11)
    met = [len(set(map(str, row)) & {hit["id"] for hit in own}) / 10 for row, own in zip(exact, hits, strict=True)]
    assert 0.95 <= kept["recall_at_10"] <= 1 and np.mean(met) == pytest.approx(kept["recall_at_10"], abs=0.03)
    assert opened.search(queries, 5, exact=True) == linked.search(queries, 5, exact=True)


def test_equal_scores_are_met_by_any_of_them():
    # ten texts, each there 300 times: a vector's ten nearest are any of 299, and the graph need not take the first
    vectors = np.repeat(np.eye(10, dtype=np.float32), 300, axis=0)
    assert graph.Graph.build(vectors, width=40).recall == pytest.approx(1, abs=0.01)


SIDE = [1, 2, 3, 4, 5]


@pytest.mark.parametrize(
    "met, recall", [([*SIDE, -1, -2, -3, -4, -5], 1), ([*SIDE, *range(50, 55)], 0.5), ([*range(50, 60)], 0)]
)
def test_recall_is_the_share_of_the_ten_nearest_others(monkeypatch, met, recall):
    angles = np.arange(2000) * 0.003  # on an arc the ten nearest are the five on either side
    vectors = np.stack([np.cos(angles), np.sin(angles)], 1).astype(np.float32)

    class Found:
        def nearest(self, vectors, queries, top):
            rows = sample.rows[:, None] + [0, *met]
            return np.take_along_axis(queries @ vectors.T, rows, 1), rows

    monkeypatch.setattr(graph, "SAMPLE", 1)
    sample = graph._Sample(vectors)
    assert 60 < sample.rows[0] < 1940 and sample.recall(Found()) == recall


def test_scores_of_the_graph_are_those_of_the_vectors(linked):
    hits = linked.search(linked.vectors[7], 10)
    assert hits[0]["id"] == "7" and [hit["score"] for hit in hits] == sorted((h["score"] for h in hits), reverse=True)
    wanted = [float(linked.vectors[int(hit["id"])] @ linked.vectors[7]) for hit in hits]
    np.testing.assert_allclose([hit["score"] for hit in hits], wanted, atol=2e-6)


def test_the_search_width_is_kept_and_honoured(linked, monkeypatch):
    linked.link(search_width=40)
    linked.save()
    assert json.load(open("I/index.json"))["graph"]["search_width"] == 40
    opened, asked = VectorIndex.open("I"), []
    links = opened.graph._links

    class Watched:
        def set_ef(self, width):
            asked.append(width)
            links.set_ef(width)

        def knn_query(self, *given):
            return links.knn_query(*given)

    opened.graph._links = Watched()
    opened.search(opened.vectors[:1], 3)
    opened.search(opened.vectors[:1], 3, search_width=77)
    opened.search(opened.vectors[:1], 90)
    assert asked == [40, 77, 90]


def test_few_vectors_get_no_graph_and_a_changed_index_loses_its_own(linked, caplog, monkeypatch):
    linked.delete("5")
    assert linked.graph is None and "the graph was of other texts and is dropped; link anew" in caplog.text
    monkeypatch.setattr(index, "PAYS", 5000)
    linked.link()
    assert linked.graph is None and "a graph pays from 5000 on; none is built" in caplog.text
    linked.save()
    assert json.load(open("I/index.json"))["graph"] is None


def test_a_graph_that_meets_too_few_is_told(linked, caplog, monkeypatch):
    monkeypatch.setattr(graph, "RECALL", 1.01)
    monkeypatch.setattr(graph, "WIDTHS", (16,))
    linked.link()
    assert "of the exact 10 nearest are met, less than 1.01" in caplog.text


def test_without_hnswlib_the_search_is_exact(linked, monkeypatch, caplog):
    monkeypatch.setitem(sys.modules, "hnswlib", None)
    opened = VectorIndex.open("I")
    with caplog.at_level(logging.WARNING):
        assert opened.search(opened.vectors[3], 1)[0]["id"] == "3"
    assert 'pip install "tasklab[hnsw]"; until then the search is exact' in caplog.text
    with pytest.raises(MissingDependency, match="needs hnswlib"):
        opened.link()


@pytest.mark.parametrize("change", [lambda index: index.delete("5"), lambda index: index.link(search_width=1)])
def test_an_index_that_somebody_else_changed_is_searched_exactly(linked, caplog, change):
    opened = VectorIndex.open("I")
    change(linked)
    linked.save()
    vectors = np.array(opened.vectors)
    queries = vectors[::100]
    wanted = np.argsort(-(queries @ vectors.T), axis=1, kind="stable")[:, :5]
    hits = [opened.search(queries, 5) for _ in range(2)][-1]
    assert [[int(hit["id"]) for hit in found] for found in hits] == wanted.tolist()
    assert caplog.text.count("I: was changed since it was opened; until it is opened anew the search is exact") == 1


@pytest.mark.parametrize("path", ["I", "J"])
@pytest.mark.parametrize("searched", [False, True])
def test_a_save_without_hnswlib_keeps_the_graph(linked, monkeypatch, path, searched):
    before = open("I/graph.hnsw", "rb").read()
    with monkeypatch.context() as without:
        without.setitem(sys.modules, "hnswlib", None)
        opened = VectorIndex.open("I")
        if searched:
            opened.search(opened.vectors[3], 1)
        opened.save(path)
    assert open(f"{path}/graph.hnsw", "rb").read() == before
    again = VectorIndex.open(path, whole=True)
    assert again.search(again.vectors[3], 1, search_width=50)[0]["id"] == "3"


def test_a_graph_that_is_gone_is_not_saved_elsewhere(linked):
    opened = VectorIndex.open("I")
    linked.link(search_width=1)
    linked.save()
    with pytest.raises(CheckpointError, match=r"^I: was changed .* is gone; open it anew, or link\(\) before you save"):
        opened.save("J")
    opened.link(search_width=30)
    opened.save("J")
    assert json.load(open("J/index.json"))["graph"]["search_width"] == 30


def test_what_cannot_be_is_told(linked):
    with pytest.raises(DataError, match="search_width is -1"):
        linked.search(linked.vectors[:1], 1, search_width=-1)
    with pytest.raises(ConfigError, match="search_width is of a graph, and exact search has none"):
        linked.search(linked.vectors[:1], 1, exact=True, search_width=30)
    content = bytearray(open("I/graph.hnsw", "rb").read())
    content[100] ^= 1
    open("I/graph.hnsw", "wb").write(content)
    with pytest.raises(CheckpointError, match="graph.hnsw: damaged"):
        VectorIndex.open("I").search(linked.vectors[:1], 1)
