"""Hard negatives for pairs that match: a table that text matching trains on."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tasklab.config.matching_losses import MATCHES
from tasklab.data.files.answers import write_answers
from tasklab.data.files.textfile import text_lines
from tasklab.data.matching.examples import MatchingExample
from tasklab.data.matching.mining import nearest_negatives, pool_of
from tasklab.data.matching.reading import matches_of, read_matching
from tasklab.datahub import at_hand
from tasklab.errors import ConfigError, DataError
from tasklab.metrics.vectors import unit_rows
from tasklab.tools import TOOLS
from tasklab.tools.opened import refuse_existing
from tasklab.trainer import Trainer
from tasklab.vector_index.encoder import ROWS, TextEncoder

PAIRS = "text_matching"


@dataclass(frozen=True)
class Mined:
    path: Path
    asked: int  # negatives of a row
    kept: int  # rows that have so many
    short: int  # that have fewer
    skipped: int  # that have none, and are left out
    margin: float
    too_near: int
    refused: int | None  # by the cross-encoder

    def __str__(self):
        lines = [
            f"{self.path}: {self.kept + self.short:,} rows; {self.kept:,} with {self.asked} negatives, {self.short:,} "
            f"with fewer, {self.skipped:,} with none are left out",
            f"nearer than the match less {self.margin:.0%} of its cosine: {self.too_near:,} texts, which may match too",
        ]
        if self.refused is not None:
            lines.append(f"held for matches by the cross-encoder: {self.refused:,} texts")
        return "\n".join(lines)


@TOOLS.register("mine-negatives")
def mine_negatives(
    model: str, data: str, *, to: str, corpus: str | None = None, negatives: int = 5, margin: float = 0.05,
    cross_encoder: str | None = None, most: float = 0.5, checked: int | None = None,
    settings: list[str] | None = None,
) -> Mined:  # fmt: skip
    """Find texts that are near an anchor without matching it, to learn from with loss.matching=in_batch or triplet.

    Candidates are the second texts of all rows, and those of a corpus; what matches an anchor in any row, equal texts
    and those nearer than the margin allows are none. Negatives that a row has already stay, before those found.

    Args:
        model: makes the vectors: a recipe, a backbone, or the folder of a model, such as a trained text_matching one,
            whose own pooling and length count.
        data: a table of pairs; rows with a label below 0.5 are no matches and left out.
        to: the file to write: .jsonl with anchor, positive and the list `negatives`.
        corpus: a file of further candidates, a text per line.
        negatives: how many per row.
        margin: a negative's cosine stays below the match's by at least this share of it; 0 takes any below.
        cross_encoder: the folder of a text_matching model over both texts in one row, which looks at every candidate.
        most: score of the cross-encoder from which a candidate is held for a match and passed over.
        checked: candidates per row that it looks at, nearest first; by default twice as many as asked for.
        settings: KEY=VALUE for model and data, such as model.pooling=first or data.text_a=question.
    Raises: ConfigError, DataError.
    """
    refuse_existing(to)
    looked_at = _looked_at(to, negatives, margin, cross_encoder, checked)
    settings = settings or []
    examples = _matches(data, settings)
    pool = pool_of(examples, _lines(corpus) if corpus else ())
    units = _vectors(model, pool.texts, [one for one in settings if _shapes(one)])
    nearest = nearest_negatives(
        units[pool.anchors], units[pool.matches], units[pool.candidates], pool.excluded, looked_at, margin
    )
    offered = [[pool.texts[at] for at in pool.candidates[row]] for row in nearest.candidates]
    refused = None
    if cross_encoder:
        held = _held_for_matches(cross_encoder, examples, offered, most)
        refused = sum(len(own) for own in held)
        offered = [[text for text in row if text not in own] for row, own in zip(offered, held, strict=True)]
    rows = [_row(example, own, negatives) for example, own in zip(examples, offered, strict=True)]
    write_answers(to, [row for row in rows if row["negatives"]])
    counts = np.array([len(row["negatives"]) for row in rows])
    kept, skipped = int((counts >= negatives).sum()), int((counts == 0).sum())
    short = len(rows) - kept - skipped
    return Mined(Path(to), negatives, kept, short, skipped, margin, int(nearest.too_near.sum()), refused)


def _looked_at(to, negatives: int, margin: float, cross_encoder: str | None, checked: int | None) -> int:
    """Candidates per row that are wanted of the vectors. Raises: DataError for what cannot be."""
    if Path(to).suffix != ".jsonl":
        raise DataError(f"--to {to}: expected a name that ends with .jsonl, which holds lists")
    if negatives < 1:
        raise DataError(f"--negatives {negatives}: expected at least 1")
    if not 0 <= margin < 1:
        raise DataError(f"--margin {margin}: expected a share from 0 to below 1")
    if checked is None:
        return 2 * negatives if cross_encoder else negatives
    if cross_encoder is None:
        raise DataError(f"--checked {checked} is what a cross-encoder looks at; name one with --cross-encoder")
    if checked < negatives:
        raise DataError(f"--checked {checked}: expected at least --negatives {negatives}")
    return checked


def _matches(data: str, settings: Sequence[str]) -> list[MatchingExample]:
    """Raises: DataError where a row has one text."""
    config = Trainer(task=PAIRS, overrides=[one for one in settings if one.startswith("data.")]).config
    examples, bad = read_matching(at_hand(data, training=True), config.data, MATCHES)
    if config.data.on_bad_row == "error":
        bad.raise_if_fatal()
    if not examples:
        raise DataError(f"{data}: holds no usable row")
    if single := next((e for e in examples if len(e.texts) < 2), None):
        raise DataError(f"{single.place}: is one text; negatives are told from a match: give pairs that match")
    return matches_of(examples)


def _lines(corpus: str) -> Iterator[str]:
    return filter(None, (line.strip() for line in text_lines(at_hand(corpus, training=True))))


def _shapes(setting: str) -> bool:
    """Whether KEY=VALUE is of the vectors; all other settings of data say how the table is read."""
    return not setting.startswith("data.") or setting.partition("=")[0] in ROWS


def _vectors(model: str, texts: list[str], settings: Sequence[str]) -> np.ndarray:
    """[N, D] unit rows."""
    return unit_rows(TextEncoder(model, settings)(texts))


def _held_for_matches(model: str, examples: list, offered: list[list[str]], most: float) -> list[set[str]]:
    """Of each row the texts that a cross-encoder scores with `most` or more."""
    judge = Trainer(model=model)
    if judge.config.task != PAIRS or judge.config.model.pair_encoding == "cosine":
        kind = judge.config.task if judge.config.task != PAIRS else "one that compares vectors"
        raise ConfigError(f"{model}: a cross-encoder is a {PAIRS} model over both texts in one row, this is {kind}")
    pairs = [(e.texts[0], text) for e, own in zip(examples, offered, strict=True) for text in own]
    scores = iter(judge.predict(input_data=pairs) if pairs else [])
    return [{text for text in own if next(scores)["score"] >= most} for own in offered]


def _row(example: MatchingExample, negatives: Sequence[str], count: int) -> dict:
    anchor, positive, *own = example.texts
    return {"anchor": anchor, "positive": positive, "negatives": [*own, *negatives[: max(0, count - len(own))]]}
