"""Benchmarks import no name of each other that is not there: no other test runs them."""

import ast
from pathlib import Path

import pytest

FILES = {path.stem: path for path in (Path(__file__).parents[1] / "benchmarks").glob("*.py")}


def named(path: Path) -> set[str]:
    """What a file defines or imports right at its top."""
    names = set()
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            names.add(node.name)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            names |= {(alias.asname or alias.name).partition(".")[0] for alias in node.names}
        elif isinstance(node, (ast.Assign, ast.AnnAssign)):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names |= {leaf.id for target in targets for leaf in ast.walk(target) if isinstance(leaf, ast.Name)}
    return names


@pytest.mark.parametrize("name", sorted(FILES))
def test_what_it_imports_of_others_is_there(name):
    tree = ast.parse(FILES[name].read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module in FILES:
            missing = {alias.name for alias in node.names} - named(FILES[node.module])
            assert not missing, f"{name}.py: {node.module}.py has no {sorted(missing)}"
