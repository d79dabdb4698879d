"""What to say about a path with nothing there: the names beside it, the likely ones first."""

import difflib
from pathlib import Path

SHOWN = 12


def beside(path: Path) -> str:
    """The end of a message: what the folder holds that should hold `path`; '' where there is no such folder either.

    Hidden entries are left out; of many those that resemble the name come first.
    """
    try:
        names = sorted(entry.name for entry in path.parent.iterdir() if not entry.name.startswith("."))
    except OSError:
        return ""
    near = difflib.get_close_matches(path.name, names, n=3, cutoff=0.6)
    hint = f"; did you mean {' or '.join(repr(str(path.parent / name)) for name in near)}?" if near else "."
    shown = [*near, *(name for name in names if name not in near)][:SHOWN]
    more = f" and {len(names) - len(shown)} more" if len(names) > len(shown) else ""
    return f"{hint} {path.parent}/ holds {', '.join(shown) or 'nothing'}{more}"
