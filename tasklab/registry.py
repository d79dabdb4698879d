"""Names to objects: the only global state (after fvcore's registry; lazy, and loud about duplicates)."""

import difflib
import importlib
import pkgutil

from tasklab.errors import TasklabError, UnknownName


def unknown_name(kind: str, name: str, known) -> UnknownName:
    """The error for a name that is not in `known`, with the nearest ones first."""
    known = sorted(known)
    near = difflib.get_close_matches(str(name), known, n=3, cutoff=0.6)
    hint = f" Did you mean {' or '.join(repr(n) for n in near)}?" if near else ""
    return UnknownName(f"no {kind} named {name!r}.{hint} Known: {', '.join(known) or 'none'}")


class Registry:
    """Maps a name to one object; imports every module of `package` at the first look-up."""

    def __init__(self, kind: str, package: str):
        self.kind, self.package = kind, package
        self._entries: dict[str, object] = {}
        self._loaded = False

    def register(self, name: str):
        """Decorator that files the object under `name`. Raises TasklabError when the name is taken."""

        def file(entry):
            taken = self._entries.get(name)
            if taken is not None:
                raise TasklabError(
                    f"{self.kind} {name!r} is registered twice: in {taken.__module__} and in {entry.__module__}"
                )
            self._entries[name] = entry
            return entry

        return file

    def get(self, name: str):
        """The object filed under `name`. Raises UnknownName with the nearest names."""
        self._load()
        if name not in self._entries:
            raise unknown_name(self.kind, name, self._entries)
        return self._entries[name]

    def names(self) -> list[str]:
        self._load()
        return sorted(self._entries)

    def _load(self):
        if not self._loaded:
            self._loaded = True
            package = importlib.import_module(self.package)
            for module in pkgutil.iter_modules(package.__path__, self.package + "."):
                importlib.import_module(module.name)
