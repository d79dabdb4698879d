"""Writes docs/settings.md: every setting, from the fields of the configuration and the comments that stand at them.

python .ci/settings_page.py        # after a change of a setting; tests/test_pages.py compares
"""

import ast
import inspect
import re
import textwrap
from pathlib import Path

from tasklab.config import Config, DataConfig
from tasklab.config.section import is_section
from tasklab.config.values import specs_of
from tasklab.task import TASKS, list_tasks

PAGE = Path(__file__).resolve().parents[1] / "docs" / "settings.md"
HEAD = """# Every setting

Each may stand on the command line (`tasklab train RECIPE optimizer.lr=1e-4`), in a YAML file, in the dictionary `args`
of `Trainer`, or be assigned (`trainer.config.optimizer.lr = 1e-4`); [configuration](configuration.md) says which wins.
The defaults here are the frame's: recipes set others, and `tasklab show RECIPE` has those that count. A setting that
would change nothing is refused.
"""


def page() -> str:
    """The whole page, Markdown."""
    config = specs_of(Config)
    whole = [HEAD, *_section("Outside sections", Config, "", lambda name: not is_section(config[name].kind))]
    for name, spec in config.items():
        if is_section(spec.kind) and name != "data":
            whole += _section(f"`{name}`", spec.kind, name)
    whole += _section("`data`, of every task", DataConfig, "data")
    for cls, tasks in _own_data().items():
        whole += _section(f"`data`, of {', '.join(tasks)}", cls, "data", _declared(cls).__contains__)
    return "\n".join(whole)


def _own_data() -> dict[type, list[str]]:
    """Class of data settings -> the tasks that read them, in the order of the tasks' names."""
    readers: dict[type, list[str]] = {}
    for task in list_tasks():
        for cls in TASKS.get(task).data_config.__mro__:
            if issubclass(cls, DataConfig) and cls is not DataConfig and _declared(cls):
                readers.setdefault(cls, []).append(task)
    return readers


def _section(title: str, cls: type, path: str, wanted=lambda name: True) -> list[str]:
    comments = {key: text for base in reversed(cls.__mro__) for key, text in _declared(base).items()}
    before = f"{path}." if path else ""
    rows = [
        f"| `{before}{name}` | {_default(cls, name, spec)} | {_cell(spec.expected)} | {comments.get(name, '')} |"
        for name, spec in specs_of(cls).items()
        if wanted(name)
    ]
    return [f"## {title}", "", "| setting | default | value | |", "|---|---|---|---|", *rows, ""]


def _default(cls: type, name: str, spec) -> str:
    if spec.required:
        return "of the backbone"
    value = getattr(cls(), name)
    return f"`{_cell('null' if value is None else str(value).lower() if isinstance(value, bool) else str(value))}`"


def _declared(cls: type) -> dict[str, str]:
    """Field -> the comment at its end, or in the lines above it; of the fields that the class itself declares."""
    if "__annotations__" not in vars(cls):
        return {}
    source = textwrap.dedent(inspect.getsource(cls))
    lines, comments = source.splitlines(), {}
    for node in ast.parse(source).body[0].body:
        if isinstance(node, ast.AnnAssign) and "ClassVar" not in ast.unparse(node.annotation):
            at_end = re.search(r"#\s*(.+)$", lines[node.end_lineno - 1][node.end_col_offset :])
            above, number = [], node.lineno - 2
            while lines[number].lstrip().startswith("#"):
                above.insert(0, lines[number].strip().lstrip("# "))
                number -= 1
            comments[node.target.id] = _cell(at_end[1] if at_end else " ".join(above))
    return comments


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;")


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
