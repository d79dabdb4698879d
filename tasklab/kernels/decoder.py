"""A Transformer that reads tokens and gives logits, one call into C++ per step, with caches of its own.

Nothing here or in C++ needs MindSpore. The numbers of a row are the same bits alone and in any batch, in one call and
token by token, in any slot: src/panels.h says how.
"""

import ctypes
import threading
from collections.abc import Mapping, Sequence

import numpy as np

from tasklab.kernels.decoder_library import NativeShape, address_of, decoder_library
from tasklab.kernels.decoder_shape import ENCODER, FORMATS, MATRICES, VECTORS, DecoderShape

BLOCK = 1 << 20
"""Weights that are taken over at a time, 4 MB."""
SLOTS = 65_536
"""One more than the highest number of a slot."""


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
        self._library = decoder_library()
        self.shape, self.precision = shape, precision
        self.vocab_size, self.max_length, self.prefix = shape.vocab_size, shape.positions, shape.prefix
        self._lock = threading.Lock()  # ctypes lets other threads run
        self._handle = self._library.tasklab_decoder_new(ctypes.byref(NativeShape.of(shape, precision)))
        if not self._handle:
            raise MemoryError(f"no memory for the weights of {shape}")
        for name, (size, optional) in shape.tensors().items():
            for layer in range(shape.layers_of(name)) if "{}" in name else (-1,):
                full = name.format(layer)
                if not optional or full in tensors:
                    self._set(name, layer, full, size, tensors[full])

    def _set(self, name: str, layer: int, full: str, size: tuple[int, ...], values):
        encoder, name = name.startswith(ENCODER), name.removeprefix(ENCODER).removeprefix("layers.{}.")
        if tuple(values.shape) != size:
            raise ValueError(f"{full} has the shape {tuple(values.shape)}; expected {size}")
        if name in VECTORS:
            values = np.ascontiguousarray(values[:], np.float32)
            number = VECTORS.index(name)
            call = self._library.tasklab_decoder_vector
            if call(self._handle, encoder, number, layer, address_of(values), values.size):
                raise MemoryError(f"no memory for {full}")
            return
        number, step = MATRICES.index(name.removesuffix(".weight")), max(1, BLOCK // size[1])
        for first in range(0, size[0], step):
            block = np.ascontiguousarray(values[first : first + step], np.float32)
            if block.shape != (min(step, size[0] - first), size[1]):
                raise ValueError(f"{full} gave {block.shape} for rows {first} to {min(first + step, size[0])}")
            call = self._library.tasklab_decoder_matrix
            if call(self._handle, encoder, number, layer, address_of(block), first, len(block)):
                raise MemoryError(f"no memory for {full}")

    def read(self, slots: Sequence[int], sources: Sequence[Sequence[int]]):
        """Of an encoder-decoder: what each of several free slots answers, which its copies share.

        Raises: ValueError as extend, for a slot that holds tokens, and for a decoder without an encoder.
        """
        if not self.shape.encoder_layers:
            raise ValueError("this decoder reads no sources: it has no encoder")
        words = self.shape.source_vocab_size or self.vocab_size
        slots, counts, flat = self._rows(slots, sources, words)
        if counts.max() > self.max_length:
            raise ValueError(f"a source has {counts.max()} tokens; expected at most {self.max_length}")
        with self._lock:
            for slot in slots.tolist():
                if held := self._length(slot):
                    raise ValueError(f"slot {slot} holds {held} tokens; cut it to 0 before it reads a source")
            failed = self._library.tasklab_decoder_read(
                self._handle, len(slots), address_of(slots), address_of(counts), address_of(flat)
            )
        if failed:
            raise MemoryError(f"no memory for {counts.sum()} tokens of {len(slots)} sources")

    def extend(self, slots: Sequence[int], tokens: Sequence[Sequence[int]]) -> np.ndarray:
        """Reads one or more tokens into each of several slots; logits [R, V] float32 behind each one's last token.

        Raises: ValueError for a slot named twice, no tokens, ids outside the vocabulary, more tokens than max_length,
            and of an encoder-decoder for a slot that read no source.
        """
        return self._extend(slots, tokens, everywhere=False)[0]

    def scores(self, slots: Sequence[int], tokens: Sequence[Sequence[int]]) -> list[np.ndarray]:
        """As extend, with the logits behind every token: R arrays [n, V]."""
        logits, counts = self._extend(slots, tokens, everywhere=True)
        return np.split(logits, np.cumsum(counts)[:-1])

    def _extend(self, slots, tokens, everywhere):
        slots, counts, flat = self._rows(slots, tokens, self.vocab_size)
        with self._lock:
            for slot, count in zip(slots.tolist(), counts.tolist(), strict=True):
                if self._length(slot) + count > self.max_length:
                    raise ValueError(
                        f"slot {slot} holds {self._length(slot)} tokens, {count} more are beyond max_length "
                        f"{self.max_length}"
                    )
                if self.shape.encoder_layers and not self._library.tasklab_decoder_source_length(self._handle, slot):
                    raise ValueError(f"slot {slot} has read no source that its tokens could answer")
            logits = np.empty((len(flat) if everywhere else len(slots), self.vocab_size), np.float32)
            failed = self._library.tasklab_decoder_extend(
                self._handle, len(slots), address_of(slots), address_of(counts), address_of(flat), everywhere,
                address_of(logits),
            )  # fmt: skip
        if failed:
            raise MemoryError(f"no memory for {counts.sum()} more tokens in {len(slots)} slots")
        return logits, counts

    def copy(self, sources: Sequence[int], targets: Sequence[int], lengths: Sequence[int]):
        """The first lengths[i] tokens of sources[i], and what they answer, become targets[i], all at once, so a
        permutation is safe.

        Costs no memory: slots share what they have in common until one of them goes on.
        Raises: ValueError for a target named twice and for more tokens than a source holds.
        """
        sources, targets, lengths = self._slots(sources), self._slots(targets), np.asarray(lengths, np.int64)
        if not len(sources) == len(targets) == len(lengths) or len(np.unique(targets)) != len(targets):
            raise ValueError(f"cannot copy {sources.tolist()} to {targets.tolist()}, {lengths.tolist()} tokens")
        with self._lock:
            self._check(sources, lengths)
            if self._library.tasklab_decoder_copy(
                self._handle, len(sources), address_of(sources), address_of(targets), address_of(lengths)
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

    def _rows(self, slots, tokens, words: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Slots, tokens of each, and all tokens one after the other as int32."""
        slots = self._slots(slots)
        if len(np.unique(slots)) != len(slots):
            raise ValueError(f"slots {slots.tolist()} name one twice")
        if len(slots) != len(tokens):
            raise ValueError(f"{len(slots)} slots and {len(tokens)} rows of tokens")
        rows = [np.asarray(row, np.int64).reshape(-1) for row in tokens]
        counts = np.array([len(row) for row in rows], np.int64)
        if len(rows) == 0 or counts.min() == 0:
            raise ValueError("there is a row without tokens; each needs at least one")
        flat = np.concatenate(rows)
        if flat.min() < 0 or flat.max() >= words:
            raise ValueError(f"token ids go from {flat.min()} to {flat.max()}; expected 0 to {words - 1}")
        return slots, counts, flat.astype(np.int32)

    def _slots(self, slots) -> np.ndarray:
        slots = np.asarray(slots, np.int64).reshape(-1)
        if len(slots) and not (0 <= slots.min() and slots.max() < SLOTS):
            raise ValueError(f"slots are {slots.tolist()}; expected numbers from 0 to {SLOTS - 1}")
        return slots

    def __del__(self):
        if getattr(self, "_handle", None):
            self._library.tasklab_decoder_free(self._handle)
            self._handle = None
