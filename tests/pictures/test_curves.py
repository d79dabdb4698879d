"""What the curves of a run show, by what is on the panels."""

import numpy as np
import pytest

from tasklab.pictures.canvas import COLOURS
from tasklab.pictures.curves import RunCurves


def train(step, loss, **more):
    return {"kind": "train", "global_step": step, "epoch": 1, "loss": loss, "lr": 3e-5, "grad_norm": 1.5, **more}


def evaluation(step, **metrics):
    return {"kind": "evaluate", "global_step": step, "epoch": 1, **metrics}


RUN = [
    train(10, 0.9), train(20, 0.6), evaluation(20, accuracy=0.5, macro_f1=0.4, total=8, loss=0.8),
    train(30, 0.5), train(40, 0.4), evaluation(40, accuracy=0.75, macro_f1=0.7, total=8, loss=0.7),
]  # fmt: skip


def lines(panel) -> dict:
    """Label -> (xs, ys) of each line that is named."""
    named = [line for line in panel.get_lines() if not line.get_label().startswith("_")]
    return {line.get_label(): tuple(map(list, line.get_data())) for line in named}


def panels(figure) -> dict:
    return {panel.get_title(loc="left"): panel for panel in figure.axes if panel.get_visible()}


def test_both_losses_share_a_panel_and_the_metric_has_the_other():
    figure = RunCurves("run", RUN, "accuracy").main()
    loss, metric = panels(figure).values()
    assert figure.get_suptitle() == "run"
    assert lines(loss) == {"training": ([10, 20, 30, 40], [0.9, 0.6, 0.5, 0.4]), "evaluation": ([20, 40], [0.8, 0.7])}
    assert lines(metric) == {"evaluation": ([20, 40], [0.5, 0.75])}
    assert {line.get_color() for line in loss.get_lines()} == set(COLOURS[:2])
    assert metric.get_title(loc="left") == "Metric: accuracy" and metric.get_ylabel() == "accuracy (0 to 1)"
    for panel in (loss, metric):
        assert panel.get_xlim()[0] == 0 and panel.get_xlabel() == "optimizer step"
    low, high = metric.get_ylim()
    assert -0.05 < low <= 0 and 1 <= high < 1.05


def test_the_best_step_and_the_baselines_are_marked():
    baselines = {"trivial baseline": {"accuracy": 0.25}, "learned": {"accuracy": 0.6, "total": 8}, "other": {"f1": 0.1}}
    metric = RunCurves("run", RUN, "accuracy", best_step=40, baselines=baselines).main().axes[1]
    drawn = lines(metric)
    assert drawn["best: 0.75 at step 40"] == ([40], [0.75])
    assert drawn["trivial baseline: 0.25"][1] == [0.25, 0.25] and drawn["learned: 0.6"][1] == [0.6, 0.6]
    assert len(drawn) == 4


@pytest.mark.parametrize(("metric", "perfect", "values", "unit", "limits"), [
    ("spearmanr", 1.0, (0.2, 0.8), "correlation", (0, 1)),
    ("f1", 100.0, (20.0, 80.0), "f1 (%)", (0, 100)),
    ("spearmanr", 1.0, (-0.2, 0.8), "correlation", (-1, 1)),
    ("perplexity", 1.0, (90.0, 30.0), "perplexity", (0, None)),
])  # fmt: skip
def test_a_metric_has_the_scale_of_its_unit(metric, perfect, values, unit, limits):
    records = [evaluation(step, **{metric: value}) for step, value in enumerate(values, start=1)]
    (panel,) = RunCurves("run", records, metric, perfect).main().axes
    assert panel.get_ylabel() == unit
    for asked, drawn in zip(limits, panel.get_ylim(), strict=True):
        assert asked is None or drawn == pytest.approx(asked, abs=0.05 * perfect)


