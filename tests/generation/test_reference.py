"""Every option beside transformers' own `generate`, see fixtures/make_generation_reference.py."""

import json
from pathlib import Path

import numpy as np
import pytest

from tasklab.config.generation_section import GenerationConfig
from tasklab.generation.choosing import Choice
from tasklab.generation.generate import generate
from tasklab.text.streamed import Streamed
from tests.generation.table import Letters, Table

REFERENCE = json.loads((Path(__file__).parents[1] / "fixtures/generation_reference.json").read_text())
PROMPT, SIZE, END = REFERENCE["prompt"], REFERENCE["vocab_size"], REFERENCE["end"]
CASES = [(f"{case['options']} {case['seed']}", case) for case in REFERENCE["cases"]]


def table_of(seed: int) -> np.ndarray:
    """As the script makes it."""
    table = np.random.default_rng(seed).standard_normal((SIZE, SIZE, SIZE)).astype(np.float32) * 2
    table[:, :, END] += 1
    return table


def settings_of(case) -> GenerationConfig:
    found = GenerationConfig()
    for key, value in {"max_new_tokens": 12, **case["options"]}.items():
        found[key] = value
    return found


@pytest.mark.parametrize("case", [pytest.param(c, id=name) for name, c in CASES if "ids" in c])
def test_answers_are_those_of_transformers(case):
    stream = lambda before: Streamed(Letters(), before)  # noqa: E731
    (found,) = generate(Table(table_of(case["seed"])), [PROMPT], settings_of(case), [END], 1, stream)
    assert [list(one.ids) for one in found] == case["ids"]
    if case["scores"]:
        assert [one.score for one in found] == pytest.approx(case["scores"], rel=1e-6)  # theirs are float32


@pytest.mark.parametrize("case", [pytest.param(c, id=name) for name, c in CASES if "probabilities" in c])
def test_draws_are_among_what_transformers_leaves_and_as_likely(case):
    choice = Choice(settings_of(case), PROMPT, [END], 1, 0)
    tokens, likely = choice.kept(choice.allowed(table_of(case["seed"])[PROMPT[-2], PROMPT[-1]]))
    found = np.zeros(SIZE)
    found[tokens] = likely / likely.sum()
    np.testing.assert_allclose(found, case["probabilities"], atol=1e-6)
