"""What `doctor data` shows of tables of labelled texts, and what stands out in them."""

from collections.abc import Iterator

from tasklab.config import Config
from tasklab.data.files.sample import Sample
from tasklab.data.rows.balance import calls_for_weights
from tasklab.data.rows.findings import leaks
from tasklab.data.texts.candidates import CandidateDataConfig, questions_of
from tasklab.data.texts.contrasts import ContrastDataConfig
from tasklab.data.texts.example import texts_of
from tasklab.data.texts.inspect import TextReport, inspect_texts
from tasklab.data.texts.settings import TextDataConfig
from tasklab.errors import DataError
from tasklab.tools.doctor.findings import FIX, LOOK, Examined, Line, bad_rows, clashing, examined, leaking, repeating
from tasklab.tools.doctor.wording import counted, lengths, padded, places, shares

DATA, MODEL = (TextDataConfig, CandidateDataConfig, ContrastDataConfig), "txtcls_minilm_l6"
FEW, UNEQUAL, CUT = 10, 10, 0.05
"""Rows of a class, the largest class per smallest, and the share of cut rows from which a line is worth reading."""


def knows(sample: Sample) -> bool:
    """Any table."""
    return True


def examine(config: Config, tokenizer) -> Examined:
    """Reads data.train and data.eval. Raises: DataError when a file as a whole cannot be used."""
    data, model = config.data, config.model
    classes = model.labels or list(dict.fromkeys(data.label_names.values()))

    def inspect(path, labels, training) -> TextReport:
        return inspect_texts(path, data, model.problem_type, model.pair_encoding, labels, training, tokenizer)

    train = inspect(data.train, classes, True)
    dev = inspect(data.eval_path, classes or list(train.classes), False) if data.eval_path else None
    together = list(_of_training(train, config))
    if dev is not None:
        together += leaking(leaks(train.examples, dev.examples, texts_of), len(dev.examples), "row", dev.file)
    return examined(config, train, dev, _shown, _findings, together)


def _shown(name: str, split: TextReport, config: Config) -> Iterator[str]:
    yield f"{name:6} {split.file}"
    pairs = " of two texts" if split.examples and split.examples[0].text_b is not None else ""
    yield f"       {split.columns}"
    yield f"       {len(split.examples):,} rows{pairs}"
    yield from shares(dict(split.classes.most_common()), len(split.examples), "classes")
    if split.numbers:
        listed = ", ".join(f"{number:g}" for number in split.numbers)
        yield f"       labels {listed} (least, half, 90 %, 99 %, most)"
    if split.sizes is not None:
        yield from lengths(split.lengths, split.sizes)
        yield padded(split.sizes)
        cut = f"{split.cut / split.rows:.0%} of the rows"
        yield f"       {cut} are cut at data.max_seq_length={config.data.max_seq_length}"


def _findings(name: str, split: TextReport, config: Config) -> Iterator[Line]:
    data, rows = config.data, max(1, len(split.examples))
    yield from bad_rows(name, split.bad, config, "which stops no run")
    if split.doubt:
        yield Line(LOOK, f"{name}: {split.doubt}")
    clash, again = split.contradictions, split.duplicates
    text = f"{name}: {counted(clash.count, 'row')} with the texts of another and another label; keep the right one"
    yield from clashing(clash, rows, text, split.file)
    yield from repeating(again, name, "row", "with the texts and the label of another", split.file)
    if split.tokenless.count:
        text = f"{name}: {counted(split.tokenless.count, 'text')} with no token at all, in which nothing can be seen"
        yield Line(LOOK, f"{text}; remove the rows, or write what was meant", places(split.tokenless, split.file))
    if split.cut > CUT * rows:
        needed = 3 + sum(numbers[-2] for numbers in split.lengths.values() if numbers)  # 99th percentile
        text = f"{name}: data.max_seq_length={data.max_seq_length} cuts {split.cut / rows:.0%} of the rows"
        yield Line(LOOK, f"{text}; {min(needed, config.model.max_tokens)} would hold nearly all")


def _of_training(train: TextReport, config: Config) -> Iterator[Line]:
    if isinstance(config.data, CandidateDataConfig):
        try:
            questions_of(train.examples)
        except DataError as error:
            yield Line(FIX, f"train: {error}")
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
    if classes and not config.loss.balanced:
        yield from _unequal(list(classes.values()), config)


def _unequal(rows: list[int], config: Config) -> Iterator[Line]:
    """rows: of each class."""
    ratio = max(rows) / min(rows)
    text = f"train: the largest class is {ratio:.0f} times the smallest"
    single = config.model.problem_type == "single_label_classification"
    if config.loss.balanced is None and single and calls_for_weights(rows):
        yield Line(LOOK, f"{text}, so rare ones will count more; loss.balanced=false lets all rows count alike")
    elif ratio > UNEQUAL:
        yield Line(LOOK, f"{text}; loss.balanced=true lets both count alike")
