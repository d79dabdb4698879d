"""Sorted string tables, the file format of LevelDB (doc/table_format.md): TensorFlow keeps its tensor index in one."""

from __future__ import annotations

import struct
from collections.abc import Iterator

import google_crc32c

from tasklab.weights.containers.protobuf import encoded_varint, varint

MAGIC = struct.pack("<Q", 0xDB4775248B80FB57)
FOOTER = 48  # bytes: two handles, padded to 40, and the magic number
MAX_KEYS = 64  # times the bytes of the file: what all keys may take, spelled out
MAX_KEY = 4096  # bytes; keys share prefixes, so a small file could spell out very long ones


def read_table(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """(key, value) in their order. Raises: ValueError for damage; every block is checked against its checksum."""
    if len(data) < FOOTER or data[-8:] != MAGIC:
        raise ValueError("no table: its end is not the magic number")
    end = len(data) - FOOTER
    _, place = _handle(data, end, end + 40)  # of the block of filters and the like
    (start, size), _ = _handle(data, place, end + 40)
    position = spelled = 0
    for _, handle in _entries(_block(data, start, size)):
        (start, size), _ = _handle(handle, 0, len(handle))
        if start < position:
            raise ValueError("blocks that overlap")
        position = start + size
        for key, value in _entries(_block(data, start, size)):
            spelled += len(key)
            if spelled > MAX_KEYS * len(data):
                raise ValueError("keys that are much longer than the file")
            yield key, value


def write_table(rows: dict[bytes, bytes]) -> bytes:
    """A table of one data block; the rows are sorted by key."""
    keys = sorted(rows)
    out = bytearray()
    data = _append(out, _filled([(key, rows[key]) for key in keys]))
    meta = _append(out, _filled([]))
    index = _append(out, _filled([(keys[-1], data)]))
    return bytes(out) + (meta + index).ljust(40, b"\0") + MAGIC


def masked_crc(data) -> int:
    """CRC-32C in the form LevelDB stores it: turned and shifted, so that a checksum of checksums stays sound."""
    view, crc = memoryview(data), 0
    for start in range(0, len(view), 1 << 20):  # the package takes bytes only: copy a little at a time
        crc = google_crc32c.extend(crc, bytes(view[start : start + (1 << 20)]))
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


def _handle(data: bytes, place: int, end: int) -> tuple[tuple[int, int], int]:
    start, place = varint(data, place, end)
    size, place = varint(data, place, end)
    return (start, size), place


def _block(data: bytes, start: int, size: int) -> bytes:
    if start + size + 5 > len(data) - FOOTER:
        raise ValueError("a block beyond the end")
    if struct.unpack_from("<I", data, start + size + 1)[0] != masked_crc(data[start : start + size + 1]):
        raise ValueError(f"the checksum of the block at {start} does not fit")
    if data[start + size]:
        raise ValueError("a compressed block, which TensorFlow does not write here")
    return data[start : start + size]


def _entries(block: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Each entry says how much of the key before it it keeps; behind them are the restart points and their number."""
    end = len(block) - 4 - 4 * int.from_bytes(block[-4:], "little")
    place, key = 0, b""
    while place < end:
        kept, place = varint(block, place, end)
        added, place = varint(block, place, end)
        size, place = varint(block, place, end)
        if kept > len(key) or kept + added > MAX_KEY or place + added + size > end:
            raise ValueError("an entry that does not fit into its block")
        key = key[:kept] + block[place : place + added]
        yield key, block[place + added : place + added + size]
        place += added + size


def _filled(rows) -> bytes:
    """Every entry is a restart point: nothing is shared."""
    out, starts = bytearray(), []
    for key, value in rows:
        starts.append(len(out))
        out += b"\0" + encoded_varint(len(key)) + encoded_varint(len(value)) + key + value
    starts = starts or [0]
    return bytes(out) + struct.pack(f"<{len(starts) + 1}I", *starts, len(starts))


def _append(out: bytearray, block: bytes) -> bytes:
    """Adds a block with type 0 (plain) and checksum. Returns its handle."""
    handle = encoded_varint(len(out)) + encoded_varint(len(block))
    out += block + b"\0"
    out += struct.pack("<I", masked_crc(block + b"\0"))
    return handle
