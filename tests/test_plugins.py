"""Entries and recipes from outside the package; each case in a process of its own, as registries are for ever."""

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

import tasklab

TOKENIZER = """
from tasklab.text import TOKENIZERS

@TOKENIZERS.register("syllables")
class Syllables: ...
"""
RECIPE = "# Questions, plugged in.\nbase: bert_tiny\ntask: question_answering\ntrain: {epochs: 7}\n"
NAMES = "from tasklab.text import TOKENIZERS; print('syllables' in TOKENIZERS.names())"


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def python(*arguments, plugins="", path=""):
    """Exit status, stdout and stderr of a Python that knows this package."""
    root = Path(tasklab.__file__).parents[1]
    environment = os.environ | {"TASKLAB_PLUGINS": str(plugins), "PYTHONPATH": os.pathsep.join([str(root), str(path)])}
    done = subprocess.run([sys.executable, *arguments], env=environment, capture_output=True, text=True, timeout=120)
    return done.returncode, done.stdout, done.stderr


def command(*words, plugins, path=""):
    return python("-m", "tasklab.cli", *words, plugins=plugins, path=path)


def test_a_file_in_a_named_folder_files_its_entries_at_the_first_look_up(tmp_path):
    write(tmp_path / "a/syllables.py", "from tasklab_plugins._shared import NOTHING\n" + TOKENIZER)
    write(tmp_path / "a/_shared.py", "NOTHING = None\n")
    write(tmp_path / "b/other.py", "import tasklab_plugins.syllables\n")
    folders = os.pathsep.join([str(tmp_path / "a"), str(tmp_path / "b")])
    assert python("-c", NAMES, plugins=folders)[:2] == (0, "True\n")
    assert python("-c", NAMES)[:2] == (0, "False\n")


def test_a_recipe_beside_it_is_named_listed_and_shown_like_ours(tmp_path):
    write(tmp_path / "configs/question_answering/qa_plugged.yaml", RECIPE)
    status, listed, _ = command("list", "question_answering", plugins=tmp_path)
    assert status == 0 and "qa_plugged" in listed and "Questions, plugged in." in listed
    status, shown, _ = command("show", "qa_plugged", plugins=tmp_path)
    assert status == 0 and "task: question_answering" in shown and "epochs: 7" in shown


def test_a_name_of_ours_is_told_with_both_files(tmp_path):
    write(tmp_path / "configs/question_answering/qa_minilm_l6.yaml", RECIPE)
    ours = Path(tasklab.__file__).parents[1] / "configs/question_answering/qa_minilm_l6.yaml"
    status, _, told = command("list", plugins=tmp_path)
    places = f"{ours} and configs/question_answering/qa_minilm_l6.yaml"  # the second from the working folder
    assert status == 1 and told == f"error: the model name 'qa_minilm_l6' is claimed twice: by {places}\n"


def test_an_entry_of_ours_is_told_with_both_places(tmp_path):
    file = write(tmp_path / "mine.py", TOKENIZER.replace("syllables", "wordpiece"))
    status, _, told = python("-c", "from tasklab.text import TOKENIZERS; TOKENIZERS.names()", plugins=tmp_path)
    assert status == 1
    assert f"tokenizer 'wordpiece' is registered twice: in tasklab.text.wordpiece and in {file}" in told


@pytest.mark.parametrize(
    "code, line, cause",
    [
        (TOKENIZER + "\nimport absent_module\n", 7, "ModuleNotFoundError: No module named 'absent_module'"),
        ("x = 1\ny = = 2\n", 2, "SyntaxError: invalid syntax"),
        ("def f():\n    return 1 / 0\n\nf()\n", 2, "ZeroDivisionError: division by zero"),
    ],
)
def test_a_file_that_cannot_be_imported_is_told_with_line_and_cause_every_time(tmp_path, code, line, cause):
    file = write(tmp_path / "broken.py", code)
    twice = """
        from tasklab.text import TOKENIZERS
        for name in ("syllables", "wordpiece"):
            try:
                TOKENIZERS.get(name)
            except Exception as error:
                print(type(error).__name__, error)
    """
    status, told, _ = python("-c", textwrap.dedent(twice), plugins=tmp_path)
    assert status == 0 and len(told.splitlines()) == 2
    for text in told.splitlines():
        assert text.startswith(f"TasklabError plug-in {file}:{line}: cannot be imported ({cause}")
        assert text.endswith("mend it, or take it out of TASKLAB_PLUGINS")


def test_a_folder_that_does_not_exist_is_told(tmp_path):
    status, _, told = command("list", plugins=tmp_path / "absent")
    assert status == 1
    assert f"TASKLAB_PLUGINS names '{tmp_path / 'absent'}', which is no folder; correct it" in told


def test_two_files_of_one_name_are_told(tmp_path):
    files = [write(tmp_path / name / "mine.py", "") for name in "ab"]
    status, _, told = python("-c", NAMES, plugins=os.pathsep.join(str(file.parent) for file in files))
    assert status == 1 and f"two plug-ins have one name: {files[0]} and {files[1]}; rename one of them" in told


@pytest.fixture
def installed(tmp_path):
    """A folder like site-packages: a package with a recipe, and the entry point that leads into it."""
    site = tmp_path / "site"
    write(site / "syllabic/__init__.py", "print('imported')\n")
    write(site / "syllabic/plugin.py", TOKENIZER)
    write(site / "syllabic/configs/question_answering/qa_plugged.yaml", RECIPE)
    write(site / "syllabic-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: syllabic\nVersion: 1.0\n")
    write(site / "syllabic-1.0.dist-info/entry_points.txt", "[tasklab.plugins]\nsyllables = syllabic.plugin\n")
    return site


def test_an_installed_package_plugs_in_by_its_entry_point(installed):
    assert python("-c", NAMES, path=installed)[:2] == (0, "imported\nTrue\n")


def test_help_and_list_do_not_import_it(installed):
    for words in (("--help",), ("list",)):
        status, shown, _ = command(*words, plugins="", path=installed)
        assert status == 0 and "imported" not in shown
    assert "qa_plugged" in shown


def test_an_installed_package_that_cannot_be_imported_is_told(installed):
    write(installed / "syllabic/plugin.py", "import absent_module\n")
    status, _, told = python("-c", NAMES, path=installed)
    where = "plug-in entry point syllables = syllabic.plugin of syllabic 1.0: cannot be imported (ModuleNotFoundError"
    assert status == 1 and where in told and "or take it out of the installed packages" in told
