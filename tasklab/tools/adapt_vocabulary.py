"""Gives a model another vocabulary: rows of known tokens are carried over, those of new tokens start as asked."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tasklab.text.wordpiece import WordPiece
from tasklab.tools import TOOLS
from tasklab.tools.opened import open_model
from tasklab.tools.vocabularies import NewRows, with_vocabulary


@dataclass(frozen=True)
class Adapted:
    folder: Path
    carried: int
    new: int
    dropped: int

    def __str__(self):
        return f"{self.folder}: {self.carried} tokens carried over, {self.new} new, {self.dropped} dropped"


@TOOLS.register("adapt-vocabulary")
def adapt_vocabulary(source: str, vocabulary: str, *, to: str, new: NewRows = "random", seed: int = 0) -> Adapted:
    """Give a model another WordPiece vocabulary; tokens that both know keep their rows.

    New rows: `random` is drawn around the mean row with the deviation of each column, `mean` is the mean row, `zero`
    is 0. A model with many new tokens has to be trained on before it is of use.

    Args:
        source: folder or name of a model with its vocabulary.
        vocabulary: the new vocab.txt, one piece per line.
        to: the folder to write.
        new: how the rows of new tokens start.
        seed: of the random rows.
    """
    model = open_model(source)
    old = {token: i for i, token in enumerate(model.tokenizer().tokens)}
    tokens = WordPiece(vocabulary).tokens  # refuses one without [CLS], [SEP], [PAD], [UNK]
    rows = np.array([old.get(token, -1) for token in tokens])
    folder = with_vocabulary(model, tokens, rows, to, new, seed)
    carried = int((rows >= 0).sum())
    return Adapted(folder, carried, len(tokens) - carried, len(old.keys() - set(tokens)))
