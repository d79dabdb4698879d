"""The word embeddings of a model and their tokens, row by row."""

import numpy as np

from tasklab.errors import CheckpointError
from tasklab.tools.opened import open_model

WORDS = "encoder.embeddings.word.weight"


def word_vectors(source: str) -> tuple[list[str], np.ndarray]:
    """Tokens by id, and their vectors [V, E] float32, of a model with its vocabulary. Raises: CheckpointError."""
    model = open_model(source)
    if WORDS not in model.own:
        raise CheckpointError(f"{source} holds no word embeddings ({WORDS})")
    vectors, tokens = model.own[WORDS].as_float32().read(), model.tokenizer().tokens
    if len(tokens) > len(vectors):
        raise CheckpointError(f"{source}: {len(tokens)} tokens, but {len(vectors)} vectors; it is another vocabulary")
    return tokens, vectors[: len(tokens)]  # some tables are padded
