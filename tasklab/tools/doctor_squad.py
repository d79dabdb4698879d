"""What `doctor data` shows of question answering files."""

from collections.abc import Iterator

from tasklab.config import Config
from tasklab.data.questions.inspect import SplitReport, inspect_squad
from tasklab.tools.doctor_findings import Examined, findings


def examine(config: Config, tokenizer) -> Examined:
    """Reads data.train and data.eval. Raises: DataError when a file as a whole cannot be used."""
    data = config.data
    found = inspect_squad(
        data.train, data.eval, tokenizer, data.max_seq_length, data.doc_stride, data.max_query_length, data.num_buckets
    )
    splits = [(name, split) for name, split in (("train", found.train), ("eval", found.dev)) if split is not None]
    shown = [line for name, split in splits for line in _split_lines(name, split, config)]
    return Examined(found.train, found.dev, shown, findings(found, config))


def _split_lines(name: str, split: SplitReport, config: Config) -> Iterator[str]:
    yield f"{name:6} {split.file}"
    impossible = f", {split.impossible:,} questions without" if split.impossible else ""
    yield f"       {split.questions:,} questions on {split.contexts:,} contexts, {split.answers:,} answers{impossible}"
    if not split.rows:
        return
    yield f"       {'tokens':10}{'least':>8}{'half':>8}{'90 %':>8}{'99 %':>8}{'most':>8}"  # findings.QUANTILES
    for what in ("question", "context", "answer", "row"):
        numbers = getattr(split, f"{what}_tokens")
        if numbers:
            yield f"       {what:10}" + "".join(f"{n:8,}" for n in numbers)
    several = f"; {split.long_questions:.1%} of the questions need several" if split.long_questions else ""
    yield f"       {split.rows:,} rows of at most {config.data.max_seq_length} tokens{several}"
    planned = ", ".join(map(str, split.planned_lengths))
    yield f"       padded to {planned} tokens; {split.padding:.0%} of that is padding"
