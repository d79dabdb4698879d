"""A causal Transformer that reads tokens and gives logits, one call into C++ per step, with caches of its own.

Nothing here or in C++ needs MindSpore. The numbers of a row are the same bits alone and in any batch, in one call and
token by token, in any slot: src/panels.h says how.
"""

import ctypes
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from tasklab.kernels import build

FORMATS = {"fp32": 0, "bf16": 1, "int8": 2}
"""How the weights of products lie in memory; sums are float32 in all. int8: per output and 32 inputs one scale.
A matrix of fp32 that bf16 holds exactly lies there as such, with the same results."""

ACTIVATIONS = {
    "gelu": 0, "gelu_new": 1, "gelu_pytorch_tanh": 1, "relu": 2, "silu": 3, "swish": 3,
}  # fmt: skip

MATRICES = (
    "attention.query", "attention.key", "attention.value", "attention.output",
    "feed_forward.gate", "feed_forward.intermediate", "feed_forward.output", "embeddings.word", "vocabulary",
)  # fmt: skip
"""In the order of MatrixName in src/decoder.h."""
VECTORS = (
    *(f"{name}.bias" for name in MATRICES[:7]), "attention_norm.weight", "attention_norm.bias",
    "feed_forward_norm.weight", "feed_forward_norm.bias", "embeddings.norm.weight", "embeddings.norm.bias",
    "norm.weight", "norm.bias", "vocabulary.bias", "embeddings.position.weight", "cosines", "sines",
)  # fmt: skip
"""In the order of VectorName."""

BLOCK = 1 << 20
"""Weights that are taken over at a time, 4 MB."""
SLOTS = 65_536
"""One more than the highest number of a slot."""


