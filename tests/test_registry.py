"""A registry is whole or says why it is not: imports that fail, names filed twice, look-ups while it is filled."""

import itertools
import textwrap
import threading

import pytest

from tasklab.errors import TasklabError, UnknownName

NUMBER = itertools.count()


@pytest.fixture
def package(tmp_path, monkeypatch):
    """package(module=code, ...): a registry over a fresh package; the code knows the registry as REGISTRY."""

    def write(**modules):
        name = f"registered{next(NUMBER)}"
        folder = tmp_path / name
        folder.mkdir()
        (folder / "__init__.py").write_text(
            f"from tasklab.registry import Registry\nREGISTRY = Registry('thing', package='{name}')\n"
        )
        for module, code in modules.items():
            text = f"from {name} import REGISTRY\n" + textwrap.dedent(code)
            (folder / f"{module}.py").write_text(text, encoding="utf-8")
        monkeypatch.syspath_prepend(str(tmp_path))
        return __import__(name).REGISTRY, folder

    return write


THING = "@REGISTRY.register('{0}')\nclass {0}: ...\n"


def test_a_module_that_cannot_be_imported_fails_every_look_up_with_its_own_error(package):
    fails = THING.format("two") + "import absent_module\n"
    registry, _ = package(a=THING.format("one"), b=fails, c=THING.format("three"))
    for look_up in (registry.names, lambda: registry.get("one"), lambda: registry.get("four"), registry.names):
        with pytest.raises(ModuleNotFoundError, match="absent_module"):
            look_up()


def test_a_mended_module_is_found_at_the_next_look_up_and_files_its_names_again(package):
    registry, folder = package(a=THING.format("one"), b=THING.format("two") + "import mended_module\n")
    with pytest.raises(ModuleNotFoundError):
        registry.names()
    (folder.parent / "mended_module.py").write_text("", encoding="utf-8")
    assert registry.names() == ["one", "two"]
    assert registry.get("two").__module__ == f"{folder.name}.b"
    with pytest.raises(UnknownName, match="no thing named 'three'"):
        registry.get("three")


def test_a_look_up_while_modules_are_imported_does_not_make_half_a_list_whole(package):
    registry, _ = package(a=THING.format("one") + "REGISTRY.names()\nimport absent_module\n", b=THING.format("two"))
    for _ in range(2):
        with pytest.raises(ModuleNotFoundError, match="absent_module"):
            registry.names()


def test_two_entries_of_one_name_are_told_with_both_places(package):
    registry, folder = package(a=THING.format("one"), b=THING.format("one"))
    with pytest.raises(TasklabError) as told:
        registry.names()
    assert str(told.value) == f"thing 'one' is registered twice: in {folder / 'a.py'} and in {folder / 'b.py'}"


def test_threads_wait_until_the_list_is_whole(package):
    registry, _ = package(a=THING.format("one") + "import time\ntime.sleep(0.3)\n", b=THING.format("two"))
    seen = []
    threads = [threading.Thread(target=lambda: seen.append(registry.names())) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == [["one", "two"]] * 4

