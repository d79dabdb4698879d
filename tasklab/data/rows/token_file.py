"""Token ids of a corpus in one file that is mapped, not read: rows come from it at no cost of memory.

Layout: ids, ends of lines, first lines of documents, a JSON that says where they are, its length and checksum, MAGIC.
"""

import json
import struct
import tempfile
import zlib
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np

from tasklab.content import parse_json

MAGIC = b"tasktok1"
TAIL = struct.Struct("<II8s")
PIECE = 1 << 20  # bytes per write and per checksum


class TokenFile:
    """The ids of all lines one after the other.

    ids: [tokens] uint16, or uint32 where these do not suffice; CONTINUES of the type marks a token inside of a word.
    ends: [lines] int64, the number of tokens up to the end of each line; no line is empty.
    documents: [documents] int64, the number of the first line of each.
    info: what is to know about how the file was made, JSON values.
    identity: sizes and checksums of the three, JSON values: other tokens, lines or documents give another one.
    """

    def __init__(self, path):
        """Maps the file. Raises ValueError when it is damaged, OSError when it cannot be read."""
        with open(path, "rb") as file:
            file.seek(-TAIL.size, 2)
            length, crc, magic = TAIL.unpack(file.read())
            if magic != MAGIC:
                raise ValueError("not a token file, or cut off")
            file.seek(-TAIL.size - length, 2)
            text = file.read(length)
            if zlib.crc32(text) != crc:
                raise ValueError("a checksum differs")
        described = parse_json(text, "its description", ValueError)
        self.info = described["info"]
        self.identity = {name: described[name] for name in SECTIONS}
        self.ids, self.ends, self.documents = (_mapped(path, *described[name]) for name in SECTIONS)

    @property
    def unmarked(self) -> int:
        """What to AND an id with to lose its mark."""
        return (1 << (8 * self.ids.itemsize - 1)) - 1


SECTIONS = ("ids", "ends", "documents")


def id_type(vocab_size: int) -> np.dtype:
    """The smallest type that holds every id and the mark."""
    return np.dtype("<u2" if vocab_size <= 1 << 15 else "<u4")


def write_token_file(path, vocab_size: int, chunks: Iterable, info: Callable[[], dict]):
    """Writes chunks as they come; memory holds one of them.

    Args:
        chunks: (ids [n], lengths of lines [k], which of the lines begins a document [k] bool, where a token continues
            its word [n] bool or None).
        info: asked when the chunks have ended.
    """
    kind = id_type(vocab_size)
    tokens = lines = 0
    with open(path, "wb") as file, _Section(path) as ends, _Section(path) as documents:
        ids = _Section(file=file)
        for values, lengths, begins, continues in chunks:
            values = values.astype(kind)
            if continues is not None:
                values |= continues.astype(kind) << (8 * kind.itemsize - 1)
            ids.write(values)
            ends.write(tokens + np.cumsum(lengths, dtype="<i8"))
            documents.write((lines + np.flatnonzero(begins)).astype("<i8"))
            tokens, lines = tokens + len(values), lines + len(lengths)
        described = {"ids": ids.described(0, kind)}
        for name, section in (("ends", ends), ("documents", documents)):
            file.write(b"\0" * (-file.tell() % 8))
            described[name] = section.described(file.tell(), np.dtype("<i8"))
            section.copy_to(file)
        text = json.dumps({**described, "info": info()}).encode()
        file.write(text + TAIL.pack(len(text), zlib.crc32(text), MAGIC))


class _Section:
    """Bytes on their way into the file; what cannot be there yet waits in a nameless file beside it."""

    def __init__(self, beside=None, file=None):
        self.file = file or tempfile.TemporaryFile(dir=Path(beside).parent)
        self.size = self.crc = 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.file.close()

    def write(self, values: np.ndarray):
        content = values.tobytes()
        self.file.write(content)
        self.size, self.crc = self.size + len(content), zlib.crc32(content, self.crc)

    def described(self, start: int, kind: np.dtype) -> list:
        return [kind.str, start, self.size // kind.itemsize, self.crc]

    def copy_to(self, file):
        self.file.seek(0)
        while piece := self.file.read(PIECE):
            file.write(piece)


def _mapped(path, kind: str, start: int, count: int, crc: int) -> np.ndarray:
    """Part of the file as an array. Raises ValueError when its checksum differs."""
    kind, summed = np.dtype(kind), 0
    with open(path, "rb") as file:  # not through the map, of which every page would count as ours
        file.seek(start)
        left = count * kind.itemsize
        while left and (piece := file.read(min(left, PIECE))):
            summed, left = zlib.crc32(piece, summed), left - len(piece)
    if left or summed != crc:
        raise ValueError("a checksum differs")
    return np.memmap(path, kind, "r", start, (count,)) if count else np.zeros(0, kind)
