"""Every encoder at the smallest size, and a batch of rows of several lengths."""

import numpy as np

from tasklab.config import Config, ModelConfig
from tasklab.encoders import ENCODERS, build_encoder
from tasklab.nn.init import initialize

LENGTHS = (6, 3)
VALUES = {"num_attention_heads": 2, "intermediate_size": 12}


def model(name, **changes) -> ModelConfig:
    sizes = {"vocab_size": 11, "hidden_size": 8, "num_hidden_layers": 2, "max_position_embeddings": 8}
    needed = {key: VALUES[key] for key in ENCODERS.get(name).needs}
    return ModelConfig(encoder=name, hidden_dropout_prob=0.0, **{**sizes, **needed, **changes})


def built(name, kernels="off", **changes):
    network = build_encoder(Config(model=model(name, **changes), kernels=kernels), pooler=True)
    initialize(network, seed=0, std=0.3)
    return network.set_train(False)


def batch(rng):
    mask = (np.arange(max(LENGTHS)) < np.array(LENGTHS)[:, None]).astype(np.int32)
    types = (np.arange(max(LENGTHS)) >= 1).astype(np.int32) * mask
    return [(rng.integers(1, 11, mask.shape) * mask).astype(np.int32), mask, types]
