"""What a run leaves to read: log lines, metrics.jsonl, curves.png."""

import json
import logging
import re
import struct

import numpy as np
import pytest

from tasklab.engine.callbacks import ProgressLog
from tasklab.engine.listeners import Curves, MetricsFile, TensorBoard
from tasklab.runs.history import read_metrics

RECORD = {
    "global_step": 10, "epoch": 1, "loss": 0.6751, "lr": 3e-5, "grad_norm": 1.5, "speed": 4.25, "seconds_left": 90000.0,
}  # fmt: skip


def png_size(path):
    """(width, height) as the IHDR chunk says (PNG specification, 11.2.2)."""
    content = path.read_bytes()
    assert content[:8] == b"\x89PNG\r\n\x1a\n" and content[12:16] == b"IHDR" and b"IEND" in content[-12:]
    return struct.unpack(">II", content[16:24])


def test_a_log_line_reads_as_it_always_did(job, caplog):
    with caplog.at_level(logging.INFO, "tasklab"):
        job(losses=[0.6751] * 20, callbacks=[ProgressLog()], train__epochs=2, train__logging_steps=10).train()
    lines = [r.message for r in caplog.records if r.message.startswith("global step")]
    assert len(lines) == 1
    assert re.match(r"global step 10, epoch: 2, loss: 0\.67510, speed: \d+\.\d\d step/s, lr: ", lines[0])


def test_more_than_a_day_left_is_said_in_hours(job, caplog):
    with caplog.at_level(logging.INFO, "tasklab"):
        ProgressLog().on_log(job(losses=[]), RECORD)
    assert caplog.records[-1].message == (  # 90000 s = 25 h
        "global step 10, epoch: 1, loss: 0.67510, speed: 4.25 step/s, lr: 3e-05, time left: 25:00:00"
    )


def test_an_evaluation_is_logged_under_the_title_of_the_task(job, caplog):
    with caplog.at_level(logging.INFO, "tasklab"):
        job(losses=[], scores=[62.5], callbacks=[ProgressLog()], train__epochs=1).train()
    assert "Label Metric = {'accuracy': 62.5}" in [r.message for r in caplog.records]


def test_a_new_best_is_told_against_the_one_before(job, caplog):
    left = [0.84, 0.5, 0.9]
    with caplog.at_level(logging.INFO, "tasklab"):
        job(
            losses=[], evaluate=lambda: {"f1": left.pop(0)}, callbacks=[ProgressLog()], train__epochs=3,
            train__metric_for_best_model="f1",
        ).train()  # fmt: skip
    assert [r.message for r in caplog.records if r.message.startswith("best")] == [
        "best F1 performance has been updated: 0.00000 --> 0.84000",
        "best F1 performance has been updated: 0.84000 --> 0.90000",
    ]


def test_a_first_best_of_nothing_is_not_told_as_a_rise(job, caplog):
    left = [0.0, 0.5]
    with caplog.at_level(logging.INFO, "tasklab"):
        job(
            losses=[], evaluate=lambda: {"f1": left.pop(0)}, callbacks=[ProgressLog()], train__epochs=2,
            train__metric_for_best_model="f1",
        ).train()  # fmt: skip
    told = [r.message for r in caplog.records if r.message.startswith("best")]
    assert re.fullmatch(r"best F1 performance is 0\.00000 so far, of step \d+", told[0])
    assert told[1:] == ["best F1 performance has been updated: 0.00000 --> 0.50000"]


def test_every_record_is_one_line_of_json(job):
    loop = job(
        losses=[1.0, 3.0, 2.0, 2.0, 5.0], scores=[np.float32(62.5)], callbacks=[MetricsFile()], train__epochs=1,
        train__logging_steps=2,
    )  # fmt: skip
    loop.train()
    lines = (loop.run.path / "metrics.jsonl").read_text().splitlines()
    found = [json.loads(line) for line in lines]
    # means of the losses since the line before: (1 + 3) / 2, (2 + 2) / 2, 5
    assert [(r["kind"], r["global_step"], r.get("loss")) for r in found] == [
        ("train", 2, 2.0), ("train", 4, 2.0), ("train", 5, 5.0), ("evaluate", 5, None),
    ]  # fmt: skip
    assert found[-1]["accuracy"] == 62.5


def test_a_truncated_last_line_is_left_out(tmp_path):
    path = tmp_path / "metrics.jsonl"
    path.write_text('{"kind": "train", "global_step": 1}\n{"kind": "train", "global_st')
    assert read_metrics(path) == [{"kind": "train", "global_step": 1}]
    assert read_metrics(tmp_path / "none.jsonl") == []


