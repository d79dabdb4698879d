"""The network in memory as a runner: rows sorted by length so that little is padded, every one served once."""

import functools
import threading
from collections.abc import Callable, Sequence

import numpy as np
from mindspore import Tensor, nn

from tasklab.config import Config
from tasklab.config.generation_section import GenerationConfig
from tasklab.console import bar
from tasklab.data.rows.buckets import Planned, eval_batches, plan_axes
from tasklab.data.rows.protocol import Rows
from tasklab.engine.generating import generated
from tasklab.engine.graph_decoder import GraphDecoder
from tasklab.engine.native import CAUSAL, PREFIX, SEQ2SEQ, native_decoder, why_not
from tasklab.engine.step import CompileLog, forward
from tasklab.generation.protocol import Decoder, Generated
from tasklab.kernels.decoder_shape import FORMATS
from tasklab.nn.compat import Dense, on_cpu
from tasklab.nn.heads.prefix import PrefixNetwork
from tasklab.nn.heads.seq2seq import Seq2SeqNetwork
from tasklab.runner import RowOutputs

HEADS = {Seq2SeqNetwork: SEQ2SEQ, PrefixNetwork: PREFIX}
"""Of networks that generate; all others are causal."""
STEPS = (16, 32, 64, 128, 256)
"""Padded lengths for single requests, where no histogram exists; the longest one follows from the row itself."""


class NetworkRunner:
    """Runs a network without dropout.

    Args:
        config: says how many rows run at a time, and how long they may be.
        plan: (rows, config) -> padded lengths of each axis; `planned` for many rows, `served` for a few at any time.
        tokenizer: of a network that generates.
    """

    def __init__(self, network: nn.Cell, config: Config, compiles: CompileLog, plan: Callable, tokenizer=None):
        self.network, self.config, self.compiles, self.plan = network, config, compiles, plan
        self.tokenizer = tokenizer
        self._turn = threading.Lock()  # of the network and all slots of its decoder

    def __call__(self, rows: Rows) -> RowOutputs:
        size = padded_rows(len(rows), self.config.evaluate.batch_size)
        with bar(len(rows), "row") as move:
            for batch in eval_batches(rows.lengths, self.plan(rows, self.config), size):
                columns = rows.batch(batch.rows, batch.lengths, size, self.network.inputs)
                with self._turn:
                    outputs = forward(self.network, columns, self.compiles)
                yield batch.rows, tuple(output[: len(batch.rows)] for output in outputs)
                move(len(batch.rows))

    def compare(self, first: np.ndarray, second: np.ndarray) -> np.ndarray:
        """See `tasklab.runner.Comparer`; the network is a `SiameseNetwork`."""
        self.network.set_train(False)
        return self.network.compare(Tensor(first), Tensor(second)).asnumpy()

    def generate(
        self, prompts: Sequence[np.ndarray], settings: GenerationConfig,
        emit: Callable[[int, str], object] | None = None, sources: Sequence[np.ndarray] = (), retry: int = 0,
    ) -> list[list[Generated]]:  # fmt: skip
        """See `engine.generating`; the network is one of the head `causal` or `seq2seq`."""
        seed = self.config.seed + retry
        with self._turn:
            return generated(self._decoder(), self.tokenizer, seed, prompts, settings, emit, sources)

    def _decoder(self) -> Decoder:
        """The kernels' with a copy of the weights as they are now, tens of times faster where it can be had."""
        model, config = self.config.model, self.config
        head = next((name for kind, name in HEADS.items() if isinstance(self.network, kind)), CAUSAL)
        if config.kernels == "auto" and on_cpu() and not why_not(model, head):
            precision = config.precision if config.precision in FORMATS else "fp32"
            return native_decoder(model, _Weights(self.network), precision, head)
        return self._graph_decoder

    @functools.cached_property
    def _graph_decoder(self) -> GraphDecoder:
        return GraphDecoder(self.network, self.config.model.max_tokens, self.compiles)


class _Weights(dict):
    """A network's parameters by name, as NumPy arrays when they are asked for; those of a Dense with its adapter."""

    def __init__(self, network: nn.Cell):
        super().__init__(network.parameters_and_names())
        cells = ((name, cell) for name, cell in network.cells_and_names() if isinstance(cell, Dense))
        self._beside = {f"{name}.weight": cell.lora for name, cell in cells if cell.lora is not None}

    def __getitem__(self, name: str) -> np.ndarray:
        weight, adapter = super().__getitem__(name).asnumpy(), self._beside.get(name)
        return weight if adapter is None else weight + adapter.b.asnumpy() * adapter.scale @ adapter.a.asnumpy()


def padded_rows(count: int, batch_size: int) -> int:
    """Rows in a batch of `count` real ones: full size in long runs, else the next power of two, to reuse graphs."""
    return batch_size if count >= batch_size else min(batch_size, 1 << (count - 1).bit_length())


def planned(rows: Rows, config: Config) -> Planned:
    """Lengths that suit these rows."""
    return plan_axes(rows.lengths, config.data.num_buckets, config.data.max_length)


def served(rows: Rows, config: Config) -> Planned:
    """A fixed ladder of lengths as far as these rows need it, so that a long-lived predictor compiles each graph
    once."""
    longest = {axis: int(own.max()) for axis, own in rows.lengths.items()}
    return {axis: serving_lengths(most, config.data.max_length(axis)) for axis, most in longest.items()}


def serving_lengths(longest: int, max_seq_length: int) -> tuple[int, ...]:
    ladder = tuple(step for step in STEPS if step < max_seq_length) + (max_seq_length,)
    return tuple(step for step in ladder if step < longest) + tuple(step for step in ladder if step >= longest)[:1]
