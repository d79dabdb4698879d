"""Which column of a table holds what: by the name a setting gives, or by the usual names (UER's and GLUE's)."""

import difflib
import logging
import shlex
from collections.abc import Mapping, Sequence
from itertools import islice
from typing import NamedTuple

from tasklab.data.files.guesses import ID, SAMPLED, SEARCHED, TEXT, Held, best, held
from tasklab.data.files.problems import listed, shortened
from tasklab.data.files.table import Table
from tasklab.errors import DataError, MissingColumns

logger = logging.getLogger("tasklab")

TEXT_A = (
    "text_a", "sentence1", "question1", "premise", "#1 String", "question", "query", "text", "sentence", "content",
)  # fmt: skip
TEXT_B = ("text_b", "sentence2", "question2", "hypothesis", "#2 String", "answer", "sentence")
LABELS = ("label", "labels", "gold_label", "Quality", "is_duplicate", "score", "target", "class", "category")
GROUP = ("qid", "question_id", "QuestionID")
IDENTITY = ("id", "idx", "index", "guid", "uid", "uuid", "row_id")


class Role(NamedTuple):
    """What is looked for in a table.

    setting: the one below `data` that names its column.   column: what that says.   usual: names it has without.
    holds: a kind of `guesses`, by which columns of other names are proposed.
    """

    setting: str
    column: str | None = None
    usual: Sequence[str] = ()
    required: bool = True
    holds: str = TEXT


def find_columns(table: Table, roles: Sequence[Role]) -> list[str | None]:
    """The column of each role: of its wanted name, or the first of its usual names that no role before it has, whatever
    their case; None where there is none and none is required.

    Raises: MissingColumns that tells of all that are missing, with what other columns hold.
    """
    columns, lowered = [], {name.lower(): name for name in reversed(table.columns)}
    for role in roles:
        names = [role.column] if role.column else role.usual
        hits = (name if name in table.columns else lowered.get(name.lower()) for name in names)
        columns.append(next((name for name in hits if name and (role.column or name not in columns)), None))
    missing = [r for r, name in zip(roles, columns, strict=True) if name is None and (r.column or r.required)]
    if missing:
        raise _missing(table, missing, [name for name in columns if name])
    return columns


def find_column(
    table: Table, setting_name: str, column: str | None, usual: Sequence[str] = (), required: bool = True
) -> str | None:
    """`find_columns` for one."""
    return find_columns(table, [Role(setting_name, column, usual, required)])[0]


def text_roles(text_a: str | None, text_b: str | None, paired: bool = False) -> list[Role]:
    """Of the first and the second text; no second one is looked for when only the first is named, unless rows are
    pairs."""
    alone = text_a and not text_b and not paired
    return [Role("text_a", text_a, TEXT_A), Role("text_b", text_b, () if alone else TEXT_B, required=paired)]


def refuse_columns(path, named: Mapping[str, str | None]):
    """named: settings below `data` with their values. Raises: DataError for one that names a column of plain text."""
    for key, name in named.items():
        if name:
            message = f"is read as plain text, which has no column {name!r}, as data.{key} says"
            raise DataError(f"{path}: {message}; take it out (data.{key}=null), or give a table (.csv, .jsonl)")


def tell_columns(file: str, columns: str):
    """Writes to the log which column is taken for what, once for a file that is read several times."""
    if (file, columns) not in _logged:
        _logged.add((file, columns))
        logger.info("%s: %s", file, columns)


_logged: set[tuple[str, str]] = set()


def taken_as(roles: Mapping[str, str | Sequence[str] | None], columns: Sequence[str]) -> str:
    """One line on which column is taken for what, and which are not used.

    roles: setting -> its column, or several; None where it has none.
    """
    by_role = {role: [names] if isinstance(names, str) else list(names) for role, names in roles.items() if names}
    used = {name for names in by_role.values() for name in names}
    unused = [name for name in columns if name not in used]
    assigned = ", ".join(f"{role} is {listed(names)}" for role, names in by_role.items())
    return f"columns: {assigned}; unused: {listed(unused) or 'none'}"


