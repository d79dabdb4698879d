"""Slots of a decoder for as long as they are needed."""

from collections.abc import Iterable
from contextlib import contextmanager

from tasklab.generation.protocol import Decoder


@contextmanager
def lent(decoder: Decoder, slots: Iterable[int]):
    """Frees them at the end, an interrupt too: what an answer left there would be read before the next one."""
    slots = list(slots)
    try:
        yield
    finally:
        decoder.cut(slots, [0] * len(slots))
