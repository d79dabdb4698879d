"""What `doctor data` shows of texts that match or do not, and what stands out in them."""

from collections.abc import Iterator

from tasklab.config import Config
from tasklab.config.matching_losses import MATCHING_LOSSES, matching_loss
from tasklab.data.files.sample import Sample
from tasklab.data.matching.inspect import MatchReport, inspect_matching, pair_of, shared_texts
from tasklab.data.matching.settings import MatchingDataConfig
from tasklab.data.rows.findings import leaks
from tasklab.tools.doctor.findings import LOOK, Examined, Line, bad_rows, clashing, examined, leaking, repeating
from tasklab.tools.doctor.wording import counted, lengths, padded, places, shares

DATA, MODEL = (MatchingDataConfig,), "matching_simcse_minilm_l6"


def knows(sample: Sample) -> bool:
    """Columns that only such files have."""
    return {"anchor", "positive"} <= set(sample.columns)


def examine(config: Config, tokenizer) -> Examined:
    """Reads data.train and data.eval. Raises: DataError when a file as a whole cannot be used."""
    data, encoding = config.data, config.model.pair_encoding
    learns_from = MATCHING_LOSSES[matching_loss(config.loss.matching, encoding)].learns_from
    train = inspect_matching(data.train, data, learns_from, encoding, True, tokenizer)
    path = data.eval_path
    dev = inspect_matching(path, data, learns_from, encoding, False, tokenizer) if path else None
    return examined(config, train, dev, _shown, _findings, _leaks(train, dev) if dev is not None else ())


def _shown(name: str, split: MatchReport, config: Config) -> Iterator[str]:
    yield f"{name:6} {split.file}"
    sizes = {len(e.texts) for e in split.examples}
    of = {1: "single texts", 2: "pairs of texts"}.get(max(sizes), "") if len(sizes) == 1 else ""
    yield f"       {split.rows:,} rows, {of or f'of {min(sizes)} to {max(sizes)} texts' if sizes else 'none usable'}"
    yield from shares(dict(sorted(split.labels.items())), split.rows, "labels")
    if split.sizes is not None:
        yield from lengths(split.lengths, split.sizes)
        yield padded(split.sizes)


def _findings(name: str, split: MatchReport, config: Config) -> Iterator[Line]:
    yield from bad_rows(name, split.bad, config, "which stops no run")
    clash, again = split.contradictions, split.duplicates
    text = f"{name}: {counted(clash.count, 'row')} with the texts of another and another label; keep the right one"
    yield from clashing(clash, split.rows, text, split.file)
    yield from repeating(again, name, "row", "with the texts of another, in either order, and its label", split.file)
    if split.alike.count:
        text = f"{name}: {counted(split.alike.count, 'row')} with one text on both sides, from which nothing is learned"
        yield Line(LOOK, text, places(split.alike, split.file))
    if split.sharing:
        kinds = (
            (split.firsts, "the first text of another"), (split.seconds, "the second text of another"),
            (split.crossed, "as the second text what is the first one of another"),
        )  # fmt: skip
        listed = ", ".join(f"{count:,} have {what}" for count, what in kinds if count)
        text = f"{name}: {counted(split.sharing, 'row')} with a text of another row: {listed}"
        yield Line(LOOK, f"{text}; losses over the batch keep such rows in different steps")


def _leaks(train: MatchReport, dev: MatchReport) -> Iterator[Line]:
    yield from leaking(leaks(train.examples, dev.examples, pair_of), dev.rows, "row", dev.file)
    first, second = shared_texts(train.examples, dev.examples)
    if first or second:
        text = f"eval: of {dev.rows:,} rows {first:,} have a first and {second:,} a second text that is in train too"
        yield Line(LOOK, f"{text}, so the score tells less of texts that are new; split by text where that counts")
