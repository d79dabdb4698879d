"""A function of the user by a name that other processes find: MODULE:NAME or FILE.py:NAME, never a pickle."""

import importlib
import importlib.util
import os
import sys
from collections.abc import Callable
from pathlib import Path

from tasklab.errors import ConfigError, brief

LOADED = "tasklab_loaded_"
"""How modules are called that came by their file."""
_loading: list[str] = []


def function_of(reference) -> Callable:
    """The function that is named, or given itself. Raises: ConfigError when there is none."""
    if callable(reference):
        return reference
    place, _, name = str(reference).rpartition(":")
    if not place or not name.isidentifier():
        raise ConfigError(f"compute_metrics is {brief(reference)}; expected a function, MODULE:NAME or FILE.py:NAME")
    try:
        module = _from_file(Path(place)) if place.endswith(".py") else importlib.import_module(place)
    except (ImportError, OSError, SyntaxError) as error:
        raise ConfigError(f"compute_metrics {reference}: cannot be imported ({error})") from None
    function = getattr(module, name, None)
    if not callable(function):
        raise ConfigError(f"compute_metrics {reference}: {place} has no function {name!r}")
    return function


def reference_of(function: Callable) -> str:
    """The name by which another process finds the function. Raises: ConfigError that says how to give it one."""
    name, module = getattr(function, "__qualname__", ""), getattr(function, "__module__", None)
    home = sys.modules.get(module)
    by_file = module == "__main__" or str(module).startswith(LOADED)
    file = getattr(home, "__file__", None) or ""
    place = module if not by_file else os.path.abspath(file) if os.path.isfile(file) else None
    if place is None or getattr(home, name, None) is not function:
        raise ConfigError(
            f"compute_metrics: every trial is a process of its own, which cannot find {name or brief(function)} by its "
            "name; write it with def at the top of a .py file (of a notebook: in a file beside it, and import it)"
        )
    return f"{place}:{name}"


def refuse_while_loading():
    """Raises: ConfigError in a script that is only looked into for its function, and begins all over again."""
    if _loading:
        raise ConfigError(
            f"{_loading[-1]}: trains while another process looks into it for compute_metrics; put what is to run once "
            'below the line: if __name__ == "__main__":'
        )


def search_path() -> str:
    """PYTHONPATH by which another process finds the modules that this one does."""
    return os.pathsep.join(os.path.abspath(entry) for entry in sys.path)


def _from_file(path: Path):
    file = path.resolve()
    name = LOADED + file.stem
    spec = importlib.util.spec_from_file_location(name, file)
    module = importlib.util.module_from_spec(spec)
    sys.path.insert(0, str(file.parent))  # as for a script
    sys.modules[name] = module
    _loading.append(str(path))
    try:
        spec.loader.exec_module(module)
    finally:
        _loading.pop()
    return module
