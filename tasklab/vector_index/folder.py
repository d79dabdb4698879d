"""The folder of an index: vectors that are mapped, ids and texts beside them, and whose vectors they are.

index.json; vectors.npy [N, D] float32; ids.txt, ids_ends.npy, texts.txt, texts_ends.npy; with int8 levels.npy [N, D]
and scales.npy [N]; with a graph graph.hnsw; SHA256SUMS. Written whole or not at all (weights/atomic.py).
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np

from tasklab.content import from_home, read_content
from tasklab.errors import CheckpointError, brief
from tasklab.vector_index.exact import Levels
from tasklab.vector_index.lock import writing
from tasklab.vector_index.strings import ArrayFile, mapped_array, mapped_strings, string_files
from tasklab.weights.atomic import recover, write_folder
from tasklab.weights.folder import json_bytes, read_json
from tasklab.weights.sums import MAX_LIST, SUMS, read_sums, verify_file, verify_sums

FILE, GRAPH = "index.json", "graph.hnsw"
VERSION = 1
SIMILARITIES, PRECISIONS = ("cosine", "dot"), ("fp32", "int8")
LARGE = ("vectors.npy", "levels.npy")
"""Files that are mapped and not read when an index is opened, so their sums are not checked then."""
ANEW = "build the index anew, or copy the folder again"


@dataclass
class Description:
    """index.json. model: see `encoder.TextEncoder.identity`, None where the vectors came from elsewhere. graph: see
    `graph.Graph.described`."""

    count: int
    size: int
    similarity: str = "cosine"
    precision: str = "fp32"
    model: dict | None = None
    graph: dict | None = None
    version: int = field(default=VERSION)

    @classmethod
    def read(cls, path: Path) -> "Description":
        """Raises: CheckpointError for a file that is none, or of a later release."""
        content = read_json(path)
        if not isinstance(content, dict) or content.get("version") != VERSION:
            version = brief(content.get("version")) if isinstance(content, dict) else "none"
            raise CheckpointError(f"{path}: describes an index of version {version}; this release reads {VERSION}")
        kinds = {"count": int, "size": int, "similarity": str, "precision": str, "version": int}
        wrong = [key for key, kind in kinds.items() if type(content.get(key)) is not kind]
        wrong += [key for key in ("model", "graph") if not isinstance(content.get(key), (dict, type(None)))]
        wrong += [key for key in ("count", "size") if key not in wrong and content[key] < 1]
        wrong += ["similarity"] * (content.get("similarity") not in SIMILARITIES)
        wrong += ["precision"] * (content.get("precision") not in PRECISIONS)
        if wrong or content.keys() != {*kinds, "model", "graph"}:
            raise CheckpointError(f"{path}: damaged: {', '.join(wrong) or 'keys'} cannot be; {ANEW}")
        return cls(**content)


@dataclass
class Stored:
    """What a folder holds."""

    description: Description
    vectors: np.ndarray  # [N, D] float32
    ids: Sequence[str]
    texts: Sequence[str]
    levels: Levels | None
    sums: bytes  # SHA256SUMS, which tells whether somebody else has written since


def read_index(path, whole: bool = False) -> Stored:
    """Opens the folder of an index; its vectors are mapped, not read.

    whole: checks the sums of vectors too, 1 to 2 s per GB; else their sizes alone.
    Raises: CheckpointError that names the file.
    """
    path = from_home(path)
    while True:  # the files are opened one by one, and somebody may exchange the folder meanwhile
        recover(path.absolute())
        sums = sums_of(path)
        if stored := of_one_version(path, sums, lambda sums=sums: _opened(path, whole, sums)):
            return stored


def of_one_version(path: Path, sums: bytes | None, read: Callable[[], object]):
    """What `read` makes of a folder whose SHA256SUMS were `sums`; None where it was written meanwhile, or before.

    Raises: CheckpointError for what is wrong with the folder as it was.
    """
    try:
        content = read()
    except CheckpointError:
        if sums_of(path) == sums:
            raise
        return None
    return content if sums_of(path) == sums else None


def _opened(path: Path, whole: bool, listed: bytes) -> Stored:
    if not path.is_dir() or not (path / FILE).is_file():
        what = "no such folder" if not path.exists() else f"holds no {FILE}, so it is no index"
        raise CheckpointError(f"{path}: {what}; `tasklab index MODEL texts.tsv --out {path}` makes one")
    sums = read_sums(path)
    if whole:
        verify_sums(path)
    for name in sums.keys() - {*LARGE, GRAPH}:
        verify_file(path / name)
    described = Description.read(path / FILE)
    shape = described.count, described.size
    if lacking := {"vectors.npy", "ids.txt", "texts.txt", "ids_ends.npy", "texts_ends.npy"} - sums.keys():
        raise CheckpointError(f"{path}: {SUMS} lists no {', '.join(sorted(lacking))}; {ANEW}")
    levels = None
    if described.precision == "int8":
        values = mapped_array(path / "levels.npy", np.int8, shape)
        levels = Levels(values, np.array(mapped_array(path / "scales.npy", np.float32, shape[:1])))
    return Stored(
        described, mapped_array(path / "vectors.npy", np.float32, shape), mapped_strings(path, "ids", described.count),
        mapped_strings(path, "texts", described.count), levels, listed,
    )  # fmt: skip


def write_index(path, stored: Stored, before: bytes | None, graph=None) -> bytes:
    """Makes `path` this index, in one step. Returns its SHA256SUMS.

    before: those of the index that may be there and is replaced.   graph: a function that writes the graph's file.
    Raises: CheckpointError where something else is there.
    """
    path, place = from_home(path), from_home(path).resolve()  # a link stays one
    files = {
        FILE: json_bytes(asdict(stored.description)), "vectors.npy": ArrayFile(stored.vectors),
        **string_files("ids", stored.ids), **string_files("texts", stored.texts),
    }  # fmt: skip
    if stored.levels is not None:
        files |= {"levels.npy": ArrayFile(stored.levels.values), "scales.npy": ArrayFile(stored.levels.scales)}
    if graph is not None:
        files[GRAPH] = graph
    with writing(place):
        there = sums_of(place)
        if place.exists() and (there is None or not (place / FILE).is_file()) and any(place.iterdir()):
            raise CheckpointError(f"{path}: is there and no index; choose another folder")
        if there not in (None, before):
            changed = "holds another index, or was changed since this one was opened"
            raise CheckpointError(f"{path}: {changed}; open it anew")
        write_folder(place, files)
        return sums_of(place)


def sums_of(path: Path) -> bytes | None:
    """SHA256SUMS of an index, None where there is none that can be read."""
    try:
        return read_content(path / SUMS, MAX_LIST)
    except (OSError, ValueError):  # ValueError: NUL in a name
        return None
