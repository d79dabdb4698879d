"""A training that ended below a baseline, or without finding a class: told, with the settings that help, by cause."""

import math
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from tasklab.engine.loop import TrainingLoop
from tasklab.engine.selection import greater_is_better, watched_metric
from tasklab.runs.history import METRICS_FILE, read_metrics
from tasklab.task import UPDATES, Metrics

MOST = 3
"""Remedies that are told; the likeliest causes come first."""
UNKNOWN, CUT = 0.03, 0.05
"""Shares of unknown tokens, and of rows that were cut, from which they count as a cause."""
MOVED, LEARNED_BY_HEART = 0.9, 0.1
"""A mean loss that fell below this share of an earlier one has moved; below that of the first, nothing is left."""
ALIKE = "every example gets the same answer"


@dataclass(frozen=True)
class Ended:
    """What is known of a training at its end.

    losses: of the training, in order.   alike: every example got the same answer.   lost: classes of which no example
    was found.   unknown, cut: shares of the training's tokens and rows.   weighable: the loss knows weights of classes,
    and uses none.   longer: the command that goes on with so many epochs in place of {}.
    """

    steps: int
    epochs: int
    losses: Sequence[float] = ()
    alike: bool = False
    lost: Mapping[str, int] = field(default_factory=dict)
    unknown: float = 0.0
    cut: float = 0.0
    weighable: bool = False
    random_start: bool = False
    lr: float = 0.0
    max_seq_length: int = 0
    max_tokens: int = 0
    longer: str = "train.epochs={}"


def told(ended: Ended, metric: str, score: float, baselines: Mapping[str, Metrics]) -> Iterator[str]:
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
    few, falling = ended.steps < UPDATES, last < MOVED * before and last > LEARNED_BY_HEART * first
    if ended.unknown > UNKNOWN:
        yield (
            f"a model of the text's language (tasklab list), or its own tokenizer.vocab: {ended.unknown:.0%} of the "
            "tokens are unknown to this vocabulary"
        )
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
        room = min(2 * ended.max_seq_length, ended.max_tokens)
        larger = f"data.max_seq_length={room}" if room > ended.max_seq_length else "shorter texts"
        yield f"{larger}: {ended.cut:.0%} of the rows are cut at {ended.max_seq_length} tokens"
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
    parts = losses[:quarter], losses[-2 * quarter : -quarter], losses[-quarter:]
    return tuple(sum(part) / quarter for part in parts)


def _named(lost: Mapping[str, int]) -> str:
    names = ", ".join(f"{name} ({count})" for name, count in list(lost.items())[:8])
    return f"of {names}{', ...' if len(lost) > 8 else ''} none is found: F1 0"


def warnings_of(loop: TrainingLoop, rows, predictions: Sequence, classes: Mapping, baselines: dict) -> list[str]:
    """What to say of a training that is over.

    Args:
        rows: those that it learned from.
        predictions: of its last evaluation; classes: label -> f1, support, ... of its best one.
        baselines: as `Task.baselines` gives them.
    """
    task, config, state = loop.task, loop.config, loop.state
    metric, records = watched_metric(config.train, task.metric), read_metrics(loop.run.path / METRICS_FILE)
    if not greater_is_better(config.train, task.metric) or not any(metric in scores for scores in baselines.values()):
        metric = task.metric  # a loss, which no baseline has
    best = next((r for r in reversed(records) if r["kind"] == "evaluate" and r["global_step"] == state.best_step), {})
    if metric not in best:
        return []
    balanced = config.loss.balanced or config.loss.class_weights
    ended = Ended(
        steps=state.global_step, epochs=state.epoch + (state.step_in_epoch > 0),
        losses=[r["loss"] for r in records if r["kind"] == "train"],
        alike=len(predictions) > 1 and len({_answer(p) for p in predictions}) == 1,
        lost={name: int(s["support"]) for name, s in classes.items() if s["support"] and not s["f1"]},
        unknown=_unknown(rows, task.tokenizer), cut=_cut(rows),
        weighable="balanced" in task.loss_settings and not balanced,
        random_start=not config.checkpoint or config.from_scratch, lr=config.optimizer.lr,
        max_seq_length=config.data.max_seq_length, max_tokens=config.model.max_tokens,
        longer=f"tasklab train --resume {shlex.quote(str(loop.run.path))} train.epochs={{}}",
    )  # fmt: skip
    return list(told(ended, metric, best[metric], baselines))


def _answer(answers) -> str:
    """The best answer without its scores; of one that is nothing but a score, that."""
    best = answers[0]
    if not isinstance(best, dict):
        return repr(best)
    return repr({key: value for key, value in best.items() if not isinstance(value, (float, dict))} or best)


def _unknown(rows, tokenizer) -> float:
    """Share of unknown tokens; 0 where the rows are not all at hand."""
    ids = getattr(rows, "ragged", {}).get("input_ids")
    return 0.0 if ids is None else float((ids.values == tokenizer.unk_id).mean())


def _cut(rows) -> float:
    """Share of rows that lost a part of their text."""
    return max((count for name, count in rows.info.items() if name.startswith("cut_")), default=0) / max(1, len(rows))
