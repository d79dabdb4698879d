"""Which column of a table holds what: by the name a setting gives, or by the usual names (UER's and GLUE's)."""

import difflib
from collections.abc import Mapping, Sequence

from tasklab.data.files.problems import listed, shortened
from tasklab.data.files.table import Table
from tasklab.errors import DataError

TEXT_A = (
    "text_a", "sentence1", "question1", "premise", "#1 String", "question", "query", "text", "sentence", "content",
)  # fmt: skip
TEXT_B = ("text_b", "sentence2", "question2", "hypothesis", "#2 String", "answer", "sentence")
LABEL = ("label", "labels", "gold_label", "Quality", "is_duplicate", "score", "target", "class", "category")
SEARCHED = 1000  # columns of which the nearest name is looked for
GROUP = ("qid", "question_id", "QuestionID")


def find_column(
    table: Table, setting_name: str, wanted: str | None, usual: Sequence[str] = (), required: bool = True
) -> str | None:
    """The column named `wanted`, or without it the first of `usual` that is there, whatever its case.

    Returns: its name in the table; None when there is none and none is required.
    Raises: DataError with the nearest name.
    """
    columns, lowered = table.columns, {name.lower(): name for name in reversed(table.columns)}
    for name in [wanted] if wanted else usual:
        if name in columns or name.lower() in lowered:
            return name if name in columns else lowered[name.lower()]
    if not (wanted or required):
        return None
    if cause := _cause(table):
        raise DataError(f"{table.head}: {cause}")
    asked = [wanted] if wanted else usual
    near = [name for word in asked for name in difflib.get_close_matches(word, columns[:SEARCHED], n=1)]
    hint = f"; did you mean data.{setting_name}={near[0]}?" if near else ""
    header = "" if table.named else "; a file without a header line needs data.columns=[...], a name for each column"
    raise DataError(
        f"{table.head}: no column {wanted or ' or '.join(usual[:4])!r} (data.{setting_name}){hint or ';'} "
        f"the columns are {', '.join(map(shortened, columns[:12]))}{header}"
    )


def taken_as(roles: Mapping[str, str | Sequence[str] | None], columns: Sequence[str]) -> str:
    """One line on which column is taken for what, and which are not used.

    roles: setting -> its column, or several; None where it has none.
    """
    found = {role: [names] if isinstance(names, str) else list(names) for role, names in roles.items() if names}
    used = {name for names in found.values() for name in names}
    unused = [name for name in columns if name not in used]
    told = ", ".join(f"{role} is {listed(names)}" for role, names in found.items())
    return f"columns: {told}; unused: {listed(unused) or 'none'}"


def _cause(table: Table) -> str:
    """What else a header that names nothing known may come from."""
    only = table.columns[0] if len(table.columns) == 1 and not table.named else ""
    if only[:1] in ("{", "[") and only:
        return f"{shortened(only)} is JSON; name the file .jsonl, or .json"
    other = next((sign for sign in ",;|\t" if sign in only), None)
    if other is None:
        return ""
    name = {",": "commas", ";": "semicolons", "|": "bars", "\t": "tabs"}[other]
    ending, usual = (".tsv", "commas") if other == "\t" else (".csv", "tabs")
    told = f"{shortened(only)} is one cell: {name} stand between the cells of this file, not {usual}"
    return f"{told}; name it {ending}, or put {usual} between them"


def text_columns(table: Table, text_a: str | None, text_b: str | None) -> tuple[str, str | None]:
    """The columns of the first and the second text; no second one is looked for when only the first is named."""
    first = find_column(table, "text_a", text_a, TEXT_A)
    if text_a and not text_b:
        return first, None
    return first, find_column(table, "text_b", text_b, [name for name in TEXT_B if name != first], required=False)
