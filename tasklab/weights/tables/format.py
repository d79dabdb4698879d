"""One naming scheme: rows for the weights of a family of models as one program names them."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from tasklab.weights.tables.rows import Row, row


@dataclass(frozen=True)
class Head:
    """The rows of one head, where their names depend on it; they go before the rows of the format.

    outputs: rows of the first weight, where only they tell this head from another one.
    also: rows of another form of the head, for a head that is known; of weights that all have to be there.
    """

    rows: tuple
    outputs: int | None = None
    also: tuple = ()


@dataclass(frozen=True)
class Format:
    """One naming scheme.

    rows: see `rows.row`. On the way out the first row that fits is taken.
    spell: maps the spellings found in the wild to the one used in `rows`.
    families: the models whose weights have these names, see `config.description.family_of`; or "any".
    heads: name of a head, as in NETWORKS -> Head, looked through in this order; the first one of which all weights are
        there is taken.
    needs: names of theirs without which it is not this format.
    stores_ties: whether the program wants the copies in TIES.
    whole: a file that holds any other name is not of this format.
    head: what every file of it is for, where its weights show no other head.
    """

    name: str
    rows: tuple
    spell: Callable[[str], str] = str  # as it is
    program: str = ""
    families: tuple[str, ...] = ("bert",)
    heads: dict[str, Head] = field(default_factory=dict)
    needs: tuple[str, ...] = ()
    stores_ties: bool = False
    whole: bool = False
    head: str | None = None

    def table(self, tensors, head: str | None = None, theirs: bool = True) -> list[Row]:
        """The rows for these tensors (name -> anything with a shape), those of their head first.

        head: when it is known; else the tensors tell. theirs: whether `tensors` go by the names of this format.
        """
        spell = self.spell if theirs else str
        shapes = {spell(name): getattr(tensor, "shape", ()) for name, tensor in tensors.items()}
        if head not in self.heads:
            fitting = (name for name, candidate in self.heads.items() if _all_there(candidate, shapes, theirs))
            head = next(fitting, None)
        own = (*self.heads[head].also, *self.heads[head].rows) if head else ()
        return [row(*line) for line in (*own, *self.rows)]

    def fits(self, family: str) -> bool:
        """Whether the weights of this family have these names."""
        return family in self.families or "any" in self.families

    def matches(self, tensors) -> int:
        """How many of these names have a row; none, where one that the format needs is missing."""
        table, names = self.table(tensors), {self.spell(name) for name in tensors}
        if not names.issuperset(self.needs):
            return 0
        count = sum(any(line.reads(name, names) for line in table) for name in names)
        return 0 if self.whole and count < len(names) else count

    def of_encoder(self, names) -> list[str]:
        """Those of these names of theirs that lie where the format keeps an encoder, with a row or without."""
        places = {
            _first_word(their)
            for line in (row(*cells) for cells in self.rows)
            for their in line.theirs
            if any(our.startswith(("encoder.embeddings.", "encoder.layer")) for our in line.ours)
        }
        return [name for name in names if _first_word(self.spell(name)) in places]


def _first_word(name: str) -> str:
    return re.split(r"[./]", name, maxsplit=1)[0]


def _all_there(head: Head, shapes: dict, theirs: bool) -> bool:
    rows = [row(*cells) for cells in head.rows]
    names = [name for line in rows for name in (line.theirs if theirs else line.ours)]
    return all(name in shapes for name in names) and (
        head.outputs is None or tuple(shapes[names[0]])[:1] in ((), (head.outputs,))
    )
