"""The word embeddings of a model as a table of vectors, for programs that read word2vec text or NumPy."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tasklab.errors import CheckpointError
from tasklab.tools import TOOLS
from tasklab.tools.opened import open_model, refuse_existing

WORDS = "encoder.embeddings.word.weight"


@dataclass(frozen=True)
class Extracted:
    path: Path
    tokens: int
    size: int

    def __str__(self):
        return f"{self.path}: {self.tokens} vectors of {self.size}"


@TOOLS.register("embeddings")
def extract_embeddings(source: str, to: str) -> Extracted:
    """Write the word embeddings of a model, one vector per token.

    Args:
        source: folder or name of a model with its vocabulary.
        to: a file; .npz holds the arrays `tokens` and `vectors`, anything else is word2vec's text (`N H` in the first
            line, then a token and its H numbers per line).
    """
    refuse_existing(to)
    model = open_model(source)
    if WORDS not in model.own:
        raise CheckpointError(f"{source} holds no word embeddings ({WORDS})")
    vectors, tokens = model.own[WORDS].read(), model.tokenizer().tokens
    if len(tokens) > len(vectors):
        raise CheckpointError(f"{source}: {len(tokens)} tokens, but {len(vectors)} vectors; it is another vocabulary")
    vectors = vectors[: len(tokens)]  # some tables are padded
    if str(to).endswith(".npz"):
        np.savez(to, tokens=np.array(tokens), vectors=vectors)
    else:
        with open(to, "w", encoding="utf-8") as file:
            file.write(f"{len(tokens)} {vectors.shape[1]}\n")
            for token, vector in zip(tokens, vectors, strict=True):
                file.write(f"{token} {' '.join(map(str, vector.tolist()))}\n")
    return Extracted(Path(to), len(tokens), vectors.shape[1])
