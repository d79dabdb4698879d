"""What `doctor data` shows of the files of any task: its examples as it reads them, and the rows it makes of them."""

import dataclasses
from collections import Counter
from collections.abc import Iterator, Sequence

from tasklab.config import Config
from tasklab.data.rows.findings import Finding, leaks, repeats
from tasklab.data.rows.protocol import INPUT
from tasklab.data.rows.sizes import RowSizes, row_sizes, unknown_share
from tasklab.errors import DataError
from tasklab.task import TASKS, Task
from tasklab.tools.doctor.findings import FIX, LOOK, Examined, Line, examined, leaking, repeating
from tasklab.tools.doctor.wording import counted, lengths, padded, shares


@dataclasses.dataclass(frozen=True)
class ExampleReport:
    """fault: why the task refuses the file, '' where it does not. note: what it says of rows left out."""

    file: str
    examples: Sequence = ()
    fault: str = ""
    note: str = ""
    sizes: RowSizes | None = None

    @property
    def rows(self) -> int:
        return len(self.examples)


def examine(config: Config, tokenizer) -> Examined:
    """Reads data.train and data.eval as a training would."""
    task, data = TASKS.get(config.task)(config, tokenizer), config.data
    train = _report(task, data.train, True)
    dev = _report(task, data.eval_path, False) if data.eval_path else None
    leaked = leaks(train.examples, dev.examples, _content) if dev is not None else Finding()
    together = leaking(leaked, len(dev.examples), "example", dev.file) if dev is not None else ()
    return examined(config, train, dev, _shown, _findings, together)


def _report(task: Task, path, training: bool) -> ExampleReport:
    try:
        if training:
            task.settle([])
        examples, note = task.read(path, training)
        rows = task.encode(examples, training) if task.tokenizer is not None and len(examples) else None
    except DataError as error:
        return ExampleReport(str(path), fault=str(error))
    sizes = None
    if rows is not None:
        data = task.config.data
        sizes = row_sizes(
            rows.along(INPUT), rows.sequences, task.tokenizer.unk_id, data.num_buckets, data.max_seq_length
        )
        sizes = dataclasses.replace(sizes, unknown=max(sizes.unknown, unknown_share(rows, task.unknown_ids)))
    return ExampleReport(str(path), examples, note=note, sizes=sizes)


def _content(example) -> str:
    """The example without its name and place."""
    if not dataclasses.is_dataclass(example):
        return repr(example)
    names = [field.name for field in dataclasses.fields(example) if field.name not in ("id", "place")]
    return repr([getattr(example, name) for name in names])


def _shown(name: str, split: ExampleReport, config: Config) -> Iterator[str]:
    yield f"{name:6} {split.file}"
    yield f"       {counted(len(split.examples), 'example')}"
    strata = Counter(str(stratum) for e in split.examples if (stratum := getattr(e, "stratum", None)) is not None)
    yield from shares(dict(strata.most_common()), len(split.examples), "labels")
    if split.sizes is not None:
        yield from lengths({}, split.sizes)
        yield padded(split.sizes)


def _findings(name: str, split: ExampleReport, config: Config) -> Iterator[Line]:
    if split.fault:
        yield Line(FIX, f"{name}: {split.fault}")
        return
    if split.note:
        yield Line(LOOK, f"{name}: {split.note}")
    again = Finding()
    for _, example in repeats(split.examples, _content):
        again.add(getattr(example, "place", "") or str(getattr(example, "id", "")))
    yield from repeating(again, name, "example", "met before", split.file)