def test_everything_else_has_a_panel_per_unit_without_counts_and_thresholds():
    squad = {
        "exact_match": 30.0, "f1": 40.0, "total": 14, "HasAns_exact": 20.0, "HasAns_f1": 35.0, "HasAns_total": 10,
        "NoAns_exact": 100.0, "NoAns_f1": 100.0, "NoAns_total": 4, "best_exact": 50.0, "best_exact_thresh": -1.5,
        "best_f1": 55.0, "best_f1_thresh": -2.5,
    }  # fmt: skip
    records = [train(10, 0.9, speed=3.0, compiles=2), evaluation(10, **squad)]
    found = panels(RunCurves("run", records, "f1", 100.0).rest())
    assert list(found) == ["Scores", "Learning rate", "Gradient norm"]
    assert list(lines(found["Scores"])) == [  # one that another would hide stands beside it
        "exact_match", "HasAns_exact", "HasAns_f1", "NoAns_exact = NoAns_f1", "best_exact", "best_f1",
    ]  # fmt: skip
    assert found["Scores"].get_ylabel() == "score (%)"


def test_many_series_of_a_unit_have_several_panels():
    records = [evaluation(1, **{f"set {i}/accuracy": i / 100 for i in range(40)})]
    figure = RunCurves("run", records, "accuracy").rest()
    assert [len(lines(panel)) for panel in figure.axes if panel.get_visible()] == [16, 16, 8]
    endless = [evaluation(1, **{f"metric {i}": 5.0 + i for i in range(10_000)})]
    assert len(RunCurves("run", endless, "accuracy").rest().axes) == 12


def test_correlations_share_a_panel_that_holds_the_lowest():
    records = [evaluation(1, pearson=0.5, spearmanr=-0.25, mse=1.5)]
    found = panels(RunCurves("run", records, "accuracy").rest())
    assert list(found) == ["Correlation", "mse"] and found["Correlation"].get_ylim()[0] < -1
    assert set(lines(found["Correlation"])) == {"pearson", "spearmanr"}


def test_a_panel_of_one_series_has_its_name():
    assert list(panels(RunCurves("run", RUN, "accuracy").rest())) == ["macro_f1", "Learning rate", "Gradient norm"]


def test_what_is_no_number_is_left_out():
    odd = [evaluation(1, accuracy=float("nan"), f1=float("inf")), evaluation(2, accuracy="x"), {"kind": "evaluate"},
           evaluation("3", accuracy=0.5), evaluation(-1, accuracy=0.5), evaluation(4, accuracy=0.5)]  # fmt: skip
    curves = RunCurves("run", odd, "accuracy")
    assert lines(curves.main().axes[0]) == {"evaluation": ([4], [0.5])} and curves.rest() is None


def test_nothing_measured_gives_no_picture():
    assert RunCurves("run", [], "accuracy").main() is None and RunCurves("run", [], "accuracy").rest() is None


def test_names_of_any_kind_can_be_written(recwarn):
    records = [evaluation(1, **{"电影$a$/accuracy": 0.5, "_b/accuracy": 0.25, "accuracy": 0.3})]
    curves = RunCurves("客服 $x^$", records, "accuracy")
    (panel,) = curves.rest().axes
    assert list(lines(panel)) == [r"电影\$a\$/accuracy", " _b/accuracy"]
    assert curves.main()._repr_png_()[:4] == curves.rest()._repr_png_()[:4] == b"\x89PNG"
    assert not [w for w in recwarn if "missing from font" in str(w.message)]


def test_a_figure_shows_itself_in_a_notebook_without_pyplot():
    png = RunCurves("run", RUN, "accuracy").main()._repr_png_()
    assert png[:8] == b"\x89PNG\r\n\x1a\n" and len(png) > 10_000


def test_colours_are_told_apart_without_red_and_green():
    # deuteranopia (Machado et al. 2009, severity 1), in linear RGB; the distance of any two stays visible
    matrix = np.array([[0.367, 0.861, -0.228], [0.280, 0.673, 0.047], [-0.012, 0.043, 0.969]])
    linear = (np.array([[int(c[i : i + 2], 16) for i in (1, 3, 5)] for c in COLOURS]) / 255) ** 2.2
    seen = np.clip(linear @ matrix.T, 0, 1) ** (1 / 2.2)
    apart = np.linalg.norm(seen[:, None] - seen[None], axis=-1) + 9 * np.eye(len(seen))
    assert apart.min() > 0.12
