"""One process writes an index at a time, so that nothing comes between its look at the folder and the exchange."""

import contextlib
import os
from pathlib import Path

from tasklab.errors import CheckpointError
from tasklab.system import AS_IT_IS, UNLINKED, is_in_place, lock, why_unwritten


@contextlib.contextmanager
def writing(path: Path):
    """Holds the lock of the folder `path`; waits for who has it. A file beside it, which is there only meanwhile.

    Raises: CheckpointError where nothing can be written beside it.
    """
    place = path.parent / f".{path.name}.lock"
    while True:
        with _opened(place) as file:
            lock(file, wait=True)
            if is_in_place(file, place):
                try:
                    yield
                finally:
                    with contextlib.suppress(OSError):  # Windows removes no open file: it stays, for the next one
                        place.unlink()
                return


def _opened(place: Path):
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        return os.fdopen(os.open(place, os.O_RDWR | os.O_CREAT | AS_IT_IS | UNLINKED, 0o666), "rb", buffering=0)
    except OSError as error:
        raise CheckpointError(f"{place}: {why_unwritten(error, place)}; choose a folder you may write to") from None
