"""What a user hands to predict, in all its forms, as QA examples."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from tasklab.data.files.textfile import parse_json, read_json, read_text
from tasklab.data.questions.example import QAExample
from tasklab.data.questions.layout import SquadLayout
from tasklab.errors import DataError

CONTEXT_KEYS = ("context", "passage", "paragraph", "document", "text")
QUESTION_KEYS = ("question", "query")
SUFFIXES = (".json", ".jsonl", ".txt")
FORMS = '"context - question", {"context": ..., "question": ...} or the pair (context, question)'


def qa_examples_from_input(input_data) -> list[QAExample]:
    """Examples in input order, without answers unless a SQuAD file brings some.

    Accepts one or a list of: a string "context - question" (split at the last " - " with something behind it), a dict
    with context and question, a pair (context, question). Or a path: a .json file in the SQuAD layout or with a list
    of the above, a .jsonl file (one of the above per line), a .txt file (one string per line; blank lines are passed
    over). A tuple of two strings is a pair, a list of two strings is two inputs.
    Raises: DataError naming the position.
    """
    if isinstance(input_data, Path) or (isinstance(input_data, str) and _is_path(input_data)):
        return _from_file(Path(input_data).expanduser())
    if isinstance(input_data, Mapping):
        return _from_dict(input_data)
    if isinstance(input_data, str) or _is_pair(input_data, tuple):
        return [_example(input_data, 0, "input[0]")]
    if not isinstance(input_data, Iterable):
        raise DataError(f"input is {type(input_data).__name__}; expected {FORMS}, a list of these, or a path")
    return [_example(item, i, f"input[{i}]") for i, item in enumerate(input_data)]


def _is_path(text: str) -> bool:
    return text.endswith(SUFFIXES) and " - " not in text and "\n" not in text


def _from_file(path: Path) -> list[QAExample]:
    if path.suffix == ".json":
        document = read_json(path)
        if isinstance(document, list):
            return [_example(item, i, f"{path}: [{i}]") for i, item in enumerate(document)]
        return _from_layout(document, str(path))
    lines = [(n, line.rstrip("\r")) for n, line in enumerate(read_text(path).split("\n"), start=1) if line.strip()]
    if path.suffix == ".jsonl":
        lines = [(n, parse_json(line, f"{path}:{n}")) for n, line in lines]
    return [_example(item, i, f"{path}:{n}") for i, (n, item) in enumerate(lines)]


def _from_dict(row: Mapping) -> list[QAExample]:
    if "data" in row:
        return _from_layout(row, "input")
    columns = [row[key] for key in (*CONTEXT_KEYS, *QUESTION_KEYS) if isinstance(row.get(key), (list, tuple))]
    if len(columns) == 2:  # columns of equal length, as data set libraries slice them
        contexts, questions = columns
        if len(contexts) != len(questions):
            raise DataError(f"input has {len(contexts)} contexts but {len(questions)} questions")
        return [_example(pair, i, f"input[{i}]") for i, pair in enumerate(zip(contexts, questions, strict=True))]
    return [_example(row, 0, "input[0]")]


def _from_layout(document, file: str) -> list[QAExample]:
    examples, bad = SquadLayout(file, training=False, answered=False).read(document)
    bad.raise_if_fatal()
    return examples


def _is_pair(item, kinds) -> bool:
    return isinstance(item, kinds) and len(item) == 2 and all(isinstance(part, str) for part in item)


def _example(item, number: int, place: str) -> QAExample:
    identity = str(number)
    if isinstance(item, str):
        context, question = _split(item, place)
    elif isinstance(item, Mapping):
        context, question = _key(item, CONTEXT_KEYS, place), _key(item, QUESTION_KEYS, place)
        identity = str(item.get("id", identity))
    elif _is_pair(item, (tuple, list)):
        context, question = item
    else:
        raise DataError(f"{place}: is {type(item).__name__}; expected {FORMS}")
    for name, text in (("context", context), ("question", question)):
        if not text.strip():
            raise DataError(f"{place}: the {name} is empty; expected {FORMS}")
    return QAExample(identity, question, context, place=place)


def _split(text: str, place: str) -> tuple[str, str]:
    at = text.rstrip().rfind(" - ")  # behind the last one is something, because the end is stripped
    if at < 0:
        raise DataError(f'{place}: no " - " between context and question in {text[:60]!r}; expected {FORMS}')
    return text[:at], text[at + 3 :].strip()


def _key(row: Mapping, keys: tuple[str, ...], place: str) -> str:
    present = [key for key in keys if key in row]
    if not present:
        raise DataError(f"{place}: lacks '{keys[0]}'; it has the keys {', '.join(map(str, row)) or 'none'}")
    value = row[present[0]]
    if not isinstance(value, str):
        raise DataError(f"{place}: '{present[0]}' is {type(value).__name__}, expected text")
    return value
