"""What a comparison comes to: means and deviations over the seeds, a table, and a sentence that says which to take."""

from collections.abc import Mapping
from statistics import fmean, stdev

SCORES = ("accuracy", "macro_f1")
BEYOND = 2.0
"""Standard errors of the paired differences from which a lead counts."""


def summary(scores: Mapping[str, list[dict]]) -> dict[str, dict]:
    """Method -> {accuracy, macro_f1 and seconds: {mean, deviation, seeds}, note}.

    scores: of each method one dict per seed; one that did not run has a `note` and no score. deviation: of a sample,
    None of one seed.
    """
    table = {}
    for name, runs in scores.items():
        ran = [run for run in runs if SCORES[0] in run]
        table[name] = {key: _spread([run[key] for run in ran]) for key in (*SCORES, "seconds")} if ran else {}
        table[name]["note"] = next((run["note"] for run in runs if run.get("note")), "")
    return table


def _spread(values: list[float]) -> dict:
    return {"mean": fmean(values), "deviation": stdev(values) if len(values) > 1 else None, "seeds": values}


def advice(table: Mapping[str, dict], titles: Mapping[str, str]) -> tuple[str | None, str]:
    """The method to take, and why: the best mean, or a faster one whose scores of the same rows are not clearly below.

    None where nothing ran.
    """
    ran = {name: about for name, about in table.items() if "accuracy" in about}
    if not ran:
        return None, "nothing ran, so there is nothing to take"
    best = max(ran, key=lambda name: ran[name]["accuracy"]["mean"])
    score = f"{ran[best]['accuracy']['mean']:.3f}"
    sentence = f"take {titles[best]}: accuracy {score}"
    others = [name for name in ran if name != best]
    if not others:
        return best, f"{sentence}; nothing else ran"
    if len(ran[best]["accuracy"]["seeds"]) < 3:
        return best, f"{sentence}; with fewer than three seeds nobody knows how far chance went, take --seeds 5"
    equal = [name for name in others if not _clearly_behind(ran[best], ran[name])]
    if not equal:
        second = max(others, key=lambda name: ran[name]["accuracy"]["mean"])
        lead = ran[best]["accuracy"]["mean"] - ran[second]["accuracy"]["mean"]
        return best, f"{sentence}, {lead:.3f} ahead of {titles[second]} and more than chance on these rows"
    fastest = min([best, *equal], key=lambda name: ran[name]["seconds"]["mean"])
    listed = ", ".join(titles[name] for name in equal)
    if fastest == best:
        return best, f"{sentence}; {listed} cannot be told apart from it, and takes longer"
    return fastest, (
        f"take {titles[fastest]}: accuracy {ran[fastest]['accuracy']['mean']:.3f}, which cannot be told apart from the "
        f"{score} of {titles[best]} on these rows, and it is the fastest of those"
    )


def _clearly_behind(best: dict, other: dict) -> bool:
    """By the differences on the same rows, seed by seed; where a training failed, no seed says which rows were its."""
    both = best["accuracy"]["seeds"], other["accuracy"]["seeds"]
    if len(both[0]) != len(both[1]):
        return False
    gaps = [a - b for a, b in zip(*both, strict=True)]
    return fmean(gaps) > BEYOND * stdev(gaps) / len(gaps) ** 0.5


def rendered(table: Mapping[str, dict], titles: Mapping[str, str]) -> str:
    """The table as text, best first; what did not run comes last."""
    lines = [("method", "accuracy", "macro F1", "seconds", "")]
    for name in sorted(table, key=lambda name: -table[name].get("accuracy", {"mean": -1})["mean"]):
        about = table[name]
        cells = [_cell(about[key]) for key in SCORES] if "accuracy" in about else ["-", "-"]
        seconds = f"{about['seconds']['mean']:.1f}" if "seconds" in about else "-"
        lines.append((titles[name], *cells, seconds, about["note"]))
    widths = [max(len(line[i]) for line in lines) for i in range(4)]
    return "\n".join("  ".join([*(c.ljust(w) for c, w in zip(line, widths, strict=False)), line[4]]).rstrip()
                     for line in lines)  # fmt: skip


def _cell(spread: dict) -> str:
    deviation = "" if spread["deviation"] is None else f" ± {spread['deviation']:.3f}"
    return f"{spread['mean']:.3f}{deviation}"