def test_lines_beyond_the_checkpoint_are_dropped_on_resume(job):
    loop = job(losses=[])
    path = loop.run.path / "metrics.jsonl"
    path.write_text("".join(f'{{"kind": "train", "global_step": {step}}}\n' for step in (2, 4, 6)) + '{"kind": "tr')
    loop.state.global_step = 4
    listener = MetricsFile()
    listener.on_train_begin(loop)
    listener.on_log(loop, {"global_step": 6, "loss": 0.5})
    assert [(r["global_step"], r.get("loss")) for r in read_metrics(path)] == [(2, None), (4, None), (6, 0.5)]


DAMAGED = [b"\xff\xfe", b"3", b"null", b'{"kind": "train"}', b'{"global_step": 2}', b"[" * 100_000,
           b'{"kind": "train", "global_step": 2, "loss": ' + b"9" * 400 + b"}"]  # fmt: skip


@pytest.mark.parametrize("line", DAMAGED, ids=lambda line: str(line[:30]))
def test_a_damaged_line_is_left_out_and_told_once(line, job, caplog):
    loop = job(losses=[])
    path = loop.run.path / "metrics.jsonl"
    sound = b'{"kind": "train", "global_step": 2, "loss": 0.5}\n'
    path.write_bytes(sound + line + b"\n" + sound)
    loop.state.global_step = 4
    MetricsFile().on_train_begin(loop)
    assert path.read_bytes() == sound * 2 and len(read_metrics(path)) == 2
    assert caplog.text.count("1 lines are no records of a run") == 1


@pytest.mark.parametrize("name", ["metrics.jsonl", "curves.png", "curves_all.png"])
def test_a_link_in_the_run_is_replaced_and_what_it_names_stays(name, job, tmp_path):
    loop = job(losses=[], scores=[1, 2], callbacks=[MetricsFile(), Curves()], train__epochs=2)
    (tmp_path / "precious").write_text("precious")
    loop.run.path.mkdir(parents=True, exist_ok=True)
    (loop.run.path / name).symlink_to(tmp_path / "precious")
    loop.train()
    assert (tmp_path / "precious").read_text() == "precious"
    assert (loop.run.path / name).is_file() and not (loop.run.path / name).is_symlink()


def test_a_run_leaves_its_curves_in_two_pictures(job):
    evaluations = iter(({"accuracy": 0.5, "macro_f1": 0.4}, {"accuracy": 0.7, "macro_f1": 0.6}))
    loop = job(losses=[], evaluate=lambda: next(evaluations), callbacks=[MetricsFile(), Curves()], train__epochs=2)
    loop.train()
    # two panels of 5.6 x 4.2 inch, and three (macro_f1, rate, norm) of 6.6 x 3.4 in two columns; 120 dots per inch
    assert png_size(loop.run.path / "curves.png") == (1344, 504)
    assert png_size(loop.run.path / "curves_all.png") == (1584, 816)


def test_pictures_take_a_twentieth_of_the_time(job, monkeypatch):
    """Evaluations 6 s apart, a picture takes 2 s: one is drawn after 12 s, the next one 40 s after that was ready."""
    now, drawn = [100.0], []

    def draw(loop):
        drawn.append(now[0])
        now[0] += 2

    curves = Curves()
    monkeypatch.setattr(curves, "draw", draw)
    monkeypatch.setattr("tasklab.engine.listeners.time.monotonic", lambda: now[0])
    curves.on_train_begin(None)
    for _ in range(10):
        now[0] += 6
        curves.on_evaluate(None, {})
    assert drawn == [112.0, 156.0]


def test_no_record_gives_no_picture_and_none_stays(job):
    loop = job(losses=[])
    (loop.run.path / "curves.png").write_bytes(b"of an earlier run")
    Curves.draw(loop)
    assert not list(loop.run.path.glob("*.png"))


@pytest.mark.parametrize("name", ["metrics.jsonl", "curves.png"])
def test_a_log_that_cannot_be_written_does_not_end_the_run(job, caplog, name):
    class Blocked(MetricsFile):
        def on_step_end(self, loop):
            if loop.state.global_step == 6:
                path = loop.run.path / name
                path.unlink(missing_ok=True)
                path.mkdir()

    metrics = Blocked()
    loop = job(losses=[], scores=[1, 2], callbacks=[metrics, Curves()], train__epochs=2, train__logging_steps=2)
    assert loop.train().finished
    assert f"{name}: cannot be written" in caplog.text


def test_tensorboard_gets_the_scalars(job):
    pytest.importorskip("tensorboardX")
    loop = job(losses=[], scores=[1.0], callbacks=[TensorBoard()], train__epochs=1)
    loop.train()
    assert list((loop.run.path / "tensorboard").iterdir())
