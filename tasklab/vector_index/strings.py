"""Many strings in two files that are mapped and never parsed: all of them in UTF-8, and where each ends."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from tokenize import TokenError

import numpy as np

from tasklab.errors import CheckpointError

_BROKEN = (ValueError, EOFError, SyntaxError, TypeError, OverflowError, MemoryError, RecursionError, TokenError)
"""What NumPy's reader of headers raises."""


class MappedStrings(Sequence):
    """Strings of a file, decoded when asked for.

    content [bytes] uint8: one string after the other.   ends [N] int64: behind the last byte of each.
    Raises: CheckpointError where the two do not belong together, or for a string that is no UTF-8.
    """

    def __init__(self, content: np.ndarray, ends: np.ndarray, place):
        last = int(ends[-1]) if len(ends) else 0
        if last != len(content) or (len(ends) and (ends[0] < 0 or (np.diff(ends) < 0).any())):
            raise CheckpointError(f"{place}: damaged: its {len(content)} bytes are not those of {len(ends)} strings")
        self._content, self._ends, self._place = content, ends, place

    def __len__(self):
        return len(self._ends)

    def __getitem__(self, number):
        if isinstance(number, slice):
            return [self[i] for i in range(*number.indices(len(self)))]
        number = range(len(self))[number]
        start = self._ends[number - 1] if number else 0
        try:
            return self._content[start : self._ends[number]].tobytes().decode("utf-8")
        except UnicodeDecodeError:
            raise CheckpointError(f"{self._place}: damaged: string {number} is no UTF-8") from None


def string_files(name: str, strings: Iterable[str]) -> dict:
    """File -> a function that writes it, for `write_folder`: NAME.txt and NAME_ends.npy."""
    encoded = [text.encode("utf-8") for text in strings]
    ends = np.cumsum([len(text) for text in encoded], dtype=np.int64)
    return {f"{name}.txt": b"".join(encoded), f"{name}_ends.npy": ArrayFile(ends)}


class ArrayFile:
    """Writes an array as .npy. `nbytes` is the size to expect."""

    def __init__(self, values: np.ndarray):
        self.values, self.nbytes = values, values.nbytes

    def __call__(self, path: Path):
        np.save(path, self.values, allow_pickle=False)


def mapped_array(path: Path, dtype, shape: tuple) -> np.ndarray:
    """An array of a .npy file, mapped, of this type and shape; None in `shape` is any length.

    Raises: CheckpointError that names the file.
    """
    try:
        values = np.lib.format.open_memmap(path, mode="r")
    except (*_BROKEN, OSError) as error:
        raise CheckpointError(f"{path}: damaged or missing ({str(error)[:200]}); build the index anew") from None
    fits = len(values.shape) == len(shape) and all(n in (None, m) for n, m in zip(shape, values.shape, strict=True))
    if values.dtype != dtype or not fits or not values.flags.c_contiguous:
        mismatch = f"{values.dtype} {values.shape}; expected {np.dtype(dtype)} {shape}"
        raise CheckpointError(f"{path}: damaged: holds {mismatch}; build the index anew")
    return values


def mapped_strings(folder: Path, name: str, count: int) -> MappedStrings:
    """What `string_files` wrote. Raises: CheckpointError."""
    path = folder / f"{name}.txt"
    try:
        content = np.memmap(path, np.uint8, "r") if path.stat().st_size else np.zeros(0, np.uint8)
    except OSError as error:
        raise CheckpointError(f"{path}: cannot be read ({error.strerror}); build the index anew") from None
    return MappedStrings(content, mapped_array(folder / f"{name}_ends.npy", np.int64, (count,)), path)
