"""Adapters in an encoder, in a decoder and in what it reads of the source: probabilities as with peft, and gradients.

Expected: logits of peft 0.21.2 (tests/fixtures/make_peft_reference.py), without kernels and on them.
"""

import json
from pathlib import Path

import mindspore as ms
import numpy as np
import pytest
from mindspore import Tensor

from tasklab import kernels
from tasklab.adapted import adapt
from tasklab.config import Config, LoraConfig, ModelConfig
from tasklab.config.huggingface import read_foreign
from tasklab.engine.rates import freeze
from tasklab.engine.runner import NetworkRunner, served
from tasklab.engine.step import CompileLog, GradientStep
from tasklab.networks import NETWORKS
from tasklab.nn.losses.causal import CausalLoss
from tasklab.weights.peft import Names, from_peft
from tasklab.weights.tables import find_format, to_tasklab
from tests.generation.table import Letters

STORED = np.load(Path(__file__).parents[1] / "fixtures" / "peft_reference.npz")
TARGETS = {"t5": ["query", "value", "feed_forward.output"], "bart": ["all"]}
NEEDS_KERNELS = pytest.mark.skipif(not kernels.available(), reason="fused kernels do not run here")
KERNELS = pytest.mark.parametrize("choice", ["off", pytest.param("auto", marks=NEEDS_KERNELS)])
EACH = pytest.mark.parametrize("case", TARGETS)


def stored(case, part) -> dict:
    start = f"{case}/{part}/"
    return {name.removeprefix(start): STORED[name] for name in STORED if name.startswith(start)}


@pytest.fixture
def network(tmp_path):
    """network(case, choice): peft's base with its adapters, and its configuration."""

    def made(case, choice="off"):
        (tmp_path / "config.json").write_text(str(STORED[f"{case}/config.json"]))
        entries = read_foreign(tmp_path, "config.json")
        said = {e.key.removeprefix("model."): e.value for e in entries if e.key.startswith("model.")}
        said |= {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}
        config = Config(model=ModelConfig(**said), kernels=choice, lora=LoraConfig(rank=2))
        table = find_format("huggingface", case)
        base = to_tasklab(stored(case, "base"), table, "seq2seq")[0]
        described = json.loads(str(STORED[f"{case}/adapter_config.json"]))
        own, scale = from_peft(stored(case, "adapter"), described, Names(base, table, "seq2seq"), case)
        found = NETWORKS.get("seq2seq")(config)
        adapt(found, LoraConfig(rank=2, alpha=2 * scale, targets=TARGETS[case], modules_to_save=[]), seed=1)
        values, parameters = {**base, **own}, dict(found.parameters_and_names())
        assert own.keys() == {name for name in parameters if ".lora." in name}
        for name, parameter in parameters.items():
            parameter.set_data(Tensor(np.asarray(values[name], np.float32)))
        return found.set_train(False), config

    return made


def batch(case, targets) -> dict:
    source, ids = STORED[f"{case}/input_ids"], STORED[f"{case}/decoder_input_ids"]
    return {
        "input_ids": source, "attention_mask": np.ones_like(source), "decoder_input_ids": ids,
        "target_attention_mask": np.ones_like(ids), "target_ids": targets,
    }  # fmt: skip


@KERNELS
@EACH
def test_words_are_as_probable_as_in_peft(case, choice, network, run):
    scores = STORED[f"{case}/logits"].astype(np.float64)
    scores -= scores.max(-1, keepdims=True)
    logs = scores - np.log(np.exp(scores).sum(-1, keepdims=True))
    for word in range(3, 20, 5):
        targets = np.full(STORED[f"{case}/decoder_input_ids"].shape, word, np.int32)
        (told,) = run(network(case, choice)[0], *batch(case, targets).values())
        np.testing.assert_allclose(told, logs[..., word], atol=2e-5)


@NEEDS_KERNELS
@EACH
def test_adapters_learn_alike_on_kernels_and_without(case, network, rng):
    ms.set_context(mode=ms.PYNATIVE_MODE)
    targets = rng.integers(3, 20, STORED[f"{case}/decoder_input_ids"].shape).astype(np.int32)
    given, found = {**batch(case, targets), "sample_weight": np.ones(2, np.float32)}, []
    for choice in ("off", "auto"):
        made, _ = network(case, choice)
        for name, parameter in made.parameters_and_names():
            parameter.requires_grad = ".lora." in name
        freeze(made, {})
        step = GradientStep(made.set_train(True), CausalLoss(), CompileLog())
        loss, weight, grads = step.run(given, seed=0)
        names = [parameter.name for parameter in step.parameters]
        found.append((loss / weight, {n: grad.asnumpy() for n, grad in zip(names, grads, strict=True)}))
    (loss, expected), (fused_loss, fused) = found
    assert fused_loss == pytest.approx(loss, abs=1e-5)
    assert expected.keys() == fused.keys() and all(".lora." in name for name in expected)
    assert len(expected) == {"t5": 26, "bart": 32}[case]
    for stack in ("encoder.", "decoder.", ".cross"):
        assert any(stack in name for name in expected), sorted(expected)
    for name, gradient in expected.items():
        assert np.abs(gradient).max() > 0, name
        np.testing.assert_allclose(fused[name], gradient, atol=1e-4 * np.abs(gradient).max() + 1e-6, err_msg=name)


class Words(Letters):
    eos_id = 2


@NEEDS_KERNELS
@EACH
def test_the_kernels_generate_what_peft_finds_most_probable(case, network):
    made, config = network(case, "auto")
    config.generation.max_new_tokens = 1
    runner = NetworkRunner(made, config, CompileLog(), served, Words())
    prompts, sources = STORED[f"{case}/decoder_input_ids"], STORED[f"{case}/input_ids"]
    found = runner.generate(list(prompts), config.generation, sources=list(sources))
    for row, ((one,), logits) in enumerate(zip(found, STORED[f"{case}/logits"][:, -1].astype(np.float64), strict=True)):
        assert list(one.ids)[:1] in ([int(logits.argmax())], []), row
        top = logits.max() - np.log(np.exp(logits - logits.max()).sum()) - logits.max()
        assert one.log_probabilities[0] == pytest.approx(top, abs=1e-4)
