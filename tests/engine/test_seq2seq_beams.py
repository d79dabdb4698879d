"""50 sources with every option beside transformers' own `generate`, see fixtures/make_seq2seq_beams.py."""

import json
from pathlib import Path

import numpy as np
import pytest

from tasklab.config.generation_section import GenerationConfig
from tasklab.config.model_section import ModelConfig
from tasklab.engine.native import SEQ2SEQ, native_decoder
from tasklab.generation.generate import generate
from tasklab.kernels import build
from tasklab.text.streamed import Streamed
from tests.generation.table import Letters
from tests.seq2seq_reference import CASES, reference, tensors_of

pytestmark = pytest.mark.skipif(build.library() is None, reason=build.why_not())

BEAMS = json.loads((Path(__file__).parents[1] / "fixtures" / "seq2seq_beams.json").read_text())


@pytest.fixture(scope="module")
def decoder():
    return native_decoder(ModelConfig(**CASES["t5"]), tensors_of("t5", reference()), head=SEQ2SEQ)


@pytest.mark.parametrize("case", [pytest.param(case, id=str(case["options"])) for case in BEAMS["cases"]])
def test_answers_are_those_of_transformers(case, decoder):
    settings, sources = GenerationConfig(), BEAMS["sources"]
    for key, value in {"max_new_tokens": BEAMS["max_new_tokens"], **case["options"]}.items():
        settings[key] = value
    prompts, stream = [[BEAMS["start"]]] * len(sources), lambda before: Streamed(Letters(), before)
    found = generate(decoder, prompts, settings, [BEAMS["end"]], 1, stream, sources=sources)
    assert [[list(one.ids) for one in several] for several in found] == [one["ids"] for one in case["answers"]]
    if case["answers"][0]["scores"]:
        expected = [one["scores"] for one in case["answers"]]
        np.testing.assert_allclose([[one.score for one in several] for several in found], expected, atol=1e-4)
