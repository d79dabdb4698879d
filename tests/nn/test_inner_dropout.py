"""Dropout inside a feed-forward and behind the last norm, where T5 has it: parts and kernel drop alike."""

import mindspore as ms
import numpy as np
import pytest
from mindspore import Tensor

from tasklab import kernels
from tasklab.config import Config, ModelConfig
from tasklab.networks import NETWORKS
from tasklab.nn.blocks.dropout import Dropout, bind_dropout, dropped
from tasklab.nn.blocks.transformer import FeedForward

SIZES = {
    "vocab_size": 11, "hidden_size": 8, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 12,
    "decoder_start_token_id": 0, "embeddings": ["word"], "embedding_norm": False, "norm": "rms", "norm_position": "pre",
    "use_bias": False, "hidden_act": "relu", "relative_positions": True,
}  # fmt: skip
RATES = ("hidden", "attention_probs", "activation", "final")


def filled(cell, seed=0):
    rng = np.random.default_rng(seed)
    for parameter in cell.trainable_params():
        parameter.set_data(Tensor((0.5 * rng.standard_normal(parameter.shape)).astype(np.float32)))
    return cell


@pytest.mark.parametrize("gated", [False, True])
def test_a_feed_forward_drops_what_its_last_dense_reads(gated, run, rng):
    cell = filled(FeedForward(4, 6, "relu", gated, bias=False, dropout=0.5)).set_train(True)
    bind_dropout(cell).set_data(Tensor(7, ms.int32))
    x = rng.standard_normal((2, 3, 4)).astype(np.float32)
    up, down = cell.intermediate.weight.asnumpy(), cell.output.weight.asnumpy()
    inner = np.maximum(x @ cell.gate.weight.asnumpy().T, 0) * (x @ up.T) if gated else np.maximum(x @ up.T, 0)
    kept = dropped(inner, 0.5, 7 + 0x9E3779B9)  # of site 0
    assert 0 < (kept == 0).sum() - (inner == 0).sum()
    np.testing.assert_allclose(run(cell, x), kept @ down.T, atol=1e-5)


def network(choice, **rates):
    model = ModelConfig(**{**SIZES, **{f"{name}_dropout_prob": rates.get(name, 0.0) for name in RATES}})
    return filled(NETWORKS.get("seq2seq")(Config(model=model, kernels=choice))).set_train(True)


def batch():
    rng = np.random.default_rng(5)
    ids, decoder_ids = (rng.integers(0, 11, (2, size)).astype(np.int32) for size in (6, 5))
    mask, target_mask = np.ones_like(ids), np.ones_like(decoder_ids)
    mask[1, 4:], target_mask[1, 3:] = 0, 0
    return ids, mask, decoder_ids, target_mask, np.where(target_mask, decoder_ids, -1).astype(np.int32)


@pytest.mark.skipif(not kernels.available(), reason="fused kernels do not run here")
def test_kernels_drop_what_the_parts_drop(run):
    rates = dict.fromkeys(RATES, 0.3)
    told, seeds = [], (3, 4)
    for choice in ("off", "auto"):
        one = network(choice, **rates)
        for seed in seeds:
            bind_dropout(one).set_data(Tensor(seed, ms.int32))
            told.append(run(one, *batch())[0])
    np.testing.assert_allclose(told[2:], told[:2], atol=2e-5)
    assert np.abs(told[0] - told[1]).max() > 0.01


def test_only_what_is_asked_for_is_numbered():
    """One more dropout would give all behind it other masks: a run of before would not go on as it began."""
    count = {name: _drops(network("off", **{name: 0.1})) for name in RATES}
    assert count["activation"] == 4 and count["final"] == 2  # 2 + 2 layers; two stacks
    plain = len([cell for _, cell in network("off").cells_and_names() if isinstance(cell, Dropout)])
    both = network("off", activation=0.1, final=0.1)
    assert len([cell for _, cell in both.cells_and_names() if isinstance(cell, Dropout)]) == plain + 6


def _drops(cell):
    return len([one for _, one in cell.cells_and_names() if isinstance(one, Dropout) and one.p])
