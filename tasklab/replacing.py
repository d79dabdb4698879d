"""Files that are there whole or not at all: written aside under a new name, then renamed."""

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tasklab.system import make_readable

ASIDE = ".aside"


@contextlib.contextmanager
def replacing(path) -> Iterator[Path]:
    """Gives a path to write to; what is written there becomes `path` when the block ends well, else it is gone.

    A link at `path` is replaced, never followed; a pipe or a device is written to as it is.
    Raises: OSError that names `path`, such as for a full disk; what was there before is there still.
    """
    path = Path(path)
    if path.exists() and not (path.is_file() or path.is_dir()):
        yield path
        return
    aside = None
    try:
        handle, aside = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:100]}.", suffix=ASIDE)
        make_readable(handle)
        os.close(handle)
        yield Path(aside)
        os.replace(aside, path)
    except BaseException as error:
        if aside is not None:
            with contextlib.suppress(OSError):
                os.unlink(aside)
        if isinstance(error, OSError):
            error.filename, error.filename2 = str(path), None
        raise


def replace_text(path, text: str):
    """Makes `path` a file of UTF-8 text. Raises: OSError as `replacing` does."""
    with replacing(path) as aside:
        aside.write_text(text, encoding="utf-8")


def clear_asides(folder: Path):
    """Removes what killed processes left unfinished in a folder that nobody else writes to."""
    for left in folder.glob(f".*{ASIDE}"):
        if left.is_file() or left.is_symlink():
            left.unlink(missing_ok=True)
