"""A function is found by name in another process, or it is said how to give it one."""

import functools
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import tasklab
from tasklab.errors import ConfigError
from tasklab.trials.functions import function_of, reference_of, search_path

ROOT = Path(tasklab.__file__).parents[1]


def double(given):
    return {"double": 2 * given}


def test_a_function_of_a_module_goes_by_its_name():
    assert reference_of(double) == f"{__name__}:double"
    assert reference_of(json.dumps) == "json:dumps" and function_of("json:dumps") is json.dumps
    assert function_of(double) is double
    assert str(Path(__file__).parent) in search_path().split(os.pathsep)


def test_a_function_of_a_script_goes_by_its_file_and_the_script_does_not_run(tmp_path):
    (tmp_path / "beside.py").write_text("FACTOR = 3\n")
    script = tmp_path / "my script.py"
    script.write_text(
        "from beside import FACTOR\nfrom tasklab.trials.functions import function_of, reference_of\n"
        "def triple(given):\n    return {'triple': FACTOR * given}\n"
        "if __name__ == '__main__':\n    name = reference_of(triple)\n    found = function_of(name)\n"
        "    print(name, found is triple, found(2), reference_of(found) == name)\n"
    )
    done = subprocess.run(
        [sys.executable, script.name], cwd=tmp_path, env=os.environ | {"PYTHONPATH": str(ROOT)}, capture_output=True,
        text=True, timeout=60,
    )  # fmt: skip
    assert done.stdout == f"{script}:triple False {{'triple': 6}} True\n", done.stderr


@pytest.mark.parametrize("function", [lambda given: {}, functools.partial(double), double.__call__])
def test_what_has_no_name_is_refused_with_the_way(function):
    with pytest.raises(ConfigError, match="process of its own, which cannot find .* write it with def at the top of a"):
        reference_of(function)


@pytest.mark.parametrize(
    "reference, told",
    [
        ("accuracy", "compute_metrics is 'accuracy'; expected a function, MODULE:NAME or FILE.py:NAME"),
        ("no_such_module:f", "compute_metrics no_such_module:f: cannot be imported .No module named"),
        ("absent.py:f", "compute_metrics absent.py:f: cannot be imported .*No such file"),
        ("broken.py:f", "compute_metrics broken.py:f: cannot be imported"),
        ("json:dumpz", "compute_metrics json:dumpz: json has no function 'dumpz'"),
    ],
)
def test_a_name_that_leads_nowhere_is_refused(reference, told):
    Path("broken.py").write_text("def f(:\n")
    with pytest.raises(ConfigError, match=told):
        function_of(reference)


def test_a_script_without_a_guard_is_told_so(tmp_path):
    Path("loops.py").write_text(
        "from tasklab import Trainer\ndef f(given): ...\n"
        "Trainer(model='txtcls_minilm_l6', train_dataset='a.tsv', eval_dataset='b.tsv').hyperparameter_search()\n"
    )
    with pytest.raises(ConfigError, match='loops.py: trains while .* below the line: if __name__ == "__main__":'):
        function_of("loops.py:f")
