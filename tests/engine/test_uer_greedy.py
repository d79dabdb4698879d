"""What UER-py's generate_seq2seq says, see fixtures/make_uer_greedy.py, beside what these networks say here."""

import json
from pathlib import Path

import numpy as np
import pytest

from tasklab.config.generation_section import GenerationConfig
from tasklab.convert.loaded import read_model
from tasklab.engine.native import SEQ2SEQ, native_decoder
from tasklab.generation.generate import generate
from tasklab.kernels import build
from tasklab.text.streamed import Streamed
from tasklab.weights.files import TensorFile
from tasklab.weights.source import source_at, weights_in
from tests.generation.table import Letters
from tests.seq2seq_reference import reference

pytestmark = pytest.mark.skipif(build.library() is None, reason=build.why_not())

GREEDY = json.loads((Path(__file__).parents[1] / "fixtures" / "uer_greedy.json").read_text())


@pytest.mark.parametrize("case", GREEDY["cases"])
def test_the_likeliest_tokens_are_those_of_uer(case, tmp_path):
    start, stored = f"{case}:weight:", reference()
    own = {name.removeprefix(start): np.float32(array) for name, array in stored.items() if name.startswith(start)}
    TensorFile(own)(tmp_path / "model.safetensors")
    (tmp_path / "config.json").write_text(str(stored[f"{case}:config"]))
    model = read_model(source_at(str(tmp_path), weights_in(tmp_path)))
    decoder = native_decoder(model.description.model, model.weights, head=SEQ2SEQ)
    sources, expected = GREEDY["sources"], GREEDY["cases"][case]
    settings = GenerationConfig(max_new_tokens=len(expected[0]) - 1)
    prompts, stream = [[said[0]] for said in expected], lambda before: Streamed(Letters(), before)
    found = generate(decoder, prompts, settings, [], 1, stream, sources=sources)
    assert [[*prompt, *one.ids] for prompt, (one,) in zip(prompts, found, strict=True)] == expected
