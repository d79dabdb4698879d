"""Fused CPU kernels: C++ sources, their build on the user's machine, and their MindSpore ops with gradients."""

from tasklab.kernels import build


def available() -> bool:
    """Whether the compiled kernels can be used here; the first call builds them (about 10 s, then cached)."""
    return build.library() is not None


def why_not() -> str:
    """One line that says why `available()` is False; empty when it is True."""
    return build.why_not()
