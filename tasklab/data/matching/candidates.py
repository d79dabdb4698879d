"""Files of candidates that texts are compared with: id, name and description with tabs between (types_desc.txt)."""

from tasklab.content import from_home
from tasklab.data.files.cells import as_text
from tasklab.data.files.problems import BadRows, shortened
from tasklab.data.files.table import FIX
from tasklab.data.files.textfile import encodable, text_lines
from tasklab.data.matching.examples import Candidate
from tasklab.errors import DataError

BETWEEN = "："
"""Between name and description, as the texts of comment_classify have it."""
FIELDS = ("id", "name", "description")
OWN = "give each candidate an id of its own"


def read_candidates(path, encoding: str | None = None) -> tuple[Candidate, ...]:
    """Those of a file in its order; a first line that names the columns is none.

    Raises: DataError that names every line without a description or with an id that was met before.
    """
    file = from_home(path)
    bad, candidates = BadRows(str(file)), {}
    for number, line in enumerate(text_lines(file, encoding), start=1):
        cells = [cell.strip() for cell in line.rstrip("\r\n").split("\t")]
        place = f"{file}:{number}"
        if not any(cells) or number == 1 and tuple(cells) == FIELDS:
            continue
        if len(cells) > len(FIELDS):
            bad.add("too many cells", f"{place}: has {len(cells)} cells, expected id, name, description", FIX)
        elif len(cells) < 2 or not all(cells[:2]):
            bad.add("no name", f"{place}: {shortened(line.rstrip())} has no name; write id, name, description")
        elif len(cells) < 3 or not cells[2]:
            bad.add("no description", f"{place}: {shortened(cells[1])} has no description; write one behind a tab")
        elif cells[0] in candidates:
            message = f"the id {shortened(cells[0])} is that of line {candidates[cells[0]][0]} too; {OWN}"
            bad.add("id twice", f"{place}: {message}")
        else:
            candidates[cells[0]] = (number, Candidate(BETWEEN.join(cells[1:]), cells[0], cells[1]))
    bad.raise_if_fatal()
    if not candidates:
        raise DataError(f"{file}: holds no candidate; expected lines of id, name, description")
    return tuple(candidate for _, candidate in candidates.values())


def candidates_of(given, place: str, expected: str) -> tuple[Candidate, ...]:
    """Those handed over with a text: texts, or objects with id, name and description.

    Raises: DataError for what is none, and for an id that was met before.
    """
    if not isinstance(given, (list, tuple)) or not given:
        raise DataError(f"{place}: candidates is {shortened(str(given))}; expected a list of texts")
    candidates: dict[str, Candidate] = {}
    for i, item in enumerate(given):
        candidate = _candidate(item, str(i), f"{place}.candidates[{i}]", expected)
        if candidate.id in candidates:
            message = f"the id {shortened(candidate.id)} is that of another one too; {OWN}"
            raise DataError(f"{place}.candidates[{i}]: {message}")
        candidates[candidate.id] = candidate
    return tuple(candidates.values())


def _candidate(item, number: str, place: str, expected: str) -> Candidate:
    name = ""
    if isinstance(item, dict):
        number, name, description = str(item.get("id", number)), as_text(item.get("name", "")), item.get("description")
        if not isinstance(description, str) or not description.strip():
            raise DataError(f"{place}: {shortened(str(name or item))} has no description; give it one, or a text alone")
        item = BETWEEN.join(filter(None, (name, description)))
    if not isinstance(item, str) or not item.strip():
        raise DataError(f"{place}: {shortened(str(item))} is no text; expected {expected}")
    if not encodable(item):
        raise DataError(f"{place}: holds half of a surrogate pair; correct it")
    return Candidate(item, number, name or item)
