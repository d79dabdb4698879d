"""Files of an index of texts for fuzzing.py, damaged behind sums that are right, as another program may write them."""

from pathlib import Path

import numpy as np

from tasklab.digest import file_sha256
from tasklab.weights.sums import SUMS

VECTORS = np.random.default_rng(0).standard_normal((9, 4)).astype(np.float32)


def _of(name: str):
    def prepare():
        from tasklab.kernels import build
        from tasklab.vector_index import VectorIndex

        build.library = lambda: None  # NumPy searches: compiling takes longer than all readings
        VectorIndex.build([f"text {n} ü" for n in range(9)], VECTORS, precision="int8").save("made")

        def read(path):
            for file in Path("made").iterdir():
                if file.name not in (name, SUMS):
                    (path.parent / file.name).write_bytes(file.read_bytes())
            names = sorted(file.name for file in path.parent.iterdir() if file.name != SUMS)
            lines = [f"{file_sha256(path.parent / name)}  {name}\n" for name in names]
            (path.parent / SUMS).write_text("".join(lines))
            VectorIndex.open(path.parent, whole=True).search(VECTORS[:2], 3)

        return name, (Path("made") / name).read_bytes(), read

    return prepare


KINDS = {
    f"{name} of an index": _of(name)
    for name in ("index.json", "vectors.npy", "levels.npy", "scales.npy", "texts.txt", "texts_ends.npy", "ids_ends.npy")
}
