"""How a source is put together from the columns of a record."""

from collections.abc import Sequence
from string import Formatter
from typing import NamedTuple

SOURCE = "source"
"""The column that a template means where nobody names one."""
FORM = 'expected text with columns in braces, such as "question: {question} context: {context}"'


class Template(NamedTuple):
    """pieces: (text, name of the column behind it), the last one with '' where text ends it."""

    pieces: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, text: str | None) -> "Template":
        """Raises: ValueError for braces that name no column."""
        try:
            parsed = list(Formatter().parse("{source}" if text is None else text))
        except ValueError:
            raise ValueError(f"has a brace without its other one; {FORM}") from None
        if any(more or conversion for _, _, more, conversion in parsed) or not any(name for _, name, _, _ in parsed):
            raise ValueError(f"names no column; {FORM}")
        if any(name == "" for _, name, _, _ in parsed):
            raise ValueError(f"{{}} names no column; {FORM}")
        return cls(tuple((literal, name or "") for literal, name, _, _ in parsed))

    @property
    def columns(self) -> list[str]:
        """The names in braces, each once."""
        return list(dict.fromkeys(name for _, name in self.pieces if name))

    def filled(self, cells: Sequence[str]) -> str:
        """The text with `cells`, one per column, in place of their names; braces in them stay what they are."""
        held = dict(zip(self.columns, cells, strict=True)) | {"": ""}
        return "".join(literal + held[name] for literal, name in self.pieces)
