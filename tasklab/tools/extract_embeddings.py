"""The word embeddings of a model as a table of vectors, for programs that read word2vec text or NumPy."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tasklab.data.files.vectors import NUMBER
from tasklab.tools import TOOLS
from tasklab.tools.opened import refuse_existing
from tasklab.tools.word_vectors import word_vectors


@dataclass(frozen=True)
class Extracted:
    path: Path
    tokens: int
    size: int
    left_out: tuple[str, ...] = ()

    def __str__(self):
        note = f"; left out, as word2vec's text parts at blanks: {', '.join(map(repr, self.left_out))}"
        return f"{self.path}: {self.tokens} vectors of {self.size}{note if self.left_out else ''}"


@TOOLS.register("embeddings")
def extract_embeddings(source: str, to: str) -> Extracted:
    """Write the word embeddings of a model, one vector per token.

    Args:
        source: folder or name of a model with its vocabulary.
        to: a file; .npz holds the arrays `tokens` and `vectors`, anything else is word2vec's text (`N H` in the first
            line, then a token and its H numbers per line).
    """
    refuse_existing(to)
    tokens, vectors = word_vectors(source)
    if str(to).endswith(".npz"):
        np.savez(to, tokens=np.array(tokens), vectors=vectors)
        return Extracted(Path(to), *vectors.shape)
    left_out = tuple(token for token in tokens if not token or " " in token or "\n" in token)
    with open(to, "w", encoding="utf-8", newline="\n") as file:
        file.write(f"{len(tokens) - len(left_out)} {vectors.shape[1]}\n")
        for token, vector in zip(tokens, vectors, strict=True):
            if token not in left_out:
                file.write(f"{token} {' '.join(NUMBER % value for value in vector.tolist())}\n")
    return Extracted(Path(to), len(tokens) - len(left_out), vectors.shape[1], left_out)
