"""How files lay out questions and choices: C3's and DREAM's documents, RACE's, SWAG's and plain tables' records."""

import re
from collections.abc import Iterator, Mapping, Sequence

from tasklab.data.choices.checks import FIX, Raw, number_of
from tasklab.data.files.cells import is_missing
from tasklab.data.files.columns import taken_as
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
DOCUMENT = '[["a line", ...], [{"question": ..., "choice": [...], "answer": ...}], "id"]'


def offers_choices(sample: Sample) -> bool:
    """Whether a file that begins so holds questions with choices and answers."""
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
            bad.add("layout", f"{place}: is {shortened(str(document))}, expected {DOCUMENT}; {FIX}")
            continue
        context = document[0] if document[0] != [] else ""
        for k, row in enumerate(document[1]):
            at = f"{place}[1][{k}]"
            missing = [key for key in ("question", "choice") if not isinstance(row, Mapping) or key not in row]
            if missing:
                told = f"lacks {missing[0]!r}; it is {shortened(str(row))}"
                bad.add("layout", f"{at}: {told}, expected an object with question, choice and answer; {FIX}")
                continue
            identity = row.get("id", f"{document[2]}-{k}" if len(document) > 2 else None)
            question = "" if row["question"] is None else row["question"]
            yield Raw(at, identity, context, question, row["choice"], row.get("answer"))


def record_questions(table: Table, data) -> Iterator[Raw]:
    """Questions of records, one each, or several where question, choices and answers are lists (RACE).

    data: a ChoiceDataConfig that may name the columns. What each is taken for is left in `table.taken`.
    Raises: DataError when there are no choices, or nothing to choose for.
    """
    columns = table.columns
    several = "questions" in columns and not data.question
    context = _column(table, "context", data.context, CONTEXT)
    question = _column(table, "question", data.question, ("questions",) if several else QUESTION)
    answer = _column(table, "answer", data.answer, ("answers",) if several else ANSWER)
    listed = _choice_columns(table, data.choices)
    if context is None and question is None:
        raise DataError(f"{table.path}: no column {' or '.join((*CONTEXT[:3], *QUESTION[:1]))} {_known(table)}")
    roles = {"context": context, "question": question, "choices": listed, "answer": answer}
    table.taken = taken_as(roles | {"id": next((key for key in IDENTITY if key in columns), None)}, columns)
    return _records(table, context, question, listed, answer, several)


def _records(table: Table, context, question, listed: list[str], answer, several: bool) -> Iterator[Raw]:
    for place, row in table:
        one_list = len(listed) == 1 and table.named
        told = row.get(answer) if answer else None
        choices, told = (row.get(listed[0]), told) if one_list else _filled(row, listed, told)
        identity = next((row[key] for key in IDENTITY if key in row), None)
        raw = Raw(place, identity, _cell(row, context), _cell(row, question), choices, told)
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
        told = "questions, options and answers must be lists of one length"
        bad.add("layout", f"{raw.place}: {told}; {FIX}")
        return
    for k, (question, choices, answer) in enumerate(zip(*lists, strict=True)):
        identity = None if raw.id is None else f"{raw.id}-{k}"
        yield Raw(f"{raw.place}: questions[{k}]", identity, raw.context, question, choices, answer)


def _choice_columns(table: Table, wanted: list[str]) -> list[str]:
    if wanted:
        return [_column(table, "choices", name, ()) for name in wanted]
    found = usual_choices(table.columns, table.named)
    if not found:
        usual = "a list choices (options, endings)" if table.named else "choice0 and choice1 (or A and B)"
        raise DataError(f"{table.path}: no choices: no column {usual}; name them with data.choices {_known(table)}")
    return found


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
    found = sorted(groups.get(kind, []), key=_number_of_column)
    return found if len(found) > 1 else []


def _number_of_column(name: str) -> tuple[int, str]:
    """choice2 before choice10, A before B."""
    hit = ONE_CHOICE.fullmatch(name)
    mark = hit[2] if hit else name
    return (int(mark), "") if mark.isdecimal() else (0, mark.lower())


def _column(table: Table, setting_name: str, wanted: str | None, usual) -> str | None:
    found = next((name for name in ([wanted] if wanted else usual) if name in table.columns), None)
    if wanted and found is None:
        raise DataError(f"{table.path}: no column {wanted!r} (data.{setting_name}) {_known(table)}")
    return found


def _known(table: Table) -> str:
    header = "" if table.named else "; a file without a header line needs data.columns=[...], a name for each column"
    return f"among {', '.join(map(shortened, table.columns[:12]))}{header}"


def _cell(row: Mapping, column: str | None):
    """None where the file has no such column; '' where a row lacks it."""
    if column is None:
        return None
    value = row.get(column)
    return "" if value is None else value
