"""Which column of a table holds what: by the name a setting gives, or by the usual names (UER's and GLUE's)."""

import difflib
import logging
import shlex
from collections.abc import Mapping, Sequence
from itertools import islice

from tasklab.data.files.problems import listed, shortened
from tasklab.data.files.table import SUFFIXES, Table
from tasklab.errors import DataError

logger = logging.getLogger("tasklab")

TEXT_A = (
    "text_a", "sentence1", "question1", "premise", "#1 String", "question", "query", "text", "sentence", "content",
)  # fmt: skip
TEXT_B = ("text_b", "sentence2", "question2", "hypothesis", "#2 String", "answer", "sentence")
LABEL = ("label", "labels", "gold_label", "Quality", "is_duplicate", "score", "target", "class", "category")
SAMPLED = 200  # rows that show what a column holds
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
    if not wanted and (guess := _by_content(table, setting_name == "label")):
        hint = f"; by what they hold it may be: {guess};"
    header = "" if table.named else "; a file without a header line needs data.columns=[...], a name for each column"
    raise DataError(
        f"{table.head}: no column {wanted or ' or '.join(usual[:4])!r} (data.{setting_name}){hint or ';'} "
        f"the columns are {', '.join(map(shortened, columns[:12]))}{header}"
    )


def tell_columns(file: str, columns: str):
    """Writes to the log which column is taken for what, once for a file that is read several times."""
    if (file, columns) not in _told:
        _told.add((file, columns))
        logger.info("%s: %s", file, columns)


_told: set[tuple[str, str]] = set()


def _by_content(table: Table, label_alone: bool) -> str:
    """Settings for texts and labels without a usual name: the longest values are the text, few different the label."""
    if table.path.is_dir() or not table.named and table.path.suffix not in SUFFIXES:
        return ""
    again = Table(table.path, () if table.head != str(table.path) else table.columns, None, None, table.encoding)
    rows = [row for _, row in islice(again, SAMPLED)]
    held = {name: [str(row.get(name, "")) for row in rows] for name in table.columns[:SEARCHED]}
    lengths = {name: sum(map(len, values)) / max(1, len(values)) for name, values in held.items()}
    text = max(lengths, key=lengths.get, default=None)
    kinds = {name: len(set(values)) for name, values in held.items() if name != text and 2 <= len(set(values))}
    label = min(kinds, key=kinds.get, default=None)
    if text is None or label is None or kinds[label] > max(2, len(rows) // 3) or lengths[text] < 2 * lengths[label]:
        return ""
    return ("" if label_alone else f"data.text_a={shlex.quote(text)} ") + f"data.label={shlex.quote(label)}"


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
