"""How files lay out questions and choices: C3's and DREAM's documents, RACE's, SWAG's and plain tables' records."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from tasklab.data.choices.checks import FIX, Raw, number_of
from tasklab.data.files.cells import is_missing
from tasklab.data.files.columns import cause_of, missing_columns, taken_as, values_of
from tasklab.data.files.exports import writer_of
from tasklab.data.files.guesses import LABEL, best
from tasklab.data.files.guesses import QUESTION as ASKED
from tasklab.data.files.problems import BadRows, shortened
from tasklab.data.files.sample import Sample
from tasklab.data.files.table import Table
from tasklab.errors import DataError

CONTEXT = ("context", "article", "passage", "dialogue", "sent1", "ctx", "premise", "text", "content")
QUESTION = ("question", "sent2", "query")
CHOICES = ("choices", "choice", "options", "endings", "candidates")
ANSWER = ("answer", "label", "answerKey", "gold", "target")
IDENTITY = ("id", "qid", "question_id")
ONE_CHOICE_KINDS = ("choice", "option", "ending", "candidate", "hypothesis", "", "answer")
ONE_CHOICE = re.compile(r"(choice|option|ending|answer|candidate|hypothesis)[ _]?(\d{1,3}|[A-Za-z])", re.I)
LETTER = re.compile(r"[A-Z]")
LETTERS = 26  # choices of a question that are guessed
DOCUMENT = '[["a line", ...], [{"question": ..., "choice": [...], "answer": ...}], "id"]'


def offers_choices(sample: Sample) -> bool:
    """Whether a file that begins so holds questions with choices and answers."""
    if writer_of(sample.first):
        return False
    if isinstance(sample.first, list):
        return len(sample.first) > 1 and isinstance(sample.first[1], list)
    asked = {*CONTEXT, *QUESTION, "questions"}.intersection(sample.columns)
    answered = {*ANSWER, "answers"}.intersection(sample.columns)
    listed = sample.first is not None or not sample.text
    return bool(asked and answered and usual_choices(sample.columns, listed))


def is_document_list(document) -> bool:
    """Whether a JSON file is laid out as C3 and DREAM are, a list of lists."""
    return isinstance(document, list) and bool(document) and isinstance(document[0], list)


def document_questions(documents: list, file: str, bad: BadRows) -> Iterator[Raw]:
    """Questions of [context lines, questions, id]; a question without an id of its own gets the document's."""
    for i, document in enumerate(documents):
        place = f"{file}: [{i}]"
        if not isinstance(document, list) or len(document) < 2 or not isinstance(document[1], list):
            bad.add("layout", f"{place}: is {shortened(str(document))}, expected {DOCUMENT}", FIX)
            continue
        context = document[0] if document[0] != [] else ""
        for k, row in enumerate(document[1]):
            at = f"{place}[1][{k}]"
            missing = [key for key in ("question", "choice") if not isinstance(row, Mapping) or key not in row]
            if missing:
                message = f"lacks {missing[0]!r}; it is {shortened(str(row))}"
                bad.add("layout", f"{at}: {message}, expected an object with question, choice and answer", FIX)
                continue
            identity = row.get("id", f"{document[2]}-{k}" if len(document) > 2 else None)
            question = "" if row["question"] is None else row["question"]
            yield Raw(at, identity, context, question, row["choice"], row.get("answer"))


def record_questions(table: Table, data, labelled: bool) -> Iterator[Raw]:
    """Questions of records, one each, or several where question, choices and answers are lists (RACE).

    data: a ChoiceDataConfig that may name the columns. What each is taken for is left in `table.taken`.
    Raises: MissingColumns when there are no choices, or nothing to choose for, or where labelled no answers.
    """
    columns = table.columns
    several = "questions" in columns and not data.question
    context = _column(table, "context", data.context, CONTEXT)
    question = _column(table, "question", data.question, ("questions",) if several else QUESTION)
    answer = _column(table, "answer", data.answer, ("answers",) if several else ANSWER)
    if data.choices:
        listed = [_column(table, "choices", name, ()) for name in data.choices]
    else:
        listed = usual_choices(columns, table.named)
    if not listed or context is None and question is None or labelled and answer is None:
        raise _missing(table, context or question, listed, answer)
    roles = {"context": context, "question": question, "choices": listed, "answer": answer}
    table.taken = taken_as(roles | {"id": next((key for key in IDENTITY if key in columns), None)}, columns)
    return _records(table, context, question, listed, answer, several)


def _records(table: Table, context, question, listed: list[str], answer, several: bool) -> Iterator[Raw]:
    for place, row in table:
        one_list = len(listed) == 1 and table.named
        gold = row.get(answer) if answer else None
        choices, gold = (row.get(listed[0]), gold) if one_list else _filled(row, listed, gold)
        identity = next((row[key] for key in IDENTITY if key in row), None)
        raw = Raw(place, identity, _cell(row, context), _cell(row, question), choices, gold)
        if several:
            yield from _questions_of(raw, table.bad)
        else:
            yield raw


