"""A text, or a pair of texts, with its label."""

from dataclasses import dataclass


@dataclass(frozen=True)
class TextExample:
    """A text, or a pair of them, with its label: a name, a tuple of names (multi-label), a number, or None."""

    id: str
    text_a: str
    text_b: str | None = None
    label: str | tuple[str, ...] | float | None = None
    logits: tuple[float, ...] = ()
    """Scores that a teacher gave each class."""
    group: str = ""
    """What the row belongs to; '' where the file does not say."""
    place: str = ""

    @property
    def text(self) -> str:
        """What nearly equal rows have in common."""
        return self.text_a if self.text_b is None else f"{self.text_a} {self.text_b}"

    @property
    def stratum(self) -> str | tuple[str, ...] | None:
        """What folds and subsets hold in equal shares: the label, unless that is a number."""
        return None if isinstance(self.label, float) else self.label


def texts_of(example: TextExample) -> tuple[str, str | None]:
    """What two examples have in common when one repeats the other."""
    return example.text_a, example.text_b
