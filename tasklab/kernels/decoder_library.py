"""The decoder's functions in the compiled library, as Python calls them: src/decoder_calls.cc has the other side."""

import ctypes

import numpy as np

from tasklab.kernels import build
from tasklab.kernels.activations import ACTIVATIONS
from tasklab.kernels.decoder_shape import FORMATS, DecoderShape


class NativeShape(ctypes.Structure):
    """DecoderShape of src/stack.h."""

    _fields_ = [
        *((name, ctypes.c_int64) for name in (
            "vocab", "hidden", "layers", "heads", "kv_heads", "head_size", "intermediate", "positions", "format",
            "activation", "gated", "rms", "norm_first", "embedding_norm", "rotary", "tied", "encoder_layers",
            "source_vocab", "reach", "prefix",
        )),
        *((name, ctypes.c_double) for name in ("eps", "score_scale", "embedding_scale", "output_scale")),
    ]  # fmt: skip

    @classmethod
    def of(cls, s: DecoderShape, precision: str) -> "NativeShape":
        return cls(
            s.vocab_size, s.hidden_size, s.num_hidden_layers, s.num_attention_heads, s.num_key_value_heads,
            s.head_size, s.intermediate_size, s.positions, FORMATS[precision], ACTIVATIONS[s.hidden_act], s.gated,
            s.rms, s.norm_first, s.embedding_norm, s.rotary, s.tied, s.encoder_layers or 0, s.source_vocab_size or 0,
            s.reach or 0, s.prefix, s.eps, s.head_size**-0.5 if s.score_scale is None else s.score_scale,
            s.embedding_scale, s.output_scale,
        )  # fmt: skip


def decoder_library() -> ctypes.CDLL:
    """The library with the types of its decoder's functions. Raises: RuntimeError where none could be built."""
    library = build.library()
    if library is None:
        raise RuntimeError(build.why_not())
    number, address = ctypes.c_int64, ctypes.c_void_p
    for name, result, arguments in (
        ("new", address, [address]),
        ("free", None, [address]),
        ("matrix", ctypes.c_int, [address, ctypes.c_int, number, number, address, number, number]),
        ("vector", ctypes.c_int, [address, ctypes.c_int, number, number, address, number]),
        ("read", ctypes.c_int, [address, number, address, address, address]),
        ("extend", ctypes.c_int, [address, number, address, address, address, ctypes.c_int, address]),
        ("copy", ctypes.c_int, [address, number, address, address, address]),
        ("cut", None, [address, number, number]),
        ("length", number, [address, number]),
        ("source_length", number, [address, number]),
        ("bytes", number, [address]),
    ):
        call = getattr(library, f"tasklab_decoder_{name}")
        call.restype, call.argtypes = result, arguments
    return library


def address_of(array: np.ndarray) -> ctypes.c_void_p:
    """Of the first value of a contiguous array, which has to outlive the call."""
    return array.ctypes.data_as(ctypes.c_void_p)
