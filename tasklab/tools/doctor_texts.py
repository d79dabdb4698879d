"""What `doctor data` shows of tables of labelled texts, and what stands out in them."""

from collections.abc import Iterator

from tasklab.config import Config
from tasklab.data.texts.inspect import TextReport, inspect_texts, leaks
from tasklab.tools.doctor_findings import CLASH, FIX, LOOK, UNKNOWN, Examined, Line, bad_rows, counted, places

FEW, UNEQUAL, CUT = 10, 10, 0.05
"""Rows of a class, the largest class per smallest, and the share of cut rows from which a line is worth reading."""
CLASSES_SHOWN = 30


def examine(config: Config, tokenizer) -> Examined:
    """Reads data.train and data.eval. Raises: DataError when a file as a whole cannot be used."""
    data, model = config.data, config.model
    known = model.labels or list(dict.fromkeys(data.label_names.values()))

    def inspect(path, labels, training) -> TextReport:
        return inspect_texts(path, data, model.problem_type, model.pair_encoding, labels, training, tokenizer)

    train = inspect(data.train, known, True)
    dev = inspect(data.eval, known or list(train.classes), False) if data.eval else None
    splits = [("train", train)] + ([("eval", dev)] if dev else [])
    lines = [line for name, split in splits for line in _findings(name, split, config)]
    lines += _of_training(train, config)
    if dev is None:
        lines.append(Line(LOOK, "no evaluation file: scores and the best checkpoint need one; add --eval FILE"))
    elif (leak := leaks(train, dev)).count:
        text = f"{counted(leak.count, 'row')} of eval also in train, which makes the score look better than it is"
        level = FIX if leak.count > CLASH * len(dev.examples) else LOOK
        lines.append(Line(level, f"{text}; remove them from one file", places(leak, dev.file)))
    shown = [line for name, split in splits for line in _split_lines(name, split, config)]
    return Examined(train, dev, shown, sorted(lines, key=lambda line: line.level != FIX))


def _split_lines(name: str, split: TextReport, config: Config) -> Iterator[str]:
    yield f"{name:6} {split.file}"
    pairs = " of two texts" if split.examples and split.examples[0].text_b is not None else ""
    yield f"       {len(split.examples):,} rows{pairs}"
    for label, rows in split.classes.most_common(CLASSES_SHOWN):
        yield f"       {rows:8,} {rows / max(1, len(split.examples)):6.1%}  {label}"
    if len(split.classes) > CLASSES_SHOWN:
        yield f"       ... and {len(split.classes) - CLASSES_SHOWN} classes more"
    if split.numbers:
        listed = ", ".join(f"{number:g}" for number in split.numbers)
        yield f"       labels {listed} (least, half, 90 %, 99 %, most)"
    if not split.rows:
        return
    yield f"       {'tokens':10}{'least':>8}{'half':>8}{'90 %':>8}{'99 %':>8}{'most':>8}"  # findings.QUANTILES
    for what, numbers in split.lengths.items():
        yield f"       {what:10}" + "".join(f"{n:8,}" for n in numbers)
    planned = ", ".join(map(str, split.planned_lengths))
    yield f"       padded to {planned} tokens; {split.padding:.0%} of that is padding"


def _findings(name: str, split: TextReport, config: Config) -> Iterator[Line]:
    data, rows = config.data, max(1, len(split.examples))
    yield from bad_rows(name, split, data.on_bad_row == "skip", "which stops no run")
    clash, again = split.contradictions, split.duplicates
    if clash.count:
        text = f"{name}: {counted(clash.count, 'row')} with the texts of another and another label; keep the right one"
        yield Line(FIX if clash.count > CLASH * rows else LOOK, text, places(clash, split.file))
    if again.count:
        text = f"{name}: {counted(again.count, 'row')} with the texts and the label of another; one of each is enough"
        yield Line(LOOK, text, places(again, split.file))
    if split.cut > CUT * rows:
        needed = 3 + sum(numbers[-2] for what, numbers in split.lengths.items() if what != "row")  # 99th percentile
        text = f"{name}: data.max_seq_length={data.max_seq_length} cuts {split.cut / rows:.0%} of the rows"
        yield Line(LOOK, f"{text}; {min(needed, config.model.max_tokens)} would hold nearly all")
    if split.unknown > UNKNOWN:
        text = f"{name}: {split.unknown:.0%} of the tokens are unknown to this vocabulary"
        yield Line(LOOK, f"{text}; take a model of the text's language (tasklab list)")


def _of_training(train: TextReport, config: Config) -> Iterator[Line]:
    classes = train.classes
    if config.model.problem_type == "single_label_classification" and len(classes) == 1:
        yield Line(FIX, f"train: every label is {next(iter(classes))!r}; at least two classes are needed")
        return
    missing = [label for label in config.model.labels if label not in classes] if classes else []
    if missing:
        yield Line(LOOK, f"train: no row has the label {', '.join(missing)}, which can never be predicted then")
    if rare := [label for label, rows in classes.items() if rows < FEW]:
        text = f"train: {counted(len(rare), 'label')} with fewer than {FEW} rows: {', '.join(rare[:8])}"
        yield Line(LOOK, f"{text}{', ...' if len(rare) > 8 else ''}; collect more, or merge them")
    elif classes and max(classes.values()) > UNEQUAL * min(classes.values()) and not config.loss.balanced:
        ratio = max(classes.values()) / min(classes.values())
        text = f"train: the largest class is {ratio:.0f} times the smallest"
        yield Line(LOOK, f"{text}; loss.balanced=true lets both count alike")
