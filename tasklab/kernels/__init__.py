"""Fused CPU kernels: C++ sources, their build on the user's machine, and their MindSpore ops with gradients."""

from tasklab.kernels import build


def available() -> bool:
    """Whether the compiled kernels can be used here; the first call builds them (about 10 s, then cached)."""
    library = build.library()
    return library is not None and library.has_gemm


def bf16() -> bool:
    """Whether this processor has matrix products of bfloat16 values, and the kernels can use them."""
    return available() and build.library().has_bf16


def slow_bf16() -> str:
    """One line that says why products of bfloat16 values may be slower here than float32's; empty where they are not,
    or there are none."""
    if not bf16() or build.library().has_fast_bf16:
        return ""
    return (
        "this processor has avx512_bf16 without AMX, where products of bfloat16 values may be slower than float32's "
        "(on one such machine 0.6 times as fast)"
    )


def why_not() -> str:
    """One line that says why `available()` is False; empty when it is True."""
    library = build.library()
    if library is not None and not library.has_gemm:
        return "MindSpore's oneDNN library (mindspore/lib/libdnnl.so.3) was not found, and the matrix products need it"
    return build.why_not()
