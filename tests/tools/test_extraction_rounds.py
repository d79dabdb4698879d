"""Rounds of training: what each one is trained on, and that each starts anew."""

import json
from types import SimpleNamespace

import pytest

from tasklab.data.extraction.reading import ExtractionDataConfig
from tasklab.errors import ConfigError
from tasklab.tools.extraction_rounds import extraction_rounds


def line(text, prompt):
    return json.dumps({"content": text, "prompt": prompt, "result_list": []}, ensure_ascii=False)


OWN, WRONG = [line("甲", f"{i}的父亲") for i in range(4)], [line("乙", f"{i}的籍贯") for i in range(6)]
SWAPPED = [line("丙", "丁的父亲"), line("丙", "戊的父亲")]


@pytest.fixture()
def trained(tmp_path, monkeypatch):
    """Takes down what every round was trained on; the models confuse six prompts."""
    seen = []

    def trainer(task, model, overrides, train_dataset=None, output_dir=None):
        data = ExtractionDataConfig()
        data.train = next((one.split("=")[1] for one in overrides if one.startswith("data.train=")), None)

        def learned(start=None):
            seen.append((train_dataset.read_text(encoding="utf-8").splitlines(), str(output_dir), start))
            return {"best_metric": 0.25 * len(seen)}

        return SimpleNamespace(config=SimpleNamespace(data=data, seed=1), train=learned, finetune=learned)

    def confusions(model, data, to):
        seen.append(("asked", model, len(open(data, encoding="utf-8").readlines())))
        (tmp_path / to).mkdir(parents=True)
        (tmp_path / to / "negatives.txt").write_text("\n".join(WRONG) + "\n", encoding="utf-8")
        return SimpleNamespace(lines=len(WRONG), details={"父亲": {"total_error": 5}})

    monkeypatch.setattr("tasklab.tools.extraction_rounds.Trainer", trainer)
    monkeypatch.setattr("tasklab.tools.extraction_rounds.extraction_confusions", confusions)
    for name, lines in (("train.txt", OWN), ("swapped.txt", SWAPPED)):
        (tmp_path / name).write_text("\n".join(lines) + "\n", encoding="utf-8")
    return seen


def test_a_round_learns_its_own_lines_and_a_share_of_the_new_ones_from_the_same_start(tmp_path, trained):
    given = {"to": str(tmp_path / "out"), "positives": str(tmp_path / "swapped.txt"), "start": "uie"}
    told = extraction_rounds("ie_demo", f"data.train={tmp_path / 'train.txt'}", **given)
    (first, run, start), asked, (second, _, again) = trained
    assert run.endswith("round_1/run") and start == again == "uie" and asked == ("asked", run, 4)
    assert [json.loads(one)["prompt"] for one in first] == [json.loads(one)["prompt"] for one in OWN]
    more = [json.loads(one)["prompt"] for one in second[4:]]
    # half of two and half of six
    assert len(more) == 4 and len(set(more)) == 4 and sum(prompt.endswith("籍贯") for prompt in more) == 3
    assert [(one.lines, one.f1, one.confused) for one in told.rounds] == [(4, 0.25, 5), (8, 0.75, None)]
    assert str(told).splitlines()[1].split()[:4] == ["1", "4", "0.2500", "5"]


def test_what_cannot_be_is_refused(tmp_path, trained):
    with pytest.raises(ConfigError, match="--rounds 2 --share 0: expected 1 or more, and a share above 0"):
        extraction_rounds("ie_demo", "data.train=x", to=str(tmp_path / "out"), share=0)
    with pytest.raises(ConfigError, match="say what to train on: data.train=FILE"):
        extraction_rounds("ie_demo", to=str(tmp_path / "out"))
