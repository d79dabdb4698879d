"""Drops the tokens that a corpus does not use: half of a multilingual model can be its vocabulary."""

from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np

from tasklab.data.files.textfile import text_lines
from tasklab.data.files.unpacked import plain_file
from tasklab.errors import CheckpointError
from tasklab.text.listed import SPECIAL
from tasklab.text.wordpiece import WordPiece
from tasklab.tools import TOOLS
from tasklab.tools.opened import open_model, refuse_existing
from tasklab.tools.vocabularies import with_vocabulary

LINES = 10_000  # tokenized at a time


@dataclass(frozen=True)
class Shrunk:
    folder: Path
    kept: int
    of: int
    tokens: int

    def __str__(self):
        share = f"{self.kept / self.of:.1%}"
        return f"{self.folder}: {self.kept} of {self.of} pieces kept ({share}), for {self.tokens} tokens of text"


@TOOLS.register("shrink-vocabulary")
def shrink_vocabulary(source: str, *corpora: str, to: str, min_count: int = 1) -> Shrunk:
    """Keep only the pieces of a WordPiece model that a corpus uses.

    Special tokens and single characters stay, so that other text is still spelled, in smaller pieces. With a
    min_count of 1 the corpus itself is cut into the same pieces as before, and the model computes the same.

    Args:
        source: folder or name of a model with a vocab.txt.
        corpora: text files in UTF-8, one text per line.
        to: the folder to write.
        min_count: pieces that occur less often go too.
    """
    refuse_existing(to)
    model = open_model(source)
    tokenizer = model.tokenizer()
    if not isinstance(tokenizer, WordPiece):
        raise CheckpointError(f"{source} has no vocab.txt; only WordPiece vocabularies can be shrunk")
    counts = np.zeros(tokenizer.vocab_size, np.int64)
    for path in corpora:
        for texts in _batches(path):
            for ids, _ in tokenizer.encode_batch(texts):
                counts += np.bincount(ids, minlength=len(counts))
    characters = np.array([len(token.removeprefix("##")) == 1 for token in tokenizer.tokens])
    kept = (counts >= max(1, min_count)) | characters
    kept[[i for i, token in enumerate(tokenizer.tokens) if token in (*SPECIAL, "[MASK]")]] = True
    rows = np.flatnonzero(kept)
    folder = with_vocabulary(model, [tokenizer.tokens[i] for i in rows], rows, to)
    return Shrunk(folder, len(rows), len(kept), int(counts.sum()))


def _batches(path):
    lines = (line.rstrip("\r\n") for line in text_lines(plain_file(Path(path))))
    while texts := list(islice(lines, LINES)):
        yield texts
