"""A processor whose bfloat16 products are slower than float32's is told, once, with what to set instead."""

import logging
from types import SimpleNamespace

import pytest

from tasklab import kernels
from tasklab.kernels import build


@pytest.mark.parametrize(
    ("flags", "has", "fast"),
    [
        ("flags : avx2 avx512f avx512_bf16", True, False),
        ("flags : avx512f avx512_bf16 amx_bf16 amx_tile", True, True),
        ("Features : asimd bf16", True, True),
        ("model name : bf16maker\nflags : avx2 avx512f", False, False),
    ],
)
def test_flags_tell_whether_there_are_products_and_units_for_them(flags, has, fast):
    assert build.bf16_of(flags) == (has, fast)


def library(**has):
    return lambda: SimpleNamespace(has_gemm=True, **has)


@pytest.mark.parametrize(("has", "fast", "slow"), [(True, False, True), (True, True, False), (False, False, False)])
def test_a_run_in_bf16_is_warned_once_and_only_there(has, fast, slow, monkeypatch, caplog):
    from tasklab.config import Config
    from tasklab.session import refusals

    monkeypatch.setattr(build, "library", library(has_bf16=has, has_fast_bf16=fast))
    monkeypatch.setattr(refusals, "_why_no_bf16", lambda config: "")
    monkeypatch.setattr(refusals.device, "prepare", lambda config: None)
    refusals._warn_of_slow_products.cache_clear()
    caplog.set_level(logging.WARNING, "tasklab")
    for precision in ("fp32", "bf16", "bf16"):
        refusals.prepare_device(Config(precision=precision), training=True)
    told = [record.message for record in caplog.records if "bfloat16" in record.message]
    assert len(told) == slow and bool(kernels.slow_bf16()) is slow
    assert not told or told[0].endswith("compare a few steps of both (train.max_steps=20), or set precision=fp32")
    refusals._warn_of_slow_products.cache_clear()


def test_doctor_tells_it(monkeypatch, capsys):
    from tasklab.cli import main
    from tasklab.tools.doctor import env

    monkeypatch.setattr(env, "TRIAL", "pass")
    monkeypatch.setattr(build, "library", library(has_bf16=True, has_fast_bf16=False))
    assert main(["doctor", "env"]) == 0
    assert "with bf16 products; precision=fp32 may be faster: this processor has avx512_bf16" in capsys.readouterr().out
