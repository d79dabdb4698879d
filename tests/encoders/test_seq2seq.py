"""Encoder-decoders against what transformers computed (tests/fixtures/make_seq2seq_reference.py)."""

from pathlib import Path

import mindspore as ms
import numpy as np
import pytest
from mindspore import Tensor

from tasklab import kernels
from tasklab.config import Config, ModelConfig
from tasklab.engine.rates import freeze
from tasklab.engine.step import CompileLog, GradientStep
from tasklab.errors import ConfigError
from tasklab.networks import NETWORKS
from tasklab.nn.losses.causal import CausalLoss, causal_loss
from tasklab.weights.tables import FORMATS, to_tasklab

FIXTURE = Path(__file__).parents[1] / "fixtures" / "seq2seq_reference.npz"
SIZES = {
    "vocab_size": 40, "hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 32,
    "max_position_embeddings": 24, "hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0,
}  # fmt: skip
T5 = {
    **SIZES, "num_decoder_layers": 3, "head_size": 5, "embeddings": ["word"], "embedding_norm": False, "norm": "rms",
    "norm_position": "pre", "layer_norm_eps": 1e-6, "relative_positions": True, "relative_attention_num_buckets": 8,
    "relative_attention_max_distance": 16, "scale_attention": False, "use_bias": False, "hidden_act": "relu",
    "decoder_start_token_id": 0,
}  # fmt: skip
GATED = {**T5, "feed_forward": "gated", "hidden_act": "gelu_new", "tie_word_embeddings": False}
BART = {
    **SIZES, "num_decoder_layers": 1, "embeddings": ["word", "pos"], "layer_norm_eps": 1e-5,
    "decoder_start_token_id": 2,
}  # fmt: skip
CASES = {
    "t5": {**T5, "scale_decoder_outputs": True}, "t5_gated": GATED, "mt5": GATED, "bart": BART,
    "bart_scaled": {**BART, "scale_embedding": True, "hidden_act": "relu", "final_logits_bias": True},
    "pegasus": {**BART, "scale_embedding": True, "norm_position": "pre", "embedding_norm": False},
}  # fmt: skip
GRAPH = pytest.param(ms.GRAPH_MODE, marks=pytest.mark.slow)
FUSED = pytest.mark.skipif(not kernels.available(), reason="fused kernels do not run here")
BOTH_MODES = pytest.mark.parametrize("mode", [GRAPH, ms.PYNATIVE_MODE], ids=["graph", "pynative"])


@pytest.fixture(scope="module")
def reference():
    with np.load(FIXTURE) as file:
        return dict(file)


def filled(case, reference, choice="off", **more):
    """The network with the weights of the case."""
    start = f"{case}:weight:"
    own = {name.removeprefix(start): array for name, array in reference.items() if name.startswith(start)}
    table = FORMATS.get(f"huggingface_{case.replace('m', '').split('_')[0]}")
    tensors, unknown = to_tasklab(own, table, "seq2seq")
    assert not unknown
    rate = more.get("dropout", 0.0)
    rates = {"hidden_dropout_prob": rate, "attention_probs_dropout_prob": rate}
    config = Config(model=ModelConfig(**{**CASES[case], **rates}), kernels=choice)
    config.loss.label_smoothing = more.get("label_smoothing", 0.0)
    network = NETWORKS.get("seq2seq")(config)
    for name, parameter in network.parameters_and_names():
        parameter.set_data(Tensor(np.asarray(tensors[name], np.float32)))
    return network.set_train(False)


def log_probabilities(reference, case):
    """[B, T, V] float64 of transformers' logits."""
    scores = reference[f"{case}:logits"].astype(np.float64)
    top = scores.max(-1, keepdims=True)
    return scores - top - np.log(np.exp(scores - top).sum(-1, keepdims=True))


def batch(reference, targets):
    ids = reference["decoder_input_ids"]
    lengths = np.where(targets >= 0, 1, 0).astype(np.int32)
    return reference["input_ids"], reference["attention_mask"], ids, lengths, targets


def asked(reference):
    """Words asked for, -1 in the padding."""
    targets = np.random.default_rng(3).integers(0, 40, reference["decoder_input_ids"].shape).astype(np.int32)
    targets[1, 9:] = targets[2, 4:] = -1
    return targets


@pytest.mark.parametrize("choice", ["off", "auto"])
@BOTH_MODES
@pytest.mark.parametrize("case", CASES)
def test_words_are_as_probable_as_in_transformers(case, mode, choice, reference, run):
    ms.set_context(mode=mode)
    targets = asked(reference)
    (told,) = run(filled(case, reference, choice), *batch(reference, targets))
    expected = np.take_along_axis(log_probabilities(reference, case), targets.clip(0)[..., None], -1)[..., 0]
    np.testing.assert_allclose(told, np.where(targets >= 0, expected, 0), atol=2e-5)


