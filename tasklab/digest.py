"""SHA-256 of files and of values: what tells whether something is what was meant."""

import hashlib
import json
from collections.abc import Mapping

import numpy as np


def file_sha256(path) -> str:
    """Hex digest of a file's content, read in pieces. Raises OSError."""
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while piece := file.read(1 << 20):
            digest.update(piece)
    return digest.hexdigest()


def text_sha256(text: str) -> str:
    """Hex digest of a text in UTF-8."""
    return hashlib.sha256(text.encode()).hexdigest()


def content_sha256(content: Mapping[str, object]) -> str:
    """Hex digest of named arrays and JSON values: equal for equal names, types, shapes and values, in whatever order.

    The same in every process, on every machine and with every version of NumPy.
    Raises: TypeError for what is neither an array nor a JSON value.
    """
    digest = hashlib.sha256()
    for name in sorted(content):
        value = content[name]
        if isinstance(value, np.ndarray):
            little = value.dtype.newbyteorder("<")
            header, body = [name, little.str, list(value.shape)], np.ascontiguousarray(value, little)
        else:
            header, body = [name, value], b""
        # the header ends where its JSON does and says how long the body is: no two contents run together alike
        text = json.dumps(header, sort_keys=True, separators=(",", ":"), allow_nan=False)
        digest.update(text.encode() + b"\n")
        digest.update(body)
    return digest.hexdigest()
