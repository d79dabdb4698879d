"""Modules import downwards only, and siblings on a level do not import each other."""

import ast
import graphlib
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / "tasklab"

LEVELS = [
    {"plugins", "system"},
    {"cachedir", "console", "content", "digest", "interrupts", "replacing"},
    {"gguf"},
    {"registry", "config"},
    {"text", "data", "metrics", "pictures", "kernels", "nn", "generation"},
    {"encoders", "weights", "runner", "targets"},
    {"networks", "task", "runs"},
    {"written_answers", "labelled_texts"},
    {"text2text"},
    {"tasks", "engine"},
    {"adapted", "saved"},
    {"model", "dataset", "datahub"},
    {"session"},
    {"trials", "views"},
    {"trainer"},
    {"vector_index"},
    {"convert", "tools", "shots"},
    {"commands"},
    {"cli"},
]
LEVEL = {name: level for level, names in enumerate(LEVELS) for name in names}
OPEN_TO_ALL = {"errors"}
BESIDE = {("config", "registry"), ("nn", "kernels")}
"""Sibling imports that are allowed, each with its reason: unknown names are worded once; cells call fused kernels."""
NO_MINDSPORE = {
    "errors", "plugins", "system", "registry", "config", "cachedir", "content", "digest", "gguf", "console",
    "interrupts", "replacing", "text", "data", "generation", "metrics", "pictures", "task", "written_answers",
    "text2text", "labelled_texts", "tasks", "targets", "runs", "trials", "vector_index", "views", "trainer", "commands",
    "cli",
}  # fmt: skip

MODULES = sorted(PACKAGE.rglob("*.py"))


def unit(module: str) -> str:
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else ""


def imports(path: Path, everywhere: bool = True):
    """Full names of the modules that a file imports; everywhere=False: only when it is imported itself."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree) if everywhere else tree.body:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            yield node.module
            if node.module == "tasklab":
                yield from (f"tasklab.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_imports_point_downwards(path):
    own = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
    if own == "__init__":
        return
    assert own in LEVEL or own in OPEN_TO_ALL, f"{own} has no level; add it to LEVELS"
    for module in imports(path):
        other = unit(module)
        if not module.startswith("tasklab.") or other in OPEN_TO_ALL | {own, "__version__"}:
            continue
        assert own not in OPEN_TO_ALL, f"{path.name} imports {module}, but is open to all"
        allowed = LEVEL[other] < LEVEL[own] or (own, other) in BESIDE
        assert allowed, f"{own} (level {LEVEL[own]}) imports {module} (level {LEVEL[other]})"


@pytest.mark.parametrize(
    "path",
    [p for p in MODULES if p.relative_to(PACKAGE).parts[0].removesuffix(".py") in NO_MINDSPORE],
    ids=lambda p: str(p.relative_to(PACKAGE)),
)
def test_pure_parts_do_not_import_mindspore(path):
    assert not [m for m in imports(path, everywhere=False) if m.split(".")[0] in ("mindspore", "mindformers")]


@pytest.mark.parametrize("path", sorted((PACKAGE / "data").rglob("*.py")), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_kinds_of_data_build_on_files_and_rows_alone(path):
    own = path.relative_to(PACKAGE / "data").parts[0]
    below = {"files": set(), "rows": {"files"}}.get(own, {"files", "rows"})
    found = {m.split(".")[2] for m in imports(path) if m.startswith("tasklab.data.")}
    assert found <= below | {own}


READERS = {
    "content.py": {"json.load", "json.loads", "json.JSONDecoder"},
    "config/yaml_source.py": {"yaml.load", "yaml.safe_load", "yaml.compose", "yaml.load_all", "yaml.safe_load_all"},
    "data/files/table.py": {"csv.reader", "csv.DictReader"},
}
"""The one file that may read each format; size, depth, digits and encoding are bounded there, and told with a place."""


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_json_yaml_and_tables_are_read_in_one_place_each(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    named = {f"{node.value.id}.{node.attr}" for node in ast.walk(tree)
             if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)}  # fmt: skip
    named |= {f"{node.module}.{alias.name}" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)
              for alias in node.names}  # fmt: skip
    home = path.relative_to(PACKAGE).as_posix()
    assert not {call for file, calls in READERS.items() if file != home for call in calls & named}


def test_no_module_comes_back_to_itself_by_way_of_others():
    """Imports inside functions count too: a circle hidden there is a circle."""
    names = {".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__"): path
             for path in MODULES}  # fmt: skip
    below = {name: set() for name in names}
    for name, path in names.items():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom):
                full = [f"{node.module}.{alias.name}" for alias in node.names]
                below[name] |= {module if module in names else node.module for module in full} & names.keys()
            elif isinstance(node, ast.Import):
                below[name] |= {alias.name for alias in node.names} & names.keys()
    assert len(list(graphlib.TopologicalSorter(below).static_order())) == len(names)  # raises CycleError with the path
