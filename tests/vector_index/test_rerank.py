"""Hits that a model reads again together with the query."""

import pytest

from tasklab import VectorIndex
from tasklab.errors import CheckpointError, DataError
from tasklab.vector_index import rerank

TEXTS = ["one", "two two", "three three three", "four"]
VECTORS = [[1, 0], [0.9, 0.1], [0.8, 0.2], [-1, 0]]


class Longest(rerank.CrossEncoder):
    """Scores a pair by the length of its text."""

    def __init__(self):
        self.asked = []

    def __call__(self, pairs):
        self.asked += pairs
        return [len(text) / 100 for _, text in pairs]


class Encoder:
    def __call__(self, texts):
        return [[1, 0]] * len(texts)


@pytest.fixture
def built():
    index = VectorIndex.build(TEXTS, VECTORS)
    index._encoder = Encoder()
    return index


def test_the_nearest_are_read_again_and_the_best_of_them_stay(built):
    score = Longest()
    hits = built.search("asked", 2, rerank=score, candidates=3)
    assert score.asked == [("asked", "one"), ("asked", "two two"), ("asked", "three three three")]
    assert [(hit["text"], hit["score"]) for hit in hits] == [("three three three", 0.17), ("two two", 0.07)]
    assert hits[1]["similarity"] == pytest.approx(0.9 / (0.82**0.5), abs=1e-6)


def test_vectors_cannot_be_read_again(built):
    with pytest.raises(DataError, match="rerank reads texts"):
        built.search([[1, 0]], rerank=Longest())


class Answering:
    def __init__(self, answers, labels):
        self.answers = answers
        self.config = type("C", (), {"name": "m", "task": "pairs", "model": type("M", (), {"labels": labels})})

    def predict(self, input_data):
        assert input_data == [{"text_a": "a", "text_b": "b"}] * len(self.answers)
        return self.answers


def scores_of(answers, labels):
    score = rerank.CrossEncoder.__new__(rerank.CrossEncoder)
    score._trainer = Answering(answers, labels)
    return score([("a", "b")] * len(answers))


def test_a_number_two_classes_and_a_match_are_scores():
    assert scores_of([{"score": 3.5}], []) == [3.5]
    assert scores_of([{"score": 0.25, "match": False, "index": 0}], ["0", "1"]) == [0.25]
    two = [{"label": "yes", "score": 0.75}, {"label": "no", "score": 0.75}]
    assert scores_of(two, ["no", "yes"]) == [0.75, 0.25]


@pytest.mark.parametrize("answers", [[{"label": "x", "score": 0.5}], [["B"]]])
def test_other_answers_are_refused(answers):
    with pytest.raises(CheckpointError, match="m, of pairs, gives no score of a pair"):
        scores_of(answers, ["x", "y", "z"])


def test_a_model_that_reads_no_pairs_is_told_as_such(monkeypatch):
    def predict(self, input_data):
        raise DataError("input[0]: is no text")

    monkeypatch.setattr(Answering, "predict", predict)
    with pytest.raises(CheckpointError, match="m, of pairs, gives no score of a pair"):
        scores_of([], [])


def test_a_model_that_generates_is_refused_before_it_reads():
    with pytest.raises(CheckpointError, match="translation_small, of translation, gives no score of a pair"):
        rerank.CrossEncoder("translation_small")
