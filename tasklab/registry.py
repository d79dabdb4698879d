"""Names to objects: the only global state (after fvcore's registry; lazy, and loud about duplicates)."""

import difflib
import importlib
import pkgutil
import sys

from tasklab import plugins
from tasklab.errors import TasklabError, UnknownName

LISTED = 12
"""Known names that a message lists."""


def unknown_name(kind: str, name: str, names, else_told: str = "") -> UnknownName:
    """The error for a name that is not in `names`, with the nearest ones first; else_told: its end without any."""
    names = sorted(names)
    near = difflib.get_close_matches(str(name), names, n=3, cutoff=0.6)
    hint = f" Did you mean {' or '.join(repr(n) for n in near)}?" if near else ""
    listed = (", ".join(names[:LISTED]) or "none") + (f" and {len(names) - LISTED} more" if names[LISTED:] else "")
    return UnknownName(f"no {kind} named {name!r}.{hint} Known: {listed}{'' if near else else_told}")


class Registry:
    """Maps a name to one object; the first look-up imports every module of `package`, and the plug-ins.

    A module that cannot be imported fails every look-up with its own error: half a list would say that names do not
    exist. An entry belongs to the module object that filed it, so one that is imported again replaces its own.
    """

    def __init__(self, kind: str, package: str):
        self.kind, self.package = kind, package
        self._entries: dict[str, object] = {}
        self._owners: dict[str, object] = {}  # name -> module
        self._loaded = self._loading = False

    def register(self, name: str):
        """Decorator that files the object under `name`. Raises TasklabError when the name is taken."""

        def file(entry):
            taken, owner = self._entries.get(name), sys.modules.get(entry.__module__)
            if taken is not None and sys.modules.get(taken.__module__) is self._owners[name]:
                raise TasklabError(
                    f"{self.kind} {name!r} is registered twice: in {_place(taken)} and in {_place(entry)}"
                )
            self._entries[name], self._owners[name] = entry, owner
            return entry

        return file

    def get(self, name: str):
        """The object filed under `name`. Raises UnknownName with the nearest names."""
        self._load()
        if name not in self._entries:
            raise unknown_name(self.kind, name, self._entries, plugins.HINT)
        return self._entries[name]

    def names(self) -> list[str]:
        self._load()
        return sorted(self._entries)

    def _load(self):
        with plugins.LOCK:  # no other thread sees the list before it is whole
            if not (self._loaded or self._loading):  # a module that is being imported may look up what is there
                self._loading = True
                try:
                    package = importlib.import_module(self.package)
                    for module in pkgutil.iter_modules(package.__path__, self.package + "."):
                        importlib.import_module(module.name)
                    self._loaded = True
                finally:
                    self._loading = False
            plugins.load()


def _place(entry) -> str:
    """The module of an entry; its file where that is not ours."""
    return next(iter(plugins.brought(entry)), entry.__module__)
