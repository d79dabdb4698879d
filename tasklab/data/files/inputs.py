"""What a user hands to predict: one item, a list of them, or a file. What an item is, each kind of data says itself."""

import logging
import os
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from tasklab.content import from_home, parse_json
from tasklab.data.files.foreign import ENDINGS
from tasklab.data.files.in_memory import frame_rows, is_frame
from tasklab.data.files.problems import shortened
from tasklab.data.files.table import SUFFIXES
from tasklab.data.files.textfile import neighbours, read_text
from tasklab.data.files.unpacked import HANDED, handed_file, plain_file, plain_suffix
from tasklab.errors import DataError

logger = logging.getLogger("tasklab")

OBJECT = re.compile(r"^\s*\{")
"""The `sign` of a kind whose texts can only be the JSON of an object."""
LIST = re.compile(r"^\s*\[\s*\{")

# One word of a script that sets blanks between words: no sentence is written so. Scripts without blanks (Thai, Chinese,
# Japanese ...) begin at U+0E00; in them a sentence is "one word" too, and what ends in .txt may well be one.
FILE_NAME = re.compile(r"""(?:[A-Za-z]:[\\/])?[^\s\0-\x1f,;:!?"'<>|*\u0e00-\U0010ffff]+""")


def is_pair(item, kinds=(tuple, list)) -> bool:
    """Whether it is two texts."""
    return isinstance(item, kinds) and len(item) == 2 and all(isinstance(part, str) for part in item)


def is_pair_alone(item) -> bool:
    """Whether it is one pair rather than a list of two texts: a tuple."""
    return is_pair(item, tuple)


@dataclass(frozen=True)
class Inputs:
    """How one kind of data is handed to predict.

    Args:
        forms: the forms of one item, for messages.
        suffixes: how its files end.
        sign: what every text of the kind holds; None where any text is one.
        keys: the JSON of an object with one of these is that object, as on a command line; another text with a brace
            stays a text. With `sign` OBJECT every text is JSON.
        alone: which sequences are one item, and no list of them; None: all are lists. Their JSON is such a one too.
    """

    forms: str
    suffixes: tuple[str, ...] = SUFFIXES
    sign: re.Pattern | None = None
    keys: Collection[str] = ()
    alone: Callable[[object], bool] | None = None

    def file(self, given) -> Path | None:
        """The file that is meant, whether it is there or not; None where the input itself is to be answered.

        A Path always is a file that is there. A text is one when it ends as the kind's files do and there is such a
        file, or it can mean nothing else: it lacks the `sign`, is written as a file's name, or begins with a folder
        that is there. What is packed, or handed over by a shell, is a plain file then.
        Raises: DataError when that is damaged; for a Path without a file.
        """
        if isinstance(given, os.PathLike):
            return handed_file(refuse_no_file(given))
        if not isinstance(given, str):
            return None
        name = os.path.expanduser(given)  # Path's own fails for ~ before a word
        if (suffix := plain_suffix(given)) not in self.suffixes:
            return Path(name) if suffix in ENDINGS and os.path.isfile(name) else None  # its reader says what it is
        return plain_file(Path(name)) if os.path.exists(name) or self._means_file(name) else None

    def items(self, given) -> Iterator[tuple[str, object]]:
        """(place, item) of one or of all, in order; objects in place of their JSON. The rows of a table are items.

        Raises: DataError for what is neither, and for JSON that cannot be read.
        """
        if is_frame(given):
            return ((f"input[{i}]", row) for i, row in enumerate(frame_rows(given, "input")))
        if isinstance(given, (str, Mapping)) or (self.alone and self.alone(given)):
            given = [given]
        if not isinstance(given, Iterable):
            raise DataError(f"input is {type(given).__name__}; expected {self.forms}, a list of these, or a path")
        return self.placed((f"input[{i}]", item) for i, item in enumerate(given))

    def lines(self, path: Path, encoding: str | None = None, gaps: bool = False) -> Iterator[tuple[str, object]]:
        """The same of a text file with one item per line.

        gaps: passes over blank lines, and says so. Raises: DataError for one above an item where there may be none:
        answers that stand in other lines than their items are taken for those of others.
        """
        lines = read_text(path, encoding).split("\n")
        while lines and not lines[-1].strip():
            lines.pop()
        blank = [number for number, line in enumerate(lines, start=1) if not line.strip()]
        if blank and not gaps:
            raise DataError(f"{path}:{blank[0]}: is blank, so no answer would stand for it; take the line out")
        if blank:
            tell_left_out(path, f"left out {len(blank)}: blank line ({len(blank)}); first: line {blank[0]}")
        numbered = enumerate(lines, start=1)
        return self.placed((f"{path}:{n}", line.removesuffix("\r")) for n, line in numbered if line.strip())

    def placed(self, items: Iterable[tuple[str, object]]) -> Iterator[tuple[str, object]]:
        """The same (place, item), with objects in place of their JSON; one that stays a text is told, the first."""
        warned = False
        for place, item in items:
            value = self._object(item, place) if isinstance(item, str) else item
            if value is item and self.keys and not warned and isinstance(item, str) and _is_object(item):
                warned = True
                keys = " or ".join(dict.fromkeys(self.keys))
                logger.warning("%s: %s is taken for a text; an object has a key %s", place, shortened(item), keys)
            yield place, value

    def unusable(self, place: str, item) -> DataError:
        """The error about an item that has none of the forms."""
        return DataError(f"{place}: is {shortened(str(item))}; expected {self.forms}")

    def _means_file(self, name: str) -> bool:
        if "\n" in name:
            return False
        if self.sign is not None:
            return not self.sign.search(name)
        return bool(FILE_NAME.fullmatch(name)) or _begins_with_folder(name)

    def _object(self, text: str, place: str):
        if self.alone and LIST.match(text):
            return self._one_item(text)
        if not OBJECT.match(text):
            return text
        if self.sign is OBJECT:
            return parse_json(text, place, DataError)
        try:
            value = parse_json(text, place, DataError) if self.keys else None
        except DataError:
            if any(re.search(rf'"{re.escape(key)}"\s*:', text) for key in self.keys):
                raise  # meant as an object
            return text
        return value if isinstance(value, dict) and not value.keys().isdisjoint(self.keys) else text

    def _one_item(self, text: str):
        try:
            value = parse_json(text, "", DataError)
        except DataError:
            return text
        return value if self.alone(value) else text


def refuse_no_file(path) -> Path:
    """The path, ~ put out. Raises: DataError for a folder, and where nothing is that a shell could hand over either."""
    place = from_home(path)
    if place.is_dir():
        raise DataError(f"{path}: a folder; name the one file in it that holds the inputs; {neighbours(place)}")
    if not place.exists() and not HANDED.fullmatch(str(path)):
        raise DataError(f"{path}: no such file; {neighbours(place)}")
    return place


def tell_left_out(path, note: str):
    """Says that a file gets fewer answers than it has rows, and why; '' says nothing."""
    if note:
        logger.warning("%s: %s", path, note)


def _is_object(text: str) -> bool:
    """Whether it is the JSON of an object as a whole."""
    try:
        return bool(OBJECT.match(text)) and isinstance(parse_json(text, "", DataError), dict)
    except DataError:
        return False


def _begins_with_folder(name: str) -> bool:
    folders = (str(folder) for folder in Path(name).parents if folder.name)  # neither "." nor "/"
    return name.startswith(("./", "../")) or any(map(os.path.isdir, folders))
