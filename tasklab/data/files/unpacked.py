"""Files that cannot be read twice or line by line, as plain ones: what gzip packed, what a shell hands over, workbooks.

A reader goes over a file several times, and its ending says how it is written; so both become a file of their own.
"""

import atexit
import functools
import gzip
import logging
import os
import re
import shutil
import stat
import tempfile
import zlib
from pathlib import Path
from typing import BinaryIO

from tasklab.data.files.textfile import MAX_BYTES
from tasklab.data.files.workbook import is_workbook, write_csv
from tasklab.errors import DataError, read_from_copy, with_own_names

logger = logging.getLogger("tasklab")

PACKED = ".gz"
GZIP = b"\x1f\x8b"
HANDED = re.compile(r"-|/dev/stdin|/(dev|proc/self)/fd/\d+")
"""What a shell's | < and <( ) hand over. A pipe that has another name may have no writer, and never end."""
BLOCK = 1 << 20
JUDGED = 1 << 16  # bytes by which a file without an ending is known
FIRST_COLUMNS = (b"text", b"text_a", b"sentence", b"label")


def is_packed(path) -> bool:
    """Whether the name says so."""
    return Path(path).suffix == PACKED


def plain_file(path: Path) -> Path:
    """`path`, or where it is packed the same unpacked, of a workbook a sheet; gone when this process ends.

    Raises: DataError for damage, and for more than MAX_BYTES; MissingDependency for a workbook without openpyxl.
    """
    if not ((is_packed(path) or is_workbook(path)) and path.is_file()):
        return path
    status = path.stat()
    return _named(path, _unpacked(path.absolute(), status.st_mtime_ns, status.st_size))


def plain_suffix(path) -> str:
    """How the plain file of that name will end."""
    if is_workbook(path):
        return ".csv"
    return plain_suffix(Path(path).stem) if is_packed(path) else Path(path).suffix


def handed_file(path: Path) -> Path:
    """The same, also of what a shell hands over, to be read once: `-` is the standard input.

    Its ending is guessed: .jsonl or .json by the first sign, .tsv by a tab or a column's name in the first line, else
    .txt.
    """
    if not HANDED.fullmatch(str(path)):
        return plain_file(path)
    try:
        with open(0 if str(path) == "-" else path, "rb", closefd=str(path) != "-") as file:
            if stat.S_ISCHR(os.fstat(file.fileno()).st_mode):  # /dev/null, or a terminal: nobody knows that it waits
                raise DataError(f"{path}: nothing is handed over; write: zcat FILE | tasklab predict ... --file -")
            return _named(path, _kept(path, file, "input"))
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror})") from None


def _named(path: Path, copy: Path) -> Path:
    read_from_copy(path, copy)
    logger.addFilter(_own_names)
    return copy


def _own_names(record: logging.LogRecord) -> bool:
    record.msg, record.args = with_own_names(record.getMessage()), ()
    return True


@functools.lru_cache(maxsize=64)
def _unpacked(path: Path, _written: int, _size: int) -> Path:
    if is_workbook(path):
        return write_csv(path, _folder())
    try:
        with open(path, "rb") as file:
            return plain_file(_kept(path, file, path.stem))
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror})") from None


def _kept(path: Path, file: BinaryIO, name: str) -> Path:
    """A copy of what `file` holds, unpacked, with an ending."""
    head = file.read(len(GZIP))
    whole = _Joined(head, file)
    source = gzip.GzipFile(fileobj=whole) if head == GZIP else whole
    target, size = _folder() / name, 0
    try:
        with open(target, "wb") as copy:
            while block := source.read(BLOCK):
                size += len(block)
                if size > MAX_BYTES:
                    raise DataError(f"{path}: holds more than the {MAX_BYTES} bytes that are read at once; split it")
                copy.write(block)
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise DataError(f"{path}: damaged, no whole gzip file ({error}); copy it again") from None
    if not target.suffix:
        target = target.rename(target.with_suffix(_suffix(target)))
    logger.info("%s: %d bytes, read as %s", path, size, target.name)
    return target


class _Joined:
    """A stream with its first bytes put back: a pipe cannot be wound back."""

    def __init__(self, head: bytes, file: BinaryIO):
        self.head, self.file = head, file

    def read(self, size: int = -1) -> bytes:
        head, self.head = self.head, b""
        return head or self.file.read(size)


def _suffix(path: Path) -> str:
    with open(path, "rb") as file:
        first, _, more = file.read(JUDGED).removeprefix(b"\xef\xbb\xbf").lstrip().partition(b"\n")
    first = first.rstrip()
    if first.startswith(b"{"):
        return ".jsonl" if first.endswith(b"}") and (not more.strip() or more.lstrip().startswith(b"{")) else ".json"
    if first.startswith(b"[") and first[1:].lstrip()[:1] in (b"", b"{", b"[", b'"'):
        return ".json"
    return ".tsv" if b"\t" in first or first in FIRST_COLUMNS else ".txt"


def _folder() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="tasklab-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder
