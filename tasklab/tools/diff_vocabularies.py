"""Where two vocabularies differ: tokens that only one holds, and tokens with another id."""

from dataclasses import dataclass

from tasklab.tools import TOOLS
from tasklab.tools.vocabularies import read_tokens

SHOWN = 20


@dataclass(frozen=True)
class VocabularyDifference:
    """moved: tokens that both hold under different ids."""

    names: tuple[str, str]
    sizes: tuple[int, int]
    only_in_first: tuple[str, ...]
    only_in_second: tuple[str, ...]
    moved: tuple[str, ...]

    @property
    def status(self) -> int:
        """As of diff(1): 0 when the two are the same."""
        return int(bool(self.only_in_first or self.only_in_second or self.moved))

    def __str__(self):
        both = self.sizes[0] - len(self.only_in_first)
        lines = [f"{self.sizes[0]} and {self.sizes[1]} tokens, {both} in both, {len(self.moved)} of them moved"]
        groups = {f"only in {self.names[0]}": self.only_in_first, f"only in {self.names[1]}": self.only_in_second}
        for title, tokens in {**groups, "other id": self.moved}.items():
            if tokens:
                shown = " ".join(tokens[:SHOWN]) + (" ..." if len(tokens) > SHOWN else "")
                lines.append(f"{title} ({len(tokens)}): {shown}")
        return "\n".join(lines)


@TOOLS.register("diff-vocabularies")
def diff_vocabularies(first: str, second: str) -> VocabularyDifference:
    """Compare two vocabularies token by token; the exit status is 1 when they differ.

    Args:
        first: vocab.txt, spiece.model, merges.txt, or a model that has one beside it.
        second: the other one.
    """
    one, other = read_tokens(first), read_tokens(second)
    ids, others = {t: i for i, t in enumerate(one)}, {t: i for i, t in enumerate(other)}
    return VocabularyDifference(
        (str(first), str(second)), (len(ids), len(others)),
        tuple(t for t in ids if t not in others), tuple(t for t in others if t not in ids),
        tuple(t for t, i in ids.items() if others.get(t, i) != i),
    )  # fmt: skip
