"""The bytes of a SentencePiece model: one made out of a table of pieces, and one that takes texts as they stand.

Source: google/sentencepiece, src/sentencepiece_model.proto; protobuf.dev, "Encoding".
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence

NORMAL, UNKNOWN, CONTROL, USER_DEFINED, UNUSED, BYTE = range(1, 7)
"""Kinds of pieces, which GGUF files have from here."""
BPE = 2
_ROLES = {"unk": (40, 45), "bos": (41, 46), "eos": (42, 47), "pad": (43, 48)}
"""Role -> fields of its id and its piece in the trainer's section."""


def model_of(tokens: Sequence[str], scores: Sequence[float], kinds: Sequence[int], roles: Mapping[str, int]) -> bytes:
    """A model that joins pairs, the best score first; pieces of kind BYTE spell what has no piece.

    roles: unk, bos, eos, pad -> id, as far as there are any.
    """
    pieces = [
        _message(1, _message(1, token.encode()) + _float(2, score) + _number(3, kind))
        for token, score, kind in zip(tokens, scores, kinds, strict=True)
    ]
    trainer = _number(3, BPE) + _number(4, len(tokens)) + _number(35, BYTE in kinds)
    for role, (number, piece) in _ROLES.items():
        if role in roles:
            trainer += _number(number, roles[role]) + _message(piece, tokens[roles[role]].encode())
    return b"".join(pieces) + _message(2, trainer) + VERBATIM


def _tag(field: int, wire: int) -> bytes:
    return _varint(field << 3 | wire)


def _varint(number: int) -> bytes:
    written = bytearray()
    while number > 0x7F:
        written.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes(written) + bytes([number])


def _number(field: int, value: int) -> bytes:
    return _tag(field, 0) + _varint(int(value))


def _float(field: int, value: float) -> bytes:
    return _tag(field, 5) + struct.pack("<f", value)


def _message(field: int, content: bytes) -> bytes:
    return _tag(field, 2) + _varint(len(content)) + content


VERBATIM = _message(3, _message(1, b"identity") + _message(2, b"") + _number(3, 0) + _number(4, 0) + _number(5, 1))
"""Behind a model: nothing is normalised, no blank is put in front or taken away, blanks are spelled by their sign. The
last word on a field holds."""
