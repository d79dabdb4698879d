"""A score below a baseline, or a class that is never found: told after a training and by every evaluation, with the
settings that help, by cause."""

import math
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from tasklab.data.rows.sizes import unknown_share
from tasklab.engine.selection import greater_is_better, watched_metric
from tasklab.session.trained import Trained
from tasklab.task import UPDATES, Metrics, Task

MOST = 3
"""Remedies that are told; the likeliest causes come first."""
UNKNOWN, CUT = 0.03, 0.05
"""Shares of unknown tokens, and of rows that were cut, from which they count as a cause."""
MOVED, LEARNED_BY_HEART = 0.9, 0.1
"""A mean loss that fell below this share of an earlier one has moved; below that of the first, nothing is left."""
ALIKE = "every example gets the same answer"


@dataclass(frozen=True)
class Ended:
    """What is known of a training at its end, or of the one behind an evaluation.

    steps: None where nothing is known of a training.   losses: of the training, in order.   alike: every example got
    the same answer.   lost: classes of which no example was found.   unknown, cut: shares of the tokens and rows.
    cut_by, cut_at: the setting that cut most, and its value.
    weighable: the loss knows weights of classes, and uses none.   elsewhere: the command that trains on rows like
    these, where it learned from others.   longer: the command that goes on with so many epochs in place of {}.
    """

    steps: int | None = None
    epochs: int = 0
    losses: Sequence[float] = ()
    alike: bool = False
    lost: Mapping[str, int] = field(default_factory=dict)
    unknown: float = 0.0
    cut: float = 0.0
    weighable: bool = False
    random_start: bool = False
    lr: float = 0.0
    cut_by: str = "max_seq_length"
    cut_at: int = 0
    max_tokens: int = 0
    elsewhere: str = ""
    longer: str = "train.epochs={}"


def warnings(ended: Ended, metric: str, score: float, baselines: Mapping[str, Metrics]) -> Iterator[str]:
    """The warnings: one below the best of the baselines, one for classes that were never found."""
    values = {name: scores[metric] for name, scores in baselines.items() if math.isfinite(scores.get(metric, math.nan))}
    name = max(values, key=values.get, default=None)
    if name is not None and not score >= values[name]:
        listed = "".join(f"\n  - {remedy}" for remedy in remedies(ended)[:MOST])
        yield f"{metric} {score:.4f} is below the baseline, {values[name]:.4f} ({name}). What may help:{listed}"
    elif ended.lost:
        remedy = "loss.balanced=true lets them count as much" if ended.weighable else next(iter(remedies(ended)))
        yield f"{_named(ended.lost)}; {remedy}"


def remedies(ended: Ended) -> list[str]:
    """What may help, the likeliest first."""
    return list(_remedies(ended))


def _remedies(ended: Ended) -> Iterator[str]:
    first, before, last = _quarters(ended.losses)
    few = ended.steps is not None and ended.steps < UPDATES
    falling = last < MOVED * before and last > LEARNED_BY_HEART * first
    if ended.unknown > UNKNOWN:
        yield (
            f"a model of the text's language (tasklab list), or its own tokenizer.vocab: {ended.unknown:.0%} of the "
            "tokens are unknown to this vocabulary"
        )
    if ended.elsewhere:
        yield f"training on rows like these, as it learned from others: {ended.elsewhere}"
    if few or falling:
        why = " and ".join([f"{ended.steps} steps are few"] * few + ["the loss still falls"] * falling)
        epochs = max(2 * ended.epochs, math.ceil(UPDATES * ended.epochs / max(1, ended.steps)))
        yield f"train.epochs={epochs}, as {why}: {ended.longer.format(epochs)}"
    elif last > MOVED * first or ended.alike:
        why = ALIKE if ended.alike else f"the loss hardly fell, {first:.3g} to {last:.3g}"
        yield f"another optimizer.lr, such as {3 * ended.lr:.1e} or {ended.lr / 3:.1e}: {why}"
    if ended.weighable and (ended.lost or ended.alike):
        yield f"loss.balanced=true: {_named(ended.lost) if ended.lost else ALIKE}"
    if ended.cut > CUT:
        room = min(2 * ended.cut_at, ended.max_tokens)
        larger = f"data.{ended.cut_by}={room}" if room > ended.cut_at else "shorter texts"
        yield f"{larger}: {ended.cut:.0%} of the rows are cut at {ended.cut_at} tokens"
    if ended.random_start:
        yield "a model with pretrained weights (tasklab list): from a random start words mean nothing yet"
    if last < LEARNED_BY_HEART * first:
        yield f"more rows: the loss fell to {last:.2g}, so those that there are were learned by heart"
    else:
        yield "more rows, or a larger model (tasklab list)"


