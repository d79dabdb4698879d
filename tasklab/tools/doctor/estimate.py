"""What a run will take, guessed from sizes alone: parameters, memory, seconds. Estimates, not promises."""

import math

from tasklab import kernels
from tasklab.config import Config, ModelConfig
from tasklab.data.rows.sizes import RowSizes
from tasklab.engine.length import Length

PROCESS, GRAPH = 0.55 * 2**30, 0.1 * 2**30
"""Bytes of Python with MindSpore before any weight, and of each compiled graph (measured: MindSpore 2.9, CPU)."""
POOL = 1.8
"""Bytes that MindSpore's pool holds per byte of activations (measured: 1.5 to 1.9)."""
COMPILATION, PER_LAYER = 0.7, 0.17
"""Seconds for a graph, and for each layer in it (measured: 1.7 s for MiniLM-L6, 2.7 s for BERT-base)."""
EFFICIENCY = {"fp32": 0.85, "bf16": 1.6, "": 0.3}
"""Share of a plain float32 product's speed that training reaches with kernels of a precision, or without kernels."""


def knows(model: ModelConfig) -> bool:
    """Whether the formulas below are those of its encoder: a Transformer's."""
    return model.encoder in ("bert", "albert") and bool(model.num_attention_heads and model.intermediate_size)


def fused(config: Config) -> bool:
    """Whether a CPU run with this configuration would use the fused kernels; the first call may build them."""
    return config.kernels == "auto" and kernels.available()


def parameters(model: ModelConfig) -> tuple[int, int]:
    """(all weights of the encoder, those that a token meets in its layers: shared ones count at every depth)."""
    H, I = model.hidden_size, model.intermediate_size  # noqa: E741 - the field's own letters
    layer, layers = 4 * (H * H + H) + 2 * H * I + I + H + 4 * H, model.num_hidden_layers
    rows = model.vocab_size + model.max_position_embeddings + model.type_vocab_size + 2
    if model.encoder == "albert":
        E = model.embedding_size or H
        return rows * E + E * H + H + layer, layers * layer
    return rows * H + layers * layer, layers * layer


def training_memory(config: Config, planned: tuple[int, ...], sequences: int = 1) -> float:
    """Bytes at the peak: process and one graph per planned length, weights, gradients, two moments, and the
    activations of a batch of the longest rows, each of so many `sequences`. Within 15 % of measured runs (qa_minilm_l6,
    batch 1, 12 and 24).

    All in float32, 4 bytes. Weights, gradients and moments are 16 bytes per parameter, 20 with gradient accumulation.
    Activations kept per token and layer, in floats, for hidden size H, intermediate size I, N heads, length S:
    7 H + I + N + 4 with fused kernels (of which 4 H + I are half as large in bf16), 16 H + 3 I + 16 N S with stock
    operators, H with recompute (one layer is then worked on at a time); all times POOL. A masked word adds its scores
    of the vocabulary, their logarithms, and the gradients of both (not measured).
    """
    model, train, longest = config.model, config.train, planned[-1]
    H, I, N = model.hidden_size, model.intermediate_size, model.num_attention_heads  # noqa: E741
    operands = (4 * H + I) * (0.5 if config.precision == "bf16" else 1.0)
    per_layer = 3 * H + operands + N + 4 if fused(config) else 16 * H + 3 * I + 16 * N * longest
    layers = model.num_hidden_layers
    per_token = layers * H + per_layer if config.recompute else layers * per_layer
    copies = 5 if train.gradient_accumulation_steps > 1 else 4
    tokens = train.batch_size * sequences * longest
    activations = POOL * tokens * per_token + 4 * tokens * masked(config) * model.vocab_size
    return PROCESS + GRAPH * len(planned) + 4 * (copies * parameters(model)[0] + activations)


def masked(config: Config) -> float:
    """Share of the tokens for which the whole vocabulary is scored."""
    return getattr(config.data, "masking_probability", 0.0)


def operations(model: ModelConfig, tokens: float, length: float, training: bool, asked: float = 0.0) -> float:
    """Floating point operations on `tokens` tokens in rows of `length`, of which the share `asked` is masked.

    2 per weight of the layers and token forward, twice that backward (6 in all), and attention: 4 H S per layer
    forward (Kaplan et al. 2020, table 1). For a masked token 2 per weight of the word embeddings too.
    """
    forward = 2 * parameters(model)[1] + 4 * model.num_hidden_layers * model.hidden_size * length
    forward += 2 * asked * model.vocab_size * (model.embedding_size or model.hidden_size)
    return tokens * forward * (3 if training else 1)


def compilation(config: Config, train: RowSizes, dev: RowSizes | None) -> float:
    """Seconds: a graph per planned length in training, and one in evaluations."""
    graphs = len(train.planned_lengths) + (len(dev.planned_lengths) if dev else 0)
    return graphs * (COMPILATION + PER_LAYER * config.model.num_hidden_layers)


def evaluations(config: Config, length: Length) -> int:
    """How many there are in a run, the one at its end counted."""
    every = config.train.eval_steps
    if config.train.when("eval") == "no":
        return 0
    return math.ceil(length.steps / every if config.train.when("eval") == "steps" else length.epochs / length.between)


def seconds(config: Config, sizes: RowSizes, training: bool, speed: float) -> float:
    """Seconds for all rows once, at `speed` operations per second of a plain matrix product.

    Fused kernels leave padding out, stock operators compute it too.
    """
    skips = fused(config)
    share = EFFICIENCY[config.precision if skips else ""]
    positions = sizes.tokens if skips else sizes.tokens / (1 - sizes.padding)
    length = positions / (sizes.rows * sizes.sequences)
    return operations(config.model, positions, length, training, masked(config)) / (speed * share)
