"""What README and docs/ tell a user to type exists: verbs, options, names, settings, Python, links."""

import importlib.util
import re
import shlex
from pathlib import Path

import pytest

import tasklab
from tasklab import cli
from tasklab.config import list_models
from tasklab.task import list_tasks
from tasklab.trainer import Trainer

ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / "README.md", ROOT / "README.zh.md", *sorted((ROOT / "docs").rglob("*.md"))]
FENCE = re.compile(r"^```(\w*)[^\n]*\n(.*?)^```", re.MULTILINE | re.DOTALL)
NAMES = {model["name"] for model in list_models()} | set(list_tasks())


def blocks(page: Path, *languages: str) -> list[str]:
    """Contents of the fenced blocks of some languages; "" is a block that names none."""
    return [text for language, text in FENCE.findall(page.read_text(encoding="utf-8")) if language in languages]


def commands() -> list[tuple[str, str]]:
    """(page, command) of every line of a block that begins with tasklab; a line that goes on is one."""
    lines = [
        (page.name, line)
        for page in PAGES
        for text in blocks(page, "", "bash", "sh")
        for line in text.replace("\\\n", " ").splitlines()
    ]
    synopsis = re.compile(r"\w\|\w")  # convert ... --to huggingface|uer
    return [(page, line) for page, line in lines if line.startswith("tasklab ") and not synopsis.search(line)]


def test_there_are_commands_and_python_to_check():
    assert len(commands()) > 60 and sum(len(blocks(page, "python")) for page in PAGES) > 15


@pytest.mark.parametrize(("page", "command"), commands(), ids=lambda text: text[:80])
def test_a_command_has_verbs_options_names_and_settings_that_exist(page, command):
    words = [word for word in shlex.split(command, comments=True)[1:] if word not in ("...", "&&")]
    options, left = cli.parser().parse_known_args([word for word in words if not word.startswith("$")])
    assert [word for word in left if word.startswith("-")] == []
    if words[0] not in ("train", "evaluate", "predict", "show", "search", "cross-validate"):
        return
    names = [word.removeprefix("output/") for word in words[1:3] if word.removeprefix("output/") in NAMES]
    if not names:
        return  # a run or a folder of the reader's own
    config = Trainer(**{"task" if name in list_tasks() else "model": name for name in names}).config
    for word in words:
        key, equals, _ = word.partition("=")
        if equals and re.fullmatch(r"[a-z_]+(\.\w+)*", key):
            assert key in config, f"{page}: unknown setting {key}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_python_compiles_and_takes_what_the_package_offers(page):
    for text in blocks(page, "python"):
        compile(text, page.name, "exec")
        for names in re.findall(r"^from tasklab import (.+)$", text, re.MULTILINE):
            assert all(hasattr(tasklab, name.strip()) for name in names.split(","))
        for verb in re.findall(r"\btrainer\.(\w+)\(", text):
            assert callable(getattr(Trainer, verb))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page):
    text = FENCE.sub("", page.read_text(encoding="utf-8"))
    links = re.findall(r"\]\(((?!http|#)[^)#\s]+)", text)
    assert [link for link in links if not (page.parent / link).exists()] == []


def test_the_page_of_settings_is_that_of_the_code():
    script = ROOT / ".ci" / "settings_page.py"
    spec = importlib.util.spec_from_file_location("settings_page", script)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert (ROOT / "docs" / "settings.md").read_text(encoding="utf-8") == module.page(), f"run: python {script.name}"