def _filled(row: Mapping, columns: list[str], answer) -> tuple[list, object]:
    """The choices, and the answer. An empty cell is a choice that the question does not have.

    A letter or a number counts the columns, with the empty ones.
    """
    filled = [name for name in columns if not is_missing(row.get(name))]
    choices = [row[name] for name in filled]
    if filled == columns[: len(filled)] or answer in choices:
        return choices, answer
    place = number_of(answer, tuple(columns))
    return choices, answer if place is None else row.get(columns[place])


def _questions_of(raw: Raw, bad: BadRows) -> Iterator[Raw]:
    """RACE: lists of questions, of lists of choices, and of letters, all of one length."""
    lists = [raw.question, raw.choices, raw.answer if raw.answer is not None else [None] * len(raw.question or ())]
    if not all(isinstance(part, list) for part in lists) or len({len(part) for part in lists}) != 1:
        message = "questions, options and answers must be lists of one length"
        bad.add("layout", f"{raw.place}: {message}", FIX)
        return
    for k, (question, choices, answer) in enumerate(zip(*lists, strict=True)):
        identity = None if raw.id is None else f"{raw.id}-{k}"
        yield Raw(f"{raw.place}: questions[{k}]", identity, raw.context, question, choices, answer)


def _missing(table: Table, asked: str | None, listed: list[str], answer: str | None) -> DataError:
    if cause := cause_of(table):
        return DataError(f"{table.head}: {cause}")
    problems, settings, held = [], [], values_of(table)
    taken = [name for name in (asked, *listed, answer) if name]
    left = {name: column for name, column in held.items() if name not in taken}
    if not listed:
        usual = "choices, options or endings with a list" if table.named else "choice0 and choice1, or A and B"
        problems.append(f"no column for data.choices, known names: {usual}")
        if group := _numbered(left):
            settings.append(f"data.choices=[{','.join(group)}]")
            left = {name: column for name, column in left.items() if name not in group}
    if asked is None:
        problems.append(f"no column for data.context or data.question, known names: {', '.join((*CONTEXT, *QUESTION))}")
    if answer is None:
        problems.append(f"no column for data.answer, known names: {', '.join(ANSWER)}")
        if (name := best(left, ANSWER, LABEL, ())) is not None:
            settings.append(f"data.answer={name}")
            left.pop(name)
    if asked is None and (name := best(left, (*CONTEXT, *QUESTION), ASKED, ())) is not None:
        settings.append(f"data.question={name}")
        left.pop(name)
    return missing_columns(table, problems, held, settings, [name for name in held if name not in left])


def _numbered(columns: Iterable[str]) -> list[str]:
    """The most columns, up to LETTERS, whose names differ in a number or a letter at their end alone, in order."""
    groups: dict[str, list[str]] = {}
    for name in columns:
        if hit := re.fullmatch(r"(.*?)(\d{1,3}|[ _.-][A-Za-z])", name):
            groups.setdefault(hit[1], []).append(name)
    largest = max(groups.values(), key=len, default=[])
    return sorted(largest, key=lambda name: (len(name), name)) if 1 < len(largest) <= LETTERS else []


def usual_choices(columns: Sequence[str], listed: bool) -> list[str]:
    """The columns that hold choices by their names: one that holds a list of them (listed), or several; else []."""
    if names := [name for name in CHOICES if listed and name in columns]:
        return names[:1]
    groups: dict[str, list[str]] = {}
    for name in columns:
        if hit := ONE_CHOICE.fullmatch(name) or LETTER.fullmatch(name):
            groups.setdefault(hit[1].lower() if hit.re is ONE_CHOICE else "", []).append(name)
    # neither which object of a file comes first nor the order of columns says what the first choice is
    kind = max(groups, key=lambda kind: (len(groups[kind]), -ONE_CHOICE_KINDS.index(kind)), default="")
    group = sorted(groups.get(kind, []), key=_number_of_column)
    return group if len(group) > 1 else []


def _number_of_column(name: str) -> tuple[int, str]:
    """choice2 before choice10, A before B."""
    hit = ONE_CHOICE.fullmatch(name)
    mark = hit[2] if hit else name
    return (int(mark), "") if mark.isdecimal() else (0, mark.lower())


def _column(table: Table, setting_name: str, column: str | None, usual) -> str | None:
    match = next((name for name in ([column] if column else usual) if name in table.columns), None)
    if column and match is None:
        columns = f"the columns are {', '.join(map(shortened, table.columns[:12]))}"
        raise DataError(f"{table.head}: no column {column!r} (data.{setting_name}); {columns}")
    return match


def _cell(row: Mapping, column: str | None):
    """None where the file has no such column; '' where a row lacks it."""
    if column is None:
        return None
    value = row.get(column)
    return "" if value is None else value
