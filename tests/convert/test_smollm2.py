"""The real weights behind smollm2_135m_instruct, where they are in the cache: nothing is fetched by a test."""

import os
from pathlib import Path

import numpy as np
import pytest
from decoder_forward import logits

from tasklab.cachedir import cache_dir
from tasklab.convert.loaded import read_model
from tasklab.weights.source import source_at

FIXTURE = Path(__file__).parents[1] / "fixtures" / "smollm2_reference.npz"
FILE = "SmolLM2-135M-Instruct.Q4_1.gguf"


def smollm2_file():
    folders = (os.environ.get("TASKLAB_TEST_SMOLLM2"), cache_dir() / "weights" / "smollm2_135m_instruct")
    return next((Path(folder) / FILE for folder in folders if folder and (Path(folder) / FILE).is_file()), None)


@pytest.mark.slow
def test_smollm2_gives_the_logits_of_transformers():
    if (file := smollm2_file()) is None:
        pytest.skip("smollm2_135m_instruct is not in the cache; name its folder in TASKLAB_TEST_SMOLLM2")
    with np.load(FIXTURE) as stored:
        expected = dict(stored)
    model = read_model(source_at("smollm2", file), trusted=True)
    found = model.description.model
    assert (found.hidden_size, found.num_hidden_layers, found.vocab_size) == (576, 30, 49152)
    assert (found.num_attention_heads, found.num_key_value_heads) == (9, 3)
    assert (found.rope_theta, found.layer_norm_eps) == (1e5, 1e-5)
    ours = logits(found, model.weights, expected["ids"])
    assert np.abs(ours[:, :, expected["columns"]] - expected["logits"]).max() < 1e-3
    np.testing.assert_allclose(np.sqrt((ours**2).mean(-1)), expected["norm"], rtol=1e-5)
    np.testing.assert_array_equal(ours.argmax(-1), expected["best"])
