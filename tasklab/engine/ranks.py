"""The processes that train one network together: each runs a share of the micro-batches, the first one speaks."""

from collections.abc import Sequence


class Ranks:
    """This process alone. Others have the same methods, and every rank calls each of them at the same point."""

    rank, count = 0, 1

    @property
    def first(self) -> bool:
        """Whether this one saves, logs and draws for all."""
        return self.rank == 0

    def share(self, items: Sequence) -> list:
        """Those of `items` that this rank works on; every one is some rank's."""
        return list(items[self.rank :: self.count])

    def sum(self, arrays: Sequence) -> Sequence:
        """Each array, or number, added up over all ranks."""
        return arrays

    def agree(self, flag: bool) -> bool:
        """Whether any rank says so."""
        return flag