def _missing(table: Table, roles: Sequence[Role], taken: Sequence[str]) -> DataError:
    if cause := cause_of(table):
        return DataError(f"{table.head}: {cause}")
    problems = []
    for role in roles:
        if role.column:
            near = difflib.get_close_matches(role.column, table.columns[:SEARCHED], n=1)
            problems.append(f"no column {role.column!r} (data.{role.setting})")
            problems[-1] += f"; did you mean data.{role.setting}={shlex.quote(near[0])}?" if near else ""
        else:
            problems.append(f"no column for data.{role.setting}, known names: {', '.join(role.usual)}")
    unnamed = [role for role in roles if not role.column]
    columns = values_of(table) if unnamed == list(roles) else {}
    guessed = {}
    for role in sorted(unnamed, key=lambda role: role.holds == TEXT):  # labels and questions look like texts too
        if (name := best(columns, role.usual, role.holds, [*taken, *guessed.values()])) is not None:
            guessed[role.setting] = name
    if {"text_a", "text_b"} <= guessed.keys():  # the first comes again, as a question does with every candidate
        both = sorted((guessed["text_a"], guessed["text_b"]), key=lambda name: columns[name].values)
        guessed["text_a"], guessed["text_b"] = both
    whole = all(role.setting in guessed for role in unnamed)  # with some of them the next one would be missing
    settings = [f"data.{role.setting}={guessed[role.setting]}" for role in unnamed if whole]
    return missing_columns(table, problems, columns, settings, [*taken, *guessed.values()])


def missing_columns(
    table: Table, problems: Sequence[str], columns: Mapping[str, Held], settings: Sequence[str], taken: Sequence[str]
) -> MissingColumns:
    """The error that tells what is missing, what the columns are, and what may be meant.

    columns: as `values_of`.   settings: KEY=VALUE that name columns by what they hold.   taken: columns with a role.
    """
    lines = [*problems, f"the columns are {listed([repr(name) for name in table.columns])}"]
    if settings:
        left = {name: column.kind for name, column in columns.items() if name not in taken}
        ids, rest = ([name for name, kind in left.items() if (kind == ID) == one] for one in (True, False))
        others = [f"id {listed(ids)}"] * bool(ids) + [f"unused {listed(rest)}"] * bool(rest)
        lines.append(f"by what they hold: {shlex.join(settings)}" + (f" ({', '.join(others)})" if others else ""))
    if table.writer:
        spans = "marked spans are for token_classification and information_extraction"
        lines.append(f"{table.writer} wrote them: what its annotators chose is the label; {spans}")
    if table.nameable and not table.named:
        lines.append("a file without a header line needs data.columns=[...], a name for each column")
    return MissingColumns(f"{table.head}: " + "\n  ".join(lines), settings)


def values_of(table: Table) -> dict[str, Held]:
    """What the first rows hold in each column."""
    again = Table(table.path, () if table.head != str(table.path) else table.columns, None, None, table.encoding)
    rows = [row for _, row in islice(again, SAMPLED)]
    return {name: held(row.get(name) for row in rows) for name in table.columns[:SEARCHED]}


def cause_of(table: Table) -> str:
    """What else a header that names nothing known may come from."""
    only = table.columns[0] if len(table.columns) == 1 and not table.named else ""
    if only[:1] in ("{", "[") and only:
        return f"{shortened(only)} is JSON; name the file .jsonl, or .json"
    other = next((sign for sign in ",;|\t" if sign in only), None)
    if other is None:
        return ""
    name = {",": "commas", ";": "semicolons", "|": "bars", "\t": "tabs"}[other]
    ending, usual = (".tsv", "commas") if other == "\t" else (".csv", "tabs")
    message = f"{shortened(only)} is one cell: {name} stand between the cells of this file, not {usual}"
    return f"{message}; name it {ending}, or put {usual} between them"
