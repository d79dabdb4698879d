"""What a training lost, counted by hand on models that answer by rote, and lines mixed into a training file."""

import json
from types import SimpleNamespace

import pytest

from tasklab.cli import main
from tasklab.data.extraction.reading import ExtractionDataConfig
from tasklab.errors import CheckpointError, DataError
from tasklab.tools.extraction_forgetting import extraction_forgetting, extraction_replay

ROWS = [
    ("甲住在乙", "人物", [("甲", 0)]), ("甲住在乙", "城市", [("乙", 3)]),
    ("丙来了", "人物", [("丙", 0)]), ("丙来了", "城市", []),
]  # fmt: skip


def write(path, rows):
    lines = [
        {"content": text, "prompt": prompt, "result_list": [{"text": w, "start": s, "end": s + 1} for w, s in said]}
        for text, prompt, said in rows
    ]
    path.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines), encoding="utf-8")
    return str(path)


def span(text, start):
    return {"text": text[start], "start": start, "end": start + 1, "probability": 0.9}


def by_rote(right):
    """A model that finds (text, prompt) -> starts."""

    def predict(input_data):
        asked = [(one["text"], one["prompt"]) for one in input_data]
        return [{prompt: [span(text, at) for at in right.get((text, prompt), ())]} for text, prompt in asked]

    return SimpleNamespace(config=SimpleNamespace(data=ExtractionDataConfig()), predict=predict)


def test_what_was_lost_stands_first_and_all_together_last(tmp_path, monkeypatch):
    models = {
        "before": by_rote({("甲住在乙", "人物"): [0], ("甲住在乙", "城市"): [3], ("丙来了", "人物"): [0]}),
        "after": by_rote({("甲住在乙", "人物"): [0], ("丙来了", "人物"): [0], ("丙来了", "城市"): [1]}),
    }
    monkeypatch.setattr("tasklab.tools.extraction_forgetting.extracting", models.get)
    lost = extraction_forgetting("before", "after", write(tmp_path / "general.txt", ROWS))
    # after: two of three spans are found, one is wrong: P = R = 2/3
    assert list(lost.kinds.items()) == [
        ("城市", (1, 1.0, 0.0)), ("人物", (2, 1.0, 1.0)), ("all", (3, 1.0, pytest.approx(2 / 3)))
    ]  # fmt: skip
    assert str(lost).splitlines()[1].split() == ["城市", "1", "1.0000", "0.0000", "-1.0000"]


def test_all_lines_of_the_training_stay_and_some_of_the_others_come(tmp_path, capsys):
    own, general = write(tmp_path / "own.txt", ROWS[:2]), write(tmp_path / "general.txt", ROWS[2:] * 10)
    words = ["tools", "extraction-replay", own, general, "--ratio", "1.5"]
    for name in ("a.txt", "b.txt"):
        assert main([*words, "--to", str(tmp_path / name)]) == 0
    assert "2 lines to train on, and 3 of" in capsys.readouterr().out
    mixed = (tmp_path / "a.txt").read_text(encoding="utf-8").splitlines()
    assert mixed == (tmp_path / "b.txt").read_text(encoding="utf-8").splitlines() and len(mixed) == 5
    assert {json.loads(line)["prompt"] for line in mixed if "甲" in line} == {"人物", "城市"}
    with pytest.raises(CheckpointError, match="exists already"):
        extraction_replay(own, general, to=str(tmp_path / "a.txt"))
    with pytest.raises(DataError, match="--ratio 0: expected a number above 0"):
        extraction_replay(own, general, to=str(tmp_path / "c.txt"), ratio=0)
