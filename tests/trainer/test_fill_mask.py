"""Blanks filled as by transformers' fill-mask pipeline with the same weights, from a folder in its layout."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from tasklab import Trainer
from tasklab.engine.runner import NetworkRunner, served
from tasklab.engine.step import CompileLog
from tasklab.model import ready_model

FIXTURES = Path(__file__).parents[1] / "fixtures"
SIZES = {
    "hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 24,
    "max_position_embeddings": 40, "type_vocab_size": 2,
}  # fmt: skip


@pytest.fixture
def folder(tmp_path):
    """As BertForPreTraining saves it: with a pooler and a head for next sentences that nobody asks here."""
    stored = np.load(FIXTURES / "fill_mask_reference.npz")
    tensors = {k.removeprefix("weight:"): stored[k].astype(np.float32) for k in stored if k.startswith("weight:")}
    more = {"bert.pooler.dense": (16, 16), "cls.seq_relationship": (2, 16)}
    for name, shape in more.items():
        tensors |= {f"{name}.weight": np.ones(shape, np.float32), f"{name}.bias": np.ones(shape[:1], np.float32)}
    path = tmp_path / "theirs"
    path.mkdir()
    save_file(tensors, path / "model.safetensors")
    shutil.copy(FIXTURES / "tiny_wordpiece_vocab.txt", path / "vocab.txt")
    size = len(stored["weight:bert.embeddings.word_embeddings.weight"])
    (path / "config.json").write_text(json.dumps({"model_type": "bert", "vocab_size": size, **SIZES}))
    return path, json.loads(stored["answers"].tobytes())


def test_words_and_scores_are_those_of_transformers(folder):
    path, expected = folder
    config = Trainer(task="fill-mask", model=str(path), overrides=["data.max_seq_length=32", "kernels=off"]).config
    model = ready_model(config, str(path))
    examples = model.task.parse([text for text, _ in expected])
    run = NetworkRunner(model.network, model.config, CompileLog(), served)
    for found, (text, masks) in zip(model.task.answer(examples, run, 5), expected, strict=True):
        per_mask = zip(*found, strict=True) if len(masks) > 1 else [found]
        for mine, theirs in zip(per_mask, masks, strict=True):
            assert [(a["token"], a["token_str"]) for a in mine] == [(token, word) for token, word, _ in theirs], text
            np.testing.assert_allclose([a["score"] for a in mine], [score for *_, score in theirs], atol=2e-6)
