"""What `tasklab doctor env` tells about this machine and about a broken one."""

import sys
from importlib import metadata
from pathlib import Path

from tasklab.cli import main
from tasklab.tools.doctor import env


def test_a_working_machine_passes_and_names_packages_cores_and_places(capsys, monkeypatch):
    monkeypatch.setattr(env, "TRIAL", "pass")  # importing MindSpore takes seconds
    Path("checkpoints/bert_tiny").mkdir(parents=True)
    Path("checkpoints/bert_tiny/model.safetensors").touch()
    assert main(["doctor", "env"]) == 0
    out = capsys.readouterr().out
    for name in ("mindspore", "tokenizers"):
        assert f"  {name:14} {metadata.version(name)}\n" in out
    assert "mindspore       works; loading takes " in out
    assert "cores usable " in out and "fused kernels" in out and "found: bert_tiny" in out
    assert f"Python {sys.version.split()[0]}" in out


def test_what_is_missing_or_broken_is_told_with_a_remedy(capsys, monkeypatch):
    monkeypatch.setattr(env, "TRIAL", "raise ImportError('libdnnl.so.3 is missing')")
    monkeypatch.setattr(env, "REQUIRED", ("numpy", "no-such-package"))
    monkeypatch.setattr(env, "OPTIONAL", ("no-such-extra",))
    assert main(["doctor", "env"]) == 1
    out = capsys.readouterr().out
    assert "  no-such-package missing: pip install no-such-package\n" in out
    assert "  no-such-extra  missing (optional)\n" in out
    assert "mindspore       does not work: ImportError: libdnnl.so.3 is missing; install tasklab again" in out
