"""What a file holds, before anything of it is judged: tokens with a tag each, or a text with spans of characters."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from tasklab.data.files.problems import BadRows
from tasklab.data.rows.findings import Finding
from tasklab.data.tagging.schemes import Entity

FIX = "correct the line"


class Sentence(NamedTuple):
    """Tokens with a tag each, or with entities, or with neither."""

    place: str
    tokens: list[str]
    token_places: list[str]
    """Where each token stands, for messages about its tag."""
    tags: list[str] | None = None
    entities: list[Entity] | None = None


class Span(NamedTuple):
    """As somebody wrote it: characters [start, end) and their type, which may be anything at all."""

    start: object
    end: object
    kind: object
    surface: str | None = None
    """The characters themselves, where the file repeats them."""
    place: str = ""
    """'' where it has none of its own."""
    id: str = ""
    """By which relations name it."""


class Link(NamedTuple):
    """A relation between two spans, which it names by their ids."""

    subject: str
    object: str
    kind: object
    place: str = ""


class Passage(NamedTuple):
    """A text whose entities are spans of characters; it is cut into tokens as any text that is handed to predict."""

    place: str
    text: object
    spans: list[Span]
    links: Sequence[Link] = ()


class Source:
    """One file, or folder, while it is read.

    labelled: whether its tags or spans are wanted. Without them everything that has a text is a text to be answered.
    linked: whether relations between spans are wanted.
    """

    def __init__(self, file: Path, labelled: bool = True, linked: bool = False):
        self.file, self.labelled, self.linked = file, labelled, linked
        self.bad = BadRows(str(file))
        self.remarks: defaultdict[str, Finding] = defaultdict(Finding)
        """What was changed, or is easily overlooked, in rows that are used; by what it is."""
        self.label_names: dict[str, str] | None = None
        """Of the numbers that stand for labels, once somebody has looked."""
        self.writers: Counter[str] = Counter()
        """The programs that the objects seem to come from; '' is none in particular."""

    def links(self, place: str, relations: Iterable[Link]) -> list[Link]:
        """Those of a text, where they are wanted; else a remark on them."""
        links = list(relations) if self.labelled else []
        if links and not self.linked:
            self.remarks["texts whose relations are not read"].add(place)
        return links if self.linked else []

    @property
    def writer(self) -> str:
        """That of most objects, or ''."""
        return next((name for name, _ in self.writers.most_common(1)), "")
