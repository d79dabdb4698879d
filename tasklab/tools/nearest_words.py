"""Words that a model holds for alike: by their vectors alone, or by what becomes of them in a sentence (UER-py)."""

import difflib
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tasklab.config import task_in
from tasklab.errors import DataError
from tasklab.metrics.vectors import unit_rows
from tasklab.tools import TOOLS
from tasklab.tools.vocabularies import read_tokens
from tasklab.tools.word_vectors import word_vectors
from tasklab.weights.folder import CONFIG

NO_WORD = re.compile(r"\[.+\]|<.+>|##.+")
"""Special tokens, places that are unused, and pieces that continue a word."""

BATCH = 64  # sentences at once
ENCODER = "feature_extraction"
"""The task whose network is the encoder of any model."""


@dataclass(frozen=True)
class Nearest:
    """neighbours: (word, cosine), the nearest first."""

    words: dict[str, list[tuple[str, float]]]
    context: str | None = None

    def __str__(self):
        lines = [f"in: {self.context}"] if self.context else []
        for word, neighbours in self.words.items():
            lines += [word, *(f"  {cosine:6.3f}  {other}" for other, cosine in neighbours)]
        return "\n".join(lines)


@TOOLS.register("nearest-words")
def nearest_words(
    source: str, *words: str, context: str | None = None, candidates: str | None = None, among: int = 2000,
    top_k: int = 10,
) -> Nearest:  # fmt: skip
    """Show the words that are nearest to a word, by the cosine of word embeddings or of states in a sentence.

    With a context each candidate is put in the place of the word, and the encoder's last states at this place are
    compared. Candidates are the whole words of the vocabulary, first chosen by their embeddings.

    Args:
        source: folder or name of a model with its vocabulary.
        *words: words of the vocabulary.
        context: a sentence that holds the words.
        candidates: a vocabulary file; only its words are shown.
        among: with a context, how many candidates the encoder reads per word: those of the nearest embeddings.
        top_k: how many per word.
    """
    for name, value in (("top-k", top_k), ("among", among)):
        if value < 1:
            raise DataError(f"--{name} {value}: expected at least 1")
    tokens, vectors = word_vectors(source)
    allowed = set(read_tokens(candidates)) if candidates else None
    shown = [i for i, t in enumerate(tokens) if not NO_WORD.fullmatch(t) and (allowed is None or t in allowed)]
    if not shown:
        raise DataError(f"{candidates or source}: holds no word of the vocabulary of {source}")
    sentence = _Sentence(source, context) if context else None
    nearest = {}
    for word in words:
        number = _number(source, word, tokens, sentence)
        ids = np.array([number, *(i for i in shown if i != number)])
        ids, cosines = _ranked(ids, vectors[ids], among if sentence else top_k)
        if sentence:
            ids = np.array([number, *ids])
            ids, cosines = _ranked(ids, sentence.states(number, ids), top_k)
        nearest[word] = [(tokens[i], round(float(cosine), 4)) for i, cosine in zip(ids, cosines, strict=True)]
    return Nearest(nearest, context)


def _ranked(ids: np.ndarray, vectors: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """The ids behind the first one that are nearest to it, at most `count`, and their cosines."""
    unit = unit_rows(vectors)
    cosines = unit[1:] @ unit[0]
    best = np.argsort(-cosines, kind="stable")[:count]
    return ids[1:][best], cosines[best]


def _number(source: str, word: str, tokens: list[str], sentence) -> int:
    """The id of a word. Raises: DataError with the nearest words when it is none, or not in the sentence."""
    from tasklab.tools.opened import open_model

    tokenizer = sentence.tokenizer if sentence else open_model(source).tokenizer()
    number = tokenizer.token_id(word)
    ids = [number] if number is not None else tokenizer.encode_batch([word])[0][0].tolist()
    if len(ids) != 1 or ids[0] == tokenizer.unk_id:
        near = difflib.get_close_matches(word, [t for t in tokens if not NO_WORD.fullmatch(t)], n=3)
        hint = f"; did you mean {' or '.join(map(repr, near))}?" if near else ""
        spelled = " ".join(tokens[i] for i in ids)
        raise DataError(f"{word!r} is no word of the vocabulary of {source}, which spells it {spelled}{hint}")
    if sentence and ids[0] not in sentence.ids[1:-1]:
        raise DataError(
            f"the context does not hold {word!r}; its pieces are {' '.join(tokens[i] for i in sentence.ids[1:-1])}"
        )
    return ids[0]


class _Sentence:
    """A context under the encoder of a model, whatever that was trained for."""

    def __init__(self, source: str, text: str):
        from tasklab.session.ready import Ready
        from tasklab.trainer import Trainer

        own = Path(source) / CONFIG
        fits = own.is_file() and task_in(own) == ENCODER
        rows = [] if fits else ["data.max_seq_length=4"]  # the rows are made here: any length that every model takes
        config = Trainer(task=ENCODER, model=source, overrides=rows).config
        model = Ready(config.checkpoint, config).model
        self.encoder, self.tokenizer = model.network.set_train(False).encoder, model.task.tokenizer
        inside = self.tokenizer.encode_batch([text])[0][0].tolist()
        self.ids = [self.tokenizer.cls_id, *inside, self.tokenizer.sep_id]
        if len(self.ids) > config.model.max_tokens:
            raise DataError(f"the context has {len(self.ids)} tokens; the model takes {config.model.max_tokens}")

    def states(self, word: int, ids: np.ndarray) -> np.ndarray:
        """[len(ids), H]: the last states where `word` first stands, with each of `ids` in its place."""
        from mindspore import Tensor

        place = self.ids.index(word, 1)
        rows = np.tile(np.array(self.ids, np.int32), (-(-len(ids) // BATCH) * BATCH, 1))
        rows[: len(ids), place] = ids
        ones, zeros = np.ones_like(rows[:BATCH]), np.zeros_like(rows[:BATCH])
        states = [
            self.encoder(Tensor(rows[start : start + BATCH]), Tensor(ones), Tensor(zeros)).asnumpy()[:, place].copy()
            for start in range(0, len(rows), BATCH)
        ]
        return np.concatenate(states)[: len(ids)]
