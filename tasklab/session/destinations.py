"""Where a verb's results go, looked at before the work."""

from pathlib import Path

from tasklab.config import Config
from tasklab.data.files.answers import LAYOUTS, AnswerFile
from tasklab.data.files.places import file_place, folder_place
from tasklab.errors import DataError
from tasklab.task import TASKS

PER_ROW = "output_rows"
"""The setting of tasks that answer several rows at once, by which each row gets its own answer."""


def answer_layout(config: Config, top_k: int) -> str:
    """How files hold `top_k` answers per input. Raises DataError where there is room for one."""
    layout = TASKS.get(config.task)(config, None).layout
    if top_k > 1 and not LAYOUTS[layout].several:
        raise DataError(f"{top_k} answers per input: the scorers' file has one of each; leave --top-k out")
    return layout


def answer_file(config: Config, path, top_k: int) -> AnswerFile:
    """The file for `top_k` answers per input. A .tsv or .csv has a line per row of the input, a .csv what was asked
    beside each answer unless data.output_inputs is false; `config` says so then.

    Raises: DataError when no such answers can go there.
    """
    file = AnswerFile(path, answer_layout(config, top_k), top_k > 1)
    if file.suffix in (".tsv", ".csv") and PER_ROW in config.data:
        config.data[PER_ROW] = True
    if file.suffix == ".csv" and config.data.output_inputs is None:
        config.data.output_inputs = True
    return file


def predictions_place(path) -> Path | None:
    """Where an evaluation writes its predictions, None for None. Raises DataError as `file_place`."""
    if path is None:
        return None
    if Path(path).suffix != ".json":
        raise DataError(f"{path}: predictions of an evaluation are written as JSON; name the file .json")
    return file_place(path)


def report_place(path) -> Path | None:
    """Where an evaluation writes its report, None for None. Raises DataError as `folder_place`."""
    return None if path is None else folder_place(path)