def _quarters(losses: Sequence[float]) -> tuple[float, float, float]:
    """Mean losses of the first quarter, the third and the last one; NaN, which no cause fits, for fewer than four."""
    quarter = len(losses) // 4
    if not quarter:
        return math.nan, math.nan, math.nan
    quarters = losses[:quarter], losses[-2 * quarter : -quarter], losses[-quarter:]
    return tuple(sum(part) / quarter for part in quarters)


def _named(lost: Mapping[str, int]) -> str:
    names = ", ".join(f"{name} ({count})" for name, count in list(lost.items())[:8])
    return f"of {names}{', ...' if len(lost) > 8 else ''} none is found: F1 0"


def warnings_of(
    task: Task, scores: Metrics, baselines: Mapping[str, Metrics], predictions: Sequence, classes: Mapping, rows,
    past: Trained,
) -> list[str]:  # fmt: skip
    """What to say of an evaluation.

    Args:
        scores, baselines: as `Task.score` and `Task.baselines` give them.
        predictions: of these or other examples; classes: label -> f1, support, ... of these.
        rows: those that it learned from, or else those of the evaluation.
    """
    config, (cut_by, cut) = past.config, cut_most(rows)
    metric = watched_metric(config.train, task.metric)
    if not greater_is_better(config.train, task.metric) or not any(metric in metrics for metrics in baselines.values()):
        metric = task.metric  # a loss, which no baseline has
    if metric not in scores:
        return []
    balanced = config.loss.balanced or config.loss.class_weights
    ended = Ended(
        steps=past.steps, epochs=past.epochs, losses=past.losses,
        alike=len(predictions) > 1 and len({_answer(p) for p in predictions}) == 1,
        lost={name: int(s["support"]) for name, s in classes.items() if s["support"] and not s["f1"]},
        unknown=unknown_share(rows, task.unknown_ids), cut=cut, cut_by=cut_by, cut_at=config.data[cut_by],
        weighable="balanced" in task.loss_settings and not balanced,
        random_start=config.from_scratch, lr=config.optimizer.lr,
        max_tokens=config.model.max_tokens,
        elsewhere="" if past.own_rows else f"tasklab train {shlex.quote(str(past.place))} data.train=FILE",
        longer=f"tasklab train --resume {shlex.quote(str(past.place))} train.epochs={{}}",
    )  # fmt: skip
    return list(warnings(ended, metric, scores[metric], baselines))


def _answer(answers) -> str:
    """The best answer without its scores; of one that is nothing but a score, that."""
    best = answers[0]
    if not isinstance(best, dict):
        return repr(best)
    return repr({key: value for key, value in best.items() if not isinstance(value, (float, dict))} or best)


CUT_BY = {"cut_targets": "max_target_length", "cut_questions": "max_query_length"}
"""What cuts, by the names of the counts; of all others it is data.max_seq_length."""


def cut_most(rows) -> tuple[str, float]:
    """The setting by which most rows lost a part of their text, and their share."""
    counts = {name: count for name, count in rows.info.items() if name.startswith("cut_")}
    most = max(counts, key=counts.get, default="")
    return CUT_BY.get(most, "max_seq_length"), counts.get(most, 0) / max(1, len(rows))
