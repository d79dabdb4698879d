"""A share of data.train as evaluation data: decided once, kept with the run, the same for evaluate and resume."""

import json
import random
from pathlib import Path

import pytest
import tiny_qa
import tiny_texts

from tasklab import Trainer
from tasklab.errors import ConfigError, DataError
from tasklab.session.held_out import training_data
from tasklab.task import TASKS
from tasklab.text.wordpiece import WordPiece

HEADER = "label\ttext_a\n"


def lines(count: int) -> list[str]:
    """Rows of which every third is happy, no two alike."""
    words = random.Random(3).sample([f"{a}{b}{c}" for a in "bdfgklmn" for b in "aeiou" for c in "bdfgklmnprst"], 480)
    return [f"{'sad' if i % 3 else 'happy'}\t{' '.join(words[i % 96 * 5 :][:5])} {i // 96 * 'x'}" for i in range(count)]


def task_for(tmp_path: Path, rows: list[str], held_out=None, **settings):
    """The task of a job whose data.train holds these rows."""
    train = tmp_path / "train.tsv"
    train.write_text(HEADER + "\n".join(rows) + "\n")
    vocabulary = str(tiny_qa.write_vocabulary(tmp_path))
    settings = {"data.cache": False, "model.labels": ["happy", "sad"], "tokenizer.vocab": vocabulary, **settings}
    config = Trainer(settings, "text_classification", "bert_tiny", train, held_out).config
    return TASKS.get("text_classification")(config, WordPiece(vocabulary))


@pytest.mark.parametrize("count, wanted", [(49, None), (50, 5), (90, 9)])
def test_a_tenth_is_held_out_where_there_are_fifty(count, wanted, tmp_path, caplog):
    caplog.set_level("INFO", "tasklab")
    train, held_out, cut = training_data(task_for(tmp_path, lines(count)), resumed=False)
    if wanted is None:
        assert held_out is None and cut is None and len(train.examples) == count
        assert "of fewer than 50 examples nothing is held out" in caplog.text
    else:
        assert len(held_out.examples) == wanted and len(train.examples) == count - wanted
        assert f"data.eval is not set: {wanted} of {count} examples are held out" in caplog.text
        assert "data.eval=no trains on all" in caplog.text


@pytest.mark.parametrize("settings", [{"data.eval": "no"}, {"train.eval_strategy": "no"}])
def test_whoever_wants_none_trains_on_all(settings, tmp_path):
    train, held_out, _ = training_data(task_for(tmp_path, lines(60), **settings), resumed=False)
    assert held_out is None and len(train.examples) == 60


def test_a_run_that_goes_on_without_evaluation_data_goes_on_without(tmp_path):
    assert training_data(task_for(tmp_path, lines(60)), resumed=True)[1] is None


def test_at_most_a_thousand_are_held_out_unasked(tmp_path, monkeypatch):
    monkeypatch.setattr("tasklab.session.held_out.MOST", 7)
    assert len(training_data(task_for(tmp_path, lines(90)), False)[1].examples) == 7
    assert len(training_data(task_for(tmp_path, lines(90), 0.5), False)[1].examples) == 45


def test_a_share_keeps_classes_and_copies_and_goes_by_the_seed(tmp_path):
    rows = lines(60)
    rows += [row.upper().replace("HAPPY\t", "happy\t").replace("SAD\t", "sad\t") + "!" for row in rows[:30]]
    train, held_out, cut = training_data(task_for(tmp_path, rows, 0.2), resumed=False)
    plain = [{"".join(filter(str.isalpha, e.text_a.lower())) for e in part.examples} for part in (train, held_out)]
    assert not plain[0] & plain[1]
    assert [e.label for e in held_out.examples].count("happy") == 6 and len(held_out.examples) == 18
    assert cut.how == {"share": 0.2, "seed": 42} and [e.id for e in held_out.examples] == [str(i) for i in cut.rows]
    again = training_data(task_for(tmp_path, rows, 0.2), resumed=False)[2]
    other = training_data(task_for(tmp_path, rows, 0.2, seed=7), resumed=False)[2]
    assert again.rows.tolist() == cut.rows.tolist() != other.rows.tolist()


