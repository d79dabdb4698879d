"""A pattern: the text around an input, with a mask where a word tells its label (PET, Schick and Schütze 2021)."""

from collections.abc import Iterable
from string import Formatter
from typing import NamedTuple

from tasklab.data.files.problems import shortened
from tasklab.data.files.textfile import encodable, read_text
from tasklab.errors import DataError

MASK, TEXT_A, TEXT_B, SOFT = "MASK", "textA", "textB", "soft"
FIELDS = (MASK, TEXT_A, TEXT_B, SOFT)
FORM = 'expected one {MASK}, {textA}, for pairs {textB}, such as "It was {MASK}: {textA}"; a brace itself is {{ or }}'


class Pattern(NamedTuple):
    """pieces: (literal text, the field behind it), the last one with '' where the pattern ends with a literal."""

    text: str
    pieces: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, text: str) -> "Pattern":
        """Raises: ValueError for lone braces, for fields that nobody knows, without a mask or without {textA}."""
        try:
            parsed = list(Formatter().parse(text))
        except ValueError:
            raise ValueError(f"has a brace without its other one; {FORM}") from None
        if not encodable(text):
            raise ValueError("holds half of a surrogate pair; correct it")
        fields = [name for _, name, _, _ in parsed if name is not None]
        for _, name, more, conversion in parsed:
            if name is not None and (name not in FIELDS or more or conversion):
                raise ValueError(f"{{{name}}} is no field; {FORM}")
        if fields.count(MASK) != 1:
            message = "has no {MASK}" if MASK not in fields else f"has {fields.count(MASK)} {{MASK}}"
            raise ValueError(f"{message}; {FORM}")
        if TEXT_A not in fields:
            raise ValueError(f"has no {{textA}}; {FORM}")
        pieces, before = [], ""
        for literal, name, _, _ in parsed:  # one that ends at a doubled brace goes on behind it
            before += literal
            if name:
                pieces.append((before, name))
                before = ""
        return cls(text, (*pieces, *[(before, "")] * bool(before)))

    @property
    def paired(self) -> bool:
        """Whether it asks for a second text."""
        return any(field == TEXT_B for _, field in self.pieces)

    @property
    def soft(self) -> int:
        """Places for learned vectors (p-tuning, Liu et al. 2021)."""
        return sum(field == SOFT for _, field in self.pieces)

    @property
    def spaced(self) -> bool:
        """Whether a blank stands before the mask, which for some vocabularies belongs to the word."""
        return any(field == MASK and literal[-1:].isspace() for literal, field in self.pieces)


def read_patterns(path, encoding: str | None = None) -> list[str]:
    """The patterns of a file, one a line. Raises: DataError with the line of each that is none."""
    lines = [(f"{path}:{n}", line.strip("\r")) for n, line in enumerate(read_text(path, encoding).split("\n"), 1)]
    patterns = [(place, line) for place, line in lines if line.strip()]
    if not patterns:
        raise DataError(f"{path}: holds no pattern; {FORM}")
    return [pattern.text for pattern in checked(patterns)]


def checked(patterns: Iterable[tuple[str, str]]) -> list[Pattern]:
    """(place, text) -> patterns. Raises: DataError that names every wrong one."""
    made, wrong = [], []
    for place, text in patterns:
        try:
            made.append(Pattern.of(text))
        except ValueError as error:
            wrong.append(f"{place}: {shortened(text)} {error}")
    if wrong:
        raise DataError("\n".join(wrong))
    return made
