"""The part of a GGUF file that describes a tokenizer, as a file of its own."""

import struct

from tasklab.errors import brief
from tasklab.gguf.layout import ARRAY, MAGIC, SCALARS, TEXT, VERSIONS


def tokenizer_part(metadata: dict) -> bytes:
    """A GGUF file without tensors that says `metadata` alone: texts, truths, numbers, and lists of one kind of these.

    Numbers of lists lie in 32 bits, signed. Raises: ValueError for a value of another kind.
    """
    chunks = [struct.pack("<IQQ", VERSIONS[-1], 0, len(metadata))]
    for key, value in metadata.items():
        kind = _kind_of(value)
        chunks += [_text_bytes(key), struct.pack("<I", kind)]
        if kind == ARRAY:
            inner = _kind_of(value[0]) if value else TEXT
            chunks += [struct.pack("<IQ", inner, len(value)), *(_value_bytes(item, inner) for item in value)]
        else:
            chunks.append(_value_bytes(value, kind))
    return MAGIC + b"".join(chunks)


def _kind_of(value) -> int:
    for kind, number in ((bool, 7), (int, 5), (float, 6), (str, TEXT), (list, ARRAY)):
        if isinstance(value, kind):
            return number
    raise ValueError(f"{brief(value)} cannot be written into a GGUF file")


def _value_bytes(value, kind: int) -> bytes:
    return _text_bytes(value) if kind == TEXT else struct.pack("<" + SCALARS[kind], value)


def _text_bytes(text: str) -> bytes:
    content = text.encode()
    return struct.pack("<Q", len(content)) + content