def test_another_run_holds_out_the_same_rows(tmp_path):
    cut = training_data(task_for(tmp_path, lines(60), 0.2), resumed=False)[2]
    cut.write(tmp_path)
    train, held_out, again = training_data(
        task_for(tmp_path, lines(60), tmp_path / "held_out.json", seed=7), resumed=False
    )
    assert [int(e.id) for e in held_out.examples] == cut.rows.tolist() == again.rows.tolist()
    assert len(train.examples) == 48
    with pytest.raises(DataError, match="train.tsv: has another content since"):
        training_data(task_for(tmp_path, lines(61), tmp_path / "held_out.json"), resumed=False)


@pytest.mark.parametrize("share", ["0", "1", "1.5", "-0.1", "20%", "1e1"])
def test_what_is_no_share_is_refused_before_anything(share, tmp_path):
    with pytest.raises(ConfigError, match="expected a share of data.train between 0 and 1"):
        Trainer(model="txtcls_minilm_l6", train_dataset="absent.tsv", overrides=[f"data.eval={share}"]).train()


def test_a_share_of_nothing_and_of_copies_is_refused(tmp_path):
    with pytest.raises(DataError, match="data.eval = 0.0001: that share of 10 examples is none"):
        training_data(task_for(tmp_path, lines(10), 0.0001), False)
    same = ["happy\tall the same", "sad\tAll the  same"] * 30
    with pytest.raises(DataError, match="nothing can be held out of 60 examples that are nearly all equal"):
        training_data(task_for(tmp_path, same, 0.2), False)
    assert training_data(task_for(tmp_path, same), False)[1] is None


def test_do_eval_insists_on_a_share_and_is_refused_with_none(tmp_path):
    with pytest.raises(ConfigError, match="do_eval=True needs an evaluation set"):
        Trainer(model="txtcls_minilm_l6", train_dataset="x.tsv", eval_dataset="no").train(do_eval=True)


@pytest.mark.slow
def test_evaluate_and_resume_take_the_rows_that_were_held_out(tmp_path):
    train, run = tmp_path / "train.tsv", tmp_path / "run"
    train.write_text(HEADER + "\n".join(lines(60)) + "\n")
    settings = tiny_texts.settings(**{
        "from_scratch": True, "tokenizer.vocab": str(tiny_qa.write_vocabulary(tmp_path)), "train.max_steps": 4,
    })  # fmt: skip
    trainer = Trainer(settings, "text_classification", "bert_tiny", train, output_dir=run)
    done = trainer.train()
    kept = json.loads((run / "held_out.json").read_text())
    assert len(kept["rows"]) == 6 and done["best_metric"] is not None
    scores = trainer.evaluate()
    assert scores["total"] == 6 and scores["accuracy"] == done["best_metric"]
    moved = run.rename(tmp_path / "moved")
    assert Trainer(model=str(moved)).evaluate(predictions_file=tmp_path / "p.json") == scores
    answered = json.loads((tmp_path / "p.json").read_text())
    assert [int(row["id"]) for row in answered] == kept["rows"]
    again = Trainer(model=str(moved), output_dir=moved, overrides=["train.max_steps=6"])
    assert again.train(True)["global_step"] == 6
    assert json.loads((moved / "held_out.json").read_text()) == kept
    with pytest.raises(ConfigError, match="but the run held out {'share': 0.1, 'seed': 42}"):
        again.evaluate(eval_dataset=0.5)
    train.write_text(train.read_text() + "sad\tone more\n")
    with pytest.raises(DataError, match="train.tsv: has another content since the run held out a part of it"):
        again.evaluate()
