"""Tasks, heads, encoders and recipes from outside the package: folders of TASKLAB_PLUGINS, and installed packages.

Nothing is searched for: what is imported is what the variable names and what was installed with an entry point.
"""

import functools
import importlib
import importlib.metadata
import importlib.util
import os
import pkgutil
import sys
import threading
import traceback
import types
from collections.abc import Iterator
from pathlib import Path

from tasklab.errors import ConfigError, TasklabError

VARIABLE = "TASKLAB_PLUGINS"
"""Folders, separated as in PATH. Each holds .py files, and recipes as configs/<task>/<name>.yaml."""
GROUP = "tasklab.plugins"
"""Entry points: name = module to import. Recipes lie in configs/ of the package that the module belongs to."""
HINT = f"; what a plug-in brings is known where {VARIABLE} names its folder (docs/plugins.md)"
"""The end of a message about a name that nobody filed."""
PACKAGE = "tasklab_plugins"
"""What the files of all folders are modules of, so that they shadow nothing and may import each other."""

LOCK = threading.RLock()
"""One for plug-ins and registries: filling either may look into the other."""

_imported: set[str] = set()
_loading = False
_loaded_for: str | None = None  # the variable's value when all of it was imported


def load():
    """Imports every plug-in that is not imported yet; each files its entries in registries.

    Raises: ConfigError for a folder that is none, TasklabError for a plug-in that fails to import, each time again.
    """
    global _loading, _loaded_for
    named = os.environ.get(VARIABLE, "")
    with LOCK:
        if _loading or _loaded_for == named:
            return
        _loading = True
        try:
            for module, place in [*_modules(), *_entry_points()]:
                if module not in _imported:
                    _import(module, place)
                    _imported.add(module)
            _loaded_for = named
        finally:
            _loading = False


def brought(*objects) -> list[str]:
    """The files, or else modules, of those among `objects` that are not of tasklab."""
    outside = (o.__module__ for o in objects if o.__module__.partition(".")[0] != __package__)
    return list(dict.fromkeys(getattr(sys.modules.get(name), "__file__", None) or name for name in outside))


def config_folders() -> list[Path]:
    """Where plug-ins keep their recipes; found without importing them. Raises ConfigError as `load` does."""
    homes = [*folders(), *_packages()]
    return list(dict.fromkeys(home / "configs" for home in homes if (home / "configs").is_dir()))


def folders() -> list[Path]:
    """The folders that the variable names. Raises ConfigError for one that does not exist."""
    named = [part for part in os.environ.get(VARIABLE, "").split(os.pathsep) if part.strip()]
    paths = [Path(os.path.expanduser(part)).resolve() for part in named]
    for part, folder in zip(named, paths, strict=True):
        if not folder.is_dir():
            raise ConfigError(
                f"{VARIABLE} names {part!r}, which is no folder; correct it (folders are separated by {os.pathsep!r})"
            )
    return list(dict.fromkeys(paths))


def _modules() -> Iterator[tuple[str, Path]]:
    """(module, file) of every .py file and package right below the folders; a name with _ in front is for the others.

    Raises: TasklabError when two folders hold one name.
    """
    owner: dict[str, Path] = {}
    for folder in folders():
        for module in pkgutil.iter_modules([str(folder)]):
            file = folder / module.name / "__init__.py" if module.ispkg else folder / f"{module.name}.py"
            if (first := owner.setdefault(module.name, file)) != file:
                raise TasklabError(f"two plug-ins have one name: {first} and {file}; rename one of them")
            if not module.name.startswith("_"):
                yield f"{PACKAGE}.{module.name}", file


def _entry_points() -> Iterator[tuple[str, str]]:
    for point in _installed():
        distribution = f" of {point.dist.name} {point.dist.version}" if point.dist else ""
        yield point.module, f"entry point {point.name} = {point.value}{distribution}"


def _packages() -> Iterator[Path]:
    """Folders of the packages that entry points lead into; a single module has none."""
    for point in _installed():
        spec = importlib.util.find_spec(point.module.partition(".")[0])
        yield from map(Path, (spec.submodule_search_locations or ()) if spec else ())


@functools.cache
def _installed() -> tuple[importlib.metadata.EntryPoint, ...]:
    """Read once: every installed package is looked into."""
    return tuple(importlib.metadata.entry_points(group=GROUP))


def _import(module: str, place):
    if module.startswith(PACKAGE + "."):
        package = sys.modules.setdefault(PACKAGE, types.ModuleType(PACKAGE))
        package.__path__ = [str(folder) for folder in folders()]
        importlib.invalidate_caches()  # a file written a moment ago is seen too
    try:
        importlib.import_module(module)
    except Exception as error:
        line = _line(error, place)
        raise TasklabError(
            f"plug-in {place}{line}: cannot be imported ({type(error).__name__}: {error}); mend it, or take it out of "
            + (VARIABLE if isinstance(place, Path) else "the installed packages")
        ) from error


def _line(error: Exception, place) -> str:
    """Where in the plug-in's own file it went wrong, as :line."""
    if isinstance(error, SyntaxError) and error.filename == str(place):
        return f":{error.lineno}"
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(place)]
    return f":{lines[-1]}" if lines else ""