@dataclass(frozen=True)
class DecoderShape:
    """What the network is made of. positions: tokens that a slot may hold, prompt included."""

    vocab_size: int
    hidden_size: int
    num_hidden_layers: int
    num_attention_heads: int
    num_key_value_heads: int
    head_size: int
    intermediate_size: int
    positions: int
    hidden_act: str = "gelu_new"
    gated: bool = False
    rms: bool = False
    norm_first: bool = True  # False: behind each sum, as in BERT
    embedding_norm: bool = False
    learned_positions: bool = True
    rotary: bool = False
    tied: bool = True  # logits by the table of words
    eps: float = 1e-5
    score_scale: float | None = None  # None: 1 / sqrt(head_size)

    def __post_init__(self):
        for name in self.__dataclass_fields__:
            if self.__dataclass_fields__[name].type is int and getattr(self, name) < 1:
                raise ValueError(f"{name} is {getattr(self, name)}; expected at least 1")
        if self.num_attention_heads % self.num_key_value_heads:
            raise ValueError(
                f"num_attention_heads {self.num_attention_heads} is not a multiple of num_key_value_heads "
                f"{self.num_key_value_heads}"
            )
        if self.rotary and self.head_size % 2:
            raise ValueError(f"rotary positions turn pairs, and head_size {self.head_size} is odd")
        if self.hidden_act not in ACTIVATIONS:
            raise ValueError(f"hidden_act is {self.hidden_act!r}; expected one of: {', '.join(ACTIVATIONS)}")

    def tensors(self) -> dict[str, tuple[tuple[int, ...], bool]]:
        """Name in MATRICES (with .weight) or VECTORS, {} the layer's number -> shape, and whether it may be absent."""
        H, I, V, P = self.hidden_size, self.intermediate_size, self.vocab_size, self.positions  # noqa: E741
        Q, K = (heads * self.head_size for heads in (self.num_attention_heads, self.num_key_value_heads))
        sizes = [
            ("attention.query", Q, H), ("attention.key", K, H), ("attention.value", K, H),
            ("attention.output", H, Q), ("feed_forward.intermediate", I, H), ("feed_forward.output", H, I),
        ]  # fmt: skip
        sizes += [("feed_forward.gate", I, H)] if self.gated else []
        found = {"embeddings.word.weight": ((V, H), False)}
        for name, outputs, inputs in sizes:
            found[f"layers.{{}}.{name}.weight"] = (outputs, inputs), False
            found[f"layers.{{}}.{name}.bias"] = (outputs,), True
        norms = ["layers.{}.attention_norm", "layers.{}.feed_forward_norm"]
        norms += (["norm"] if self.norm_first else []) + (["embeddings.norm"] if self.embedding_norm else [])
        for name in norms:
            found[f"{name}.weight"] = (H,), False
            if not self.rms:
                found[f"{name}.bias"] = (H,), False
        if self.learned_positions:
            found["embeddings.position.weight"] = (P, H), False
        if self.rotary:
            found["cosines"] = found["sines"] = (P, self.head_size // 2), False
        if not self.tied:
            found["vocabulary.weight"] = (V, H), False
        found["vocabulary.bias"] = (V,), True
        return found


class NativeDecoder:
    """Weights and caches in C++. A slot holds the tokens of one text; slots are made when first named.

    tensors: arrays by the names of `DecoderShape.tensors`; each is asked for once and not kept, so a mapping may read
    or compute them when asked. Anything with `shape` and rows by slices will do: few rows are taken at a time.
    Raises: RuntimeError where no library could be built, KeyError and ValueError for tensors that are missing or of
    another shape, MemoryError.
    """

    def __init__(self, shape: DecoderShape, tensors: Mapping[str, np.ndarray], precision: str = "fp32"):
        if precision not in FORMATS:
            raise ValueError(f"precision is {precision!r}; expected one of: {', '.join(FORMATS)}")
        self._library = _library()
        self.shape, self.precision = shape, precision
        self.vocab_size, self.max_length = shape.vocab_size, shape.positions
        self._lock = threading.Lock()  # ctypes lets other threads run
        self._handle = self._library.tasklab_decoder_new(ctypes.byref(_Shape.of(shape, precision)))
        if not self._handle:
            raise MemoryError(f"no memory for the weights of {shape}")
        for name, (size, optional) in shape.tensors().items():
            layers = range(shape.num_hidden_layers) if "{}" in name else (None,)
            for layer in layers:
                full = name if layer is None else name.format(layer)
                if optional and full not in tensors:
                    continue
                self._set(name.removeprefix("layers.{}."), -1 if layer is None else layer, full, size, tensors[full])

    def _set(self, name: str, layer: int, full: str, size: tuple[int, ...], values):
        if tuple(values.shape) != size:
            raise ValueError(f"{full} has the shape {tuple(values.shape)}; expected {size}")
        if name in VECTORS:
            values = np.ascontiguousarray(values[:], np.float32)
            number = VECTORS.index(name)
            if self._library.tasklab_decoder_vector(self._handle, number, layer, _pointer(values), values.size):
                raise MemoryError(f"no memory for {full}")
            return
        number, step = MATRICES.index(name.removesuffix(".weight")), max(1, BLOCK // size[1])
        for first in range(0, size[0], step):
            block = np.ascontiguousarray(values[first : first + step], np.float32)
            if block.shape != (min(step, size[0] - first), size[1]):
                raise ValueError(f"{full} gave {block.shape} for rows {first} to {min(first + step, size[0])}")
            call = self._library.tasklab_decoder_matrix
            if call(self._handle, number, layer, _pointer(block), first, len(block)):
                raise MemoryError(f"no memory for {full}")

    def extend(self, slots: Sequence[int], tokens: Sequence[Sequence[int]]) -> np.ndarray:
        """Reads one or more tokens into each of several slots; logits [R, V] float32 behind each one's last token.

        Raises: ValueError for a slot named twice, no tokens, ids outside the vocabulary, more tokens than max_length.
        """
        return self._extend(slots, tokens, everywhere=False)[0]

    def scores(self, slots: Sequence[int], tokens: Sequence[Sequence[int]]) -> list[np.ndarray]:
        """As extend, with the logits behind every token: R arrays [n, V]."""
        logits, counts = self._extend(slots, tokens, everywhere=True)
        return np.split(logits, np.cumsum(counts)[:-1])

    def _extend(self, slots, tokens, everywhere):
        slots = self._slots(slots)
        if len(np.unique(slots)) != len(slots):
            raise ValueError(f"slots {slots.tolist()} name one twice")
        if len(slots) != len(tokens):
            raise ValueError(f"{len(slots)} slots and {len(tokens)} rows of tokens")
        rows = [np.asarray(row, np.int64).reshape(-1) for row in tokens]
        counts = np.array([len(row) for row in rows], np.int64)
        flat = np.concatenate(rows) if rows else np.zeros(0, np.int64)
        if len(rows) == 0 or counts.min() == 0:
            raise ValueError("there is a row without tokens; each needs at least one")
        if flat.min() < 0 or flat.max() >= self.vocab_size:
            raise ValueError(f"token ids go from {flat.min()} to {flat.max()}; expected 0 to {self.vocab_size - 1}")
        with self._lock:
            for slot, count in zip(slots.tolist(), counts.tolist(), strict=True):
                if self._length(slot) + count > self.max_length:
                    raise ValueError(
                        f"slot {slot} holds {self._length(slot)} tokens, {count} more are beyond max_length "
                        f"{self.max_length}"
                    )
            logits = np.empty((len(flat) if everywhere else len(rows), self.vocab_size), np.float32)
            flat = flat.astype(np.int32)
            failed = self._library.tasklab_decoder_extend(
                self._handle, len(rows), _pointer(slots), _pointer(counts), _pointer(flat), everywhere, _pointer(logits)
            )
        if failed:
            raise MemoryError(f"no memory for {counts.sum()} more tokens in {len(rows)} slots")
        return logits, counts

    def copy(self, sources: Sequence[int], targets: Sequence[int], lengths: Sequence[int]):
        """The first lengths[i] tokens of sources[i] become targets[i], all at once, so a permutation is safe.

        Costs no memory: slots share what they have in common until one of them goes on.
        Raises: ValueError for a target named twice and for more tokens than a source holds.
        """
        sources, targets, lengths = self._slots(sources), self._slots(targets), np.asarray(lengths, np.int64)
        if not len(sources) == len(targets) == len(lengths) or len(np.unique(targets)) != len(targets):
            raise ValueError(f"cannot copy {sources.tolist()} to {targets.tolist()}, {lengths.tolist()} tokens")
        with self._lock:
            self._check(sources, lengths)
            if self._library.tasklab_decoder_copy(
                self._handle, len(sources), _pointer(sources), _pointer(targets), _pointer(lengths)
            ):
                raise MemoryError(f"no memory for {len(sources)} more slots")

    def cut(self, slots: Sequence[int], lengths: Sequence[int]):
        """Forgets what is behind the first lengths[i] tokens of a slot; 0 frees it."""
        slots, lengths = self._slots(slots), np.asarray(lengths, np.int64)
        with self._lock:
            self._check(slots, lengths)
            for slot, length in zip(slots.tolist(), lengths.tolist(), strict=True):
                self._library.tasklab_decoder_cut(self._handle, slot, length)

    def length(self, slot: int) -> int:
        """Tokens that a slot holds."""
        with self._lock:
            return self._length(int(self._slots([slot])[0]))

    @property
    def nbytes(self) -> int:
        """Of the matrices and the caches."""
        with self._lock:
            return self._library.tasklab_decoder_bytes(self._handle)

    def _length(self, slot: int) -> int:
        return self._library.tasklab_decoder_length(self._handle, slot)

    def _check(self, slots: np.ndarray, lengths: np.ndarray):
        if len(slots) != len(lengths):
            raise ValueError(f"{len(slots)} slots and {len(lengths)} lengths")
        for slot, length in zip(slots.tolist(), lengths.tolist(), strict=True):
            if not 0 <= length <= self._length(slot):
                raise ValueError(f"slot {slot} holds {self._length(slot)} tokens, not {length}")

    def _slots(self, slots) -> np.ndarray:
        slots = np.asarray(slots, np.int64).reshape(-1)
        if len(slots) and not (0 <= slots.min() and slots.max() < SLOTS):
            raise ValueError(f"slots are {slots.tolist()}; expected numbers from 0 to {SLOTS - 1}")
        return slots

    def __del__(self):
        if getattr(self, "_handle", None):
            self._library.tasklab_decoder_free(self._handle)
            self._handle = None


class _Shape(ctypes.Structure):
    """DecoderShape of src/decoder.h."""

    _fields_ = [
        *((name, ctypes.c_int64) for name in (
            "vocab", "hidden", "layers", "heads", "kv_heads", "head_size", "intermediate", "positions", "format",
            "activation", "gated", "rms", "norm_first", "embedding_norm", "rotary", "tied",
        )),
        ("eps", ctypes.c_double),
        ("score_scale", ctypes.c_double),
    ]  # fmt: skip

    @classmethod
    def of(cls, s: DecoderShape, precision: str) -> "_Shape":
        return cls(
            s.vocab_size, s.hidden_size, s.num_hidden_layers, s.num_attention_heads, s.num_key_value_heads,
            s.head_size, s.intermediate_size, s.positions, FORMATS[precision], ACTIVATIONS[s.hidden_act], s.gated,
            s.rms, s.norm_first, s.embedding_norm, s.rotary, s.tied, s.eps,
            s.head_size**-0.5 if s.score_scale is None else s.score_scale,
        )  # fmt: skip


def _library() -> ctypes.CDLL:
    library = build.library()
    if library is None:
        raise RuntimeError(build.why_not())
    number, address = ctypes.c_int64, ctypes.c_void_p
    for name, result, arguments in (
        ("new", address, [address]),
        ("free", None, [address]),
        ("matrix", ctypes.c_int, [address, number, number, address, number, number]),
        ("vector", ctypes.c_int, [address, number, number, address, number]),
        ("extend", ctypes.c_int, [address, number, address, address, address, ctypes.c_int, address]),
        ("copy", ctypes.c_int, [address, number, address, address, address]),
        ("cut", None, [address, number, number]),
        ("length", number, [address, number]),
        ("bytes", number, [address]),
    ):
        call = getattr(library, f"tasklab_decoder_{name}")
        call.restype, call.argtypes = result, arguments
    return library


def _pointer(array: np.ndarray) -> ctypes.c_void_p:
    return array.ctypes.data_as(ctypes.c_void_p)