@pytest.mark.parametrize("choice", ["auto", "off"])
def test_label_smoothing_has_the_mean_over_all_words(choice, reference, run):
    targets = asked(reference)
    network = filled("bart_scaled", reference, choice, label_smoothing=0.1)
    told, mean = run(network, *batch(reference, targets))
    every = log_probabilities(reference, "bart_scaled").mean(-1)
    np.testing.assert_allclose(mean, np.where(targets >= 0, every, 0), atol=2e-5)
    weight = np.ones(3, np.float32)
    total, count = run(causal_loss(0.1), told, mean, targets, weight)
    assert count == (targets >= 0).sum()
    assert total == pytest.approx(-(0.9 * told + 0.1 * mean).sum(), rel=1e-5)


def test_padding_of_source_and_target_changes_nothing(reference, run):
    targets = asked(reference)
    network, given = filled("t5", reference), batch(reference, targets)
    ids, mask, decoder_ids = (array.copy() for array in given[:3])
    ids[mask == 0], decoder_ids[targets < 0] = 39, 0
    (told,) = run(network, *given)
    (other,) = run(network, ids, mask, decoder_ids, *given[3:])
    np.testing.assert_allclose(other, told, atol=1e-5)


def test_a_vocabulary_of_the_decoders_own():
    network = NETWORKS.get("seq2seq")(Config(model=ModelConfig(**{**T5, "decoder_vocab_size": 7}), kernels="off"))
    shapes = {name: parameter.shape for name, parameter in network.parameters_and_names()}
    assert shapes["decoder.embeddings.word.weight"] == (7, 16)
    assert not any(name.startswith("head.") for name in shapes)  # the decoder's words tell the next one


@pytest.mark.parametrize(
    "settings, told",
    [
        ({"mask": "causal"}, "model.mask is causal; every token of a source sees all others"),
        ({"encoder": "gpt"}, "model.encoder is gpt; a decoder reads the states of one of: bert, rnn, lstm, gru, birnn"),
        ({"embedding_size": 8}, "model.embedding_size is 8; words are told by vectors of hidden_size 16"),
    ],
)
def test_what_is_no_encoder_decoder_is_refused(settings, told):
    with pytest.raises(ConfigError, match=told):
        NETWORKS.get("seq2seq")(Config(model=ModelConfig(**{**T5, **settings})))


def pairs(reference, number=0):
    """A batch of a training step."""
    ids = ((reference["decoder_input_ids"] + number) % 40).astype(np.int32)
    return {
        "input_ids": (reference["input_ids"] + number) % 40, "attention_mask": reference["attention_mask"],
        "decoder_input_ids": np.ascontiguousarray(ids[:, :-1]), "target_ids": np.ascontiguousarray(ids[:, 1:]),
        "target_attention_mask": np.ones_like(ids[:, 1:]), "sample_weight": np.ones(3, np.float32),
    }  # fmt: skip


@FUSED
@pytest.mark.parametrize("case", ["t5_gated", "bart", "pegasus"])
def test_the_kernel_drops_what_the_operators_drop_and_learns_the_same(case, reference):
    steps = []
    for choice in ("off", "auto"):
        network = filled(case, reference, choice, dropout=0.2)
        steps.append(GradientStep(network, CausalLoss(), CompileLog()))
    (loss, count, grads), (other, _, others) = (step.run(pairs(reference), seed=7) for step in steps)
    assert other == pytest.approx(loss, rel=1e-5) and count == 3 * pairs(reference)["target_ids"].shape[1]
    for parameter, want, got in zip(steps[0].parameters, grads, others, strict=True):
        want = want.asnumpy()
        np.testing.assert_allclose(got.asnumpy(), want, atol=3e-5 * max(1, np.abs(want).max()), err_msg=parameter.name)


@FUSED
def test_a_frozen_part_leaves_the_other_gradients_as_they_are(reference):
    whole, part = (GradientStep(filled("bart", reference, "auto"), CausalLoss(), CompileLog()) for _ in range(2))
    grads = dict(zip((p.name for p in whole.parameters), whole.run(pairs(reference), seed=0)[2], strict=True))
    freeze(part.summed_loss.network, {"cross_attention": 0.0, "decoder.embeddings": 0.0})
    part = GradientStep(part.summed_loss.network, CausalLoss(), CompileLog())
    still = [name for name in grads if "cross_attention." in name or "decoder.embeddings" in name]
    assert len(still) > 8 and {p.name for p in part.parameters} == set(grads) - set(still)
    for parameter, got in zip(part.parameters, part.run(pairs(reference), seed=0)[2], strict=True):
        assert np.array_equal(got.asnumpy(), grads[parameter.name].asnumpy()), parameter.name


@pytest.mark.slow
@pytest.mark.parametrize("choice", ["off", "auto"])
@pytest.mark.parametrize("case", ["t5", "t5_gated", "bart"])
def test_losses_of_fifty_steps_are_those_of_pytorch(case, choice, reference):
    ms.set_context(mode=ms.GRAPH_MODE)
    step, got = GradientStep(filled(case, reference, choice), CausalLoss(), CompileLog()), []
    for number in range(50):
        loss, count, grads = step.run(pairs(reference, number), seed=0)
        got.append(loss / count)
        for parameter, gradient in zip(step.parameters, grads, strict=True):
            parameter.set_data(Tensor(parameter.asnumpy() - 0.05 * gradient.asnumpy() / count))
    np.testing.assert_allclose(got, reference[f"{case}:losses"], atol=1e-4)
