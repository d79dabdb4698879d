"""What a column holds, judged by its first values: for advice alone, nothing is ever read by such a guess."""

import difflib
import math
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

from tasklab.data.files.cells import is_missing

TEXT, QUESTION, LABEL, NUMBER, ID, OTHER = "text", "question", "label", "number", "id", "other"
"""Long or varied strings; such that end in a question mark; few values that come again; numbers; short strings, each
once; dates, lists, nothing."""
SECOND_BEST = ((TEXT, QUESTION), (TEXT, LABEL), (QUESTION, TEXT), (NUMBER, LABEL), (NUMBER, ID))
"""What is wanted, and what may be it too: a question comes again with each of its candidates."""
SAMPLED = 200  # rows
SEARCHED = 1000  # columns
CLASSES, CLASS_LENGTH, ID_LENGTH = 50, 60, 40  # different labels at most, and mean characters of one and of an id
WIDE, WORD_LENGTH = "\u2e80", 4  # the first character of the Chinese and Japanese ones, and as many as a word has
ALIKE = 0.8  # of a name and a usual one, for difflib
DATE = re.compile(r"(\d{4}[-/.]\d\d?[-/.]\d\d?|\d\d?[-/.]\d\d?[-/.]\d{2,4})([T ].*)?")


class Held(NamedTuple):
    """kind: one of the six; size: mean characters of a value; values: how many different ones."""

    kind: str
    size: float
    values: int


def held(values: Iterable) -> Held:
    """What some values of one column are."""
    values = [value for value in values if not is_missing(value)]
    if not values or any(isinstance(value, (list, dict)) for value in values):
        return Held(OTHER, 0.0, 0)
    texts = [str(value).strip() for value in values]
    count, size = len(set(texts)), sum(map(len, texts)) / len(texts)
    if 2 <= count < len(texts) and count <= max(2, min(CLASSES, len(texts) // 2)) and size <= CLASS_LENGTH:
        kind = LABEL
    elif all(map(_is_number, texts)):
        kind = ID if count == len(texts) and all(map(str.isdecimal, texts)) else NUMBER
    elif all(map(DATE.fullmatch, texts)):
        kind = OTHER
    elif count == len(texts) > 1 and size <= ID_LENGTH and all(map(_names_one, texts)):
        kind = ID
    else:
        kind = QUESTION if sum(text.endswith(("?", "？")) for text in texts) > len(texts) / 2 else TEXT
    return Held(kind, size, count)


def likely(name: str, column: Held, usual: Sequence[str], kind: str) -> tuple:
    """How well a column suits a role: sorts better ones behind; () where it does not."""
    named = bool(difflib.get_close_matches(name.lower(), [word.lower() for word in usual], n=1, cutoff=ALIKE))
    if not (named or column.kind == kind or (kind, column.kind) in SECOND_BEST):
        return ()
    # of texts the longest, of labels the fewest
    return named, column.kind == kind, column.size if kind in (TEXT, QUESTION) else -column.values


def best(columns: Mapping[str, Held], usual: Sequence[str], kind: str, taken: Collection[str]) -> str | None:
    """The column that suits best, the last of equal ones; None where none does."""
    suited = {name: score for name, column in columns.items() if name not in taken
              and (score := likely(name, column, usual, kind))}  # fmt: skip
    return max(reversed(suited), key=suited.get, default=None)


def _is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text.replace(",", ".")))
    except ValueError:
        return False


def _names_one(text: str) -> bool:
    """Whether it has a digit and no blank, as T-1000 or 3f2a; of Chinese, which has no blanks, few characters."""
    wide = sum(character >= WIDE for character in text)
    return wide <= WORD_LENGTH and any(map(str.isdigit, text)) and not any(map(str.isspace, text))
