"""Names say what they hold."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / "tasklab"
EMPTY = {"found", "known", "parts", "told", "said", "wanted"}
"""Words that fit any value; take the field's own: spans, labels, weights, message, references, segments."""


def names(tree):
    """(name, line) of every variable, argument, attribute, function and class that a file makes."""
    for node in ast.walk(tree):
        if isinstance(node, (ast.Name, ast.Attribute)) and isinstance(node.ctx, ast.Store):
            yield node.id if isinstance(node, ast.Name) else node.attr, node.lineno
        elif isinstance(node, ast.arg):
            yield node.arg, node.lineno
        elif isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            yield node.name, node.lineno


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_no_name_is_a_word_that_fits_any_value(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert [(name, line) for name, line in names(tree) if name.strip("_").lower() in EMPTY] == []


def test_all_kinds_of_names_are_seen():
    source = "class A:\n  found: int\n  def f(self, *, known=1): self.said = told = [wanted for wanted in known]\n"
    assert {name for name, _ in names(ast.parse(source))} & EMPTY == {"found", "known", "said", "told", "wanted"}
