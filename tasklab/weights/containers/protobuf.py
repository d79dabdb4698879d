"""The wire format of Protocol Buffers, as far as weight files need it (protobuf.dev, "Encoding")."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
_WIDTH = {FIXED64: 8, FIXED32: 4}


class Field(NamedTuple):
    """One field of a message: a number, or with BYTES the place [start, end) of its content in the buffer."""

    number: int
    wire: int
    value: int = 0
    start: int = 0
    end: int = 0


def fields(buffer, start: int = 0, end: int | None = None) -> Iterator[Field]:
    """The fields of the message in buffer[start:end]. Raises: ValueError when it is cut or no message."""
    end = len(buffer) if end is None else end
    while start < end:
        key, start = varint(buffer, start, end)
        number, wire = key >> 3, key & 7
        if wire == VARINT:
            value, start = varint(buffer, start, end)
            yield Field(number, wire, value)
        elif wire in (BYTES, FIXED32, FIXED64):
            size, start = varint(buffer, start, end) if wire == BYTES else (_WIDTH[wire], start)
            if start + size > end:
                raise ValueError(f"a field of {size} bytes at {start}, where {end - start} are left")
            value = 0 if wire == BYTES else int.from_bytes(buffer[start : start + size], "little")
            yield Field(number, wire, value, start, start + size)
            start += size
        else:
            raise ValueError(f"no field of a message at {start}")


def varint(buffer, start: int, end: int) -> tuple[int, int]:
    """(number, place behind it). Raises: ValueError."""
    value = 0
    for place in range(start, min(start + 10, end)):
        value |= (buffer[place] & 0x7F) << 7 * (place - start)
        if buffer[place] < 0x80:
            return value, place + 1
    raise ValueError(f"no number at {start}")


def encoded_varint(value: int) -> bytes:
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes((*out, value))


def number_field(number: int, value: int) -> bytes:
    return encoded_varint(number << 3 | VARINT) + encoded_varint(value)


def bytes_field(number: int, content: bytes) -> bytes:
    return bytes_head(number, len(content)) + content


def bytes_head(number: int, size: int) -> bytes:
    """What stands before `size` bytes of content."""
    return encoded_varint(number << 3 | BYTES) + encoded_varint(size)
