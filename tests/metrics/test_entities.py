"""Entity scores equal seqeval's; a list of names finds them again; Viterbi finds the best of all paths."""

import itertools
import json
from pathlib import Path

import numpy as np
import pytest

from tasklab.data.tagging.schemes import entities_of
from tasklab.metrics.entities import entity_report, score_entities
from tasklab.metrics.gazetteer import gazetteer_entities
from tasklab.metrics.viterbi import viterbi
from tasklab.metrics.wrong import Shown

REFERENCE = json.loads((Path(__file__).parents[1] / "fixtures/entities_reference.json").read_text(encoding="utf-8"))
PREDICTED, WANTED = ([entities_of(tags)[0] for tags in REFERENCE[side]] for side in ("predicted", "wanted"))

SHOWN = Shown("x", "7", "i", None, {})


def named(row: dict) -> dict:
    return {"precision": row["precision"], "recall": row["recall"], "f1": row["f1-score"], "support": row["support"]}


def test_scores_equal_seqeval():
    expected = named(REFERENCE["scores"]["micro avg"])
    expected["total"] = expected.pop("support")
    assert 0.1 < expected["f1"] < 0.9
    assert score_entities(PREDICTED, WANTED) == pytest.approx(expected)


def test_each_type_equals_seqeval():
    report = entity_report(PREDICTED, WANTED, [SHOWN] * len(WANTED), [("", "")] * len(WANTED))
    assert set(report.classes) == {"LOC", "PER.NOM"}
    for kind, scores in report.classes.items():
        assert scores == pytest.approx(named(REFERENCE["scores"][kind]))
    low, high = report.intervals()["f1"]
    assert low < report.overall["f1"] < high


def test_the_report_shows_wrong_sentences_and_warns_when_nothing_is_found():
    report = entity_report([[], []], [[("A", 0, 0)], []], [SHOWN, SHOWN], [("", "x (A)"), ("", "")])
    assert report.wrong == [{"text": "x", "line": "7", "id": "i", "truth": "x (A)", "answer": "", "score": None}]
    assert report.groups == {"type": {"A": {"precision": 0, "recall": 0, "f1": 0, "count": 1}}}
    assert "finds no entity in any of the 2 sentences" in report.warnings[0]


def test_without_any_entity_every_score_is_0():
    assert score_entities([[]], [[]]) == {"precision": 0, "recall": 0, "f1": 0, "total": 0}


def test_a_list_of_names_finds_the_longest_one_and_its_usual_type():
    known = [("new york".split(), [("LOC", 0, 1)]), ("new york times".split(), [("ORG", 0, 2)])]
    known += [(["york"], [("PER", 0, 0)]), (["york"], [("LOC", 0, 0)]), (["york"], [("LOC", 0, 0)])]
    sentences = ["the new york times of york".split(), "new new york".split(), []]
    assert gazetteer_entities(known, sentences) == [[("ORG", 1, 3), ("LOC", 5, 5)], [("LOC", 1, 2)], []]


def test_viterbi_finds_the_best_of_all_paths(rng):
    classes, lengths = 3, [4, 0, 1, 5, 2]
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    scores, moves = rng.normal(size=(offsets[-1], classes)), rng.normal(size=(classes + 2, classes))
    found = viterbi(scores, offsets, moves)

    def value(path, rows):
        pairs = sum(moves[a, b] for a, b in itertools.pairwise(path))
        return rows[range(len(path)), path].sum() + pairs + moves[classes, path[0]] + moves[classes + 1, path[-1]]

    for start, length in zip(offsets, lengths, strict=False):
        if length:
            rows = scores[start : start + length]
            best = max(itertools.product(range(classes), repeat=length), key=lambda path: value(path, rows))
            assert tuple(found[start : start + length]) == best
