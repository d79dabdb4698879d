"""An index of texts by their vectors: built, searched, changed, and saved in one step."""

import logging
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from tasklab.content import from_home
from tasklab.errors import CheckpointError, ConfigError, DataError, brief
from tasklab.metrics.vectors import unit_rows
from tasklab.vector_index.encoder import TextEncoder, check_told, same_model
from tasklab.vector_index.entries import checked_ids, checked_texts, checked_vectors
from tasklab.vector_index.exact import Levels, nearest
from tasklab.vector_index.folder import PRECISIONS, SIMILARITIES, Description, Stored, read_index, write_index

logger = logging.getLogger("tasklab")

BLOCK = 1 << 16
"""Vectors that are brought to length 1 together, in float64."""


class VectorIndex:
    """Texts, each with an id and a vector, and the search for those whose vectors are nearest to a query's.

    `ids` and `texts` are sequences of str, `vectors` is [N, D] float32, of length 1 where similarity is cosine.
    Changes happen in memory; `save` writes them.
    """

    def __init__(self, stored: Stored, place: Path | None = None, encoder: TextEncoder | None = None):
        self._stored, self.place, self._encoder = stored, place, encoder

    @classmethod
    def build(
        cls, texts: Sequence[str], vectors=None, *, ids: Sequence[str] | None = None, model=None,
        settings: Sequence[str] = (), similarity: str = "cosine", precision: str = "fp32",
    ) -> "VectorIndex":  # fmt: skip
        """An index in memory.

        Args:
            texts: what is looked up; not empty.
            vectors: [N, D], where they are there; else the model makes them.
            ids: names of the texts, each once; by default their numbers.
            model: name or folder of the model that makes the vectors, of queries too; or a `TextEncoder`.
            settings: KEY=VALUE for the model, such as model.pooling=first.
            similarity: cosine, or dot for the products of vectors as they are.
            precision: int8 searches by bytes first and scores the best again in float32.
        Raises: DataError, ConfigError.
        """
        _one_of("similarity", similarity, SIMILARITIES)
        _one_of("precision", precision, PRECISIONS)
        if model is None and vectors is None:
            raise ConfigError("an index needs vectors, or the model that makes them: build(texts, model='minilm_l6')")
        texts = checked_texts(texts)
        if not texts:
            raise DataError("there are no texts; an index holds at least one")
        ids = checked_ids(ids, len(texts))
        encoder = model if model is None or isinstance(model, TextEncoder) else TextEncoder(model, settings)
        vectors = checked_vectors(encoder(texts) if vectors is None else vectors, count=len(texts))
        told = encoder and encoder.description()
        described = Description(len(texts), vectors.shape[1], similarity, precision, told)
        index = cls(Stored(described, vectors, ids, texts, None, b""), encoder=encoder)
        index._take(ids, texts, index._scaled(vectors))
        return index

    @classmethod
    def open(cls, path, model=None, settings: Sequence[str] = (), whole: bool = False) -> "VectorIndex":
        """The index in a folder; its vectors are mapped, and MindSpore stays out until a text is to be encoded.

        Args:
            model, settings: in place of those that the index names, such as where that has moved; it has to be the
                same model.
            whole: checks the sums of the vectors too, which reads them.
        Raises: CheckpointError for a damaged folder.
        """
        stored = read_index(path, whole)
        index = cls(stored, from_home(path))
        if stored.description.model:
            check_told(stored.description.model, path)
        if model is not None:
            index._encoder = model if isinstance(model, TextEncoder) else TextEncoder(model, settings)
            index._refuse_other()
        return index

    def search(self, queries, top_k: int = 10) -> list:
        """The nearest of each query, best first: [{"id", "text", "score"}, ...].

        Args:
            queries: a text, texts, or vectors [Q, D]. One text, or one vector [D], gives one list, else a list each.
            top_k: as many as there are at most, which is told where that is fewer.
        Raises: DataError for queries that cannot be; CheckpointError for damaged vectors, or a text without a model.
        """
        if top_k < 1:
            raise DataError(f"top_k is {top_k}; expected at least 1")
        if top_k > len(self):
            logger.warning("%d are asked for, and the index holds %d; all are given", top_k, len(self))
            top_k = len(self)
        alone = isinstance(queries, str) or getattr(queries, "ndim", 2) == 1
        vectors = self.query_vectors([queries] if alone else queries)
        hits = [self._hits(*found) for found in zip(*self._nearest(vectors, top_k), strict=True)]
        return hits[0] if alone else hits

    def query_vectors(self, queries) -> np.ndarray:
        """[Q, D] of texts, or of vectors as they are compared."""
        if isinstance(queries, (list, tuple)) and queries and isinstance(queries[0], str):
            queries = self.encoder(checked_texts(queries, "queries"))
        return self._scaled(checked_vectors(queries, self.vectors.shape[1], name="queries"))

    def add(self, texts: Sequence[str], vectors=None, *, ids: Sequence[str] | None = None, places=None):
        """More texts, behind those that are there. Arguments as of `build`; ids go on by number.

        places: where each text stands, for messages.
        """
        texts = checked_texts(texts)
        ids = checked_ids(ids, len(texts), self.ids, places)
        if not texts:
            return
        vectors = self.encoder(texts) if vectors is None else vectors
        vectors = self._scaled(checked_vectors(vectors, self.vectors.shape[1], len(texts)))
        vectors = np.concatenate([self.vectors, vectors])
        self._take([*self.ids, *ids], [*self.texts, *texts], vectors)

    def delete(self, ids: Sequence[str]):
        """Without these. Raises: DataError for an id that is not there, and where nothing would stay."""
        gone = {str(name) for name in ([ids] if isinstance(ids, str) else ids)}
        numbers = [number for number, name in enumerate(self.ids) if name not in gone]
        if lacking := gone.difference(self.ids) if len(self) - len(numbers) < len(gone) else set():
            raise DataError(f"the index holds no id {', '.join(sorted(map(repr, lacking))[:5])}; nothing was deleted")
        self._keep(numbers)

    def deduplicate(self) -> int:
        """Keeps the first of equal texts. Returns how many went."""
        first: dict[str, int] = {}
        for number, text in enumerate(self.texts):
            first.setdefault(text, number)
        gone = len(self) - len(first)
        if gone:
            self._keep(list(first.values()))
        return gone

    def save(self, path=None):
        """Writes the folder, in one step: killed at any moment it is the old index or the new one.

        path: by default where it was opened. Raises: CheckpointError where something else is there, or the index was
        changed since it was opened.
        """
        if path is None and self.place is None:
            raise ConfigError("this index was not opened from a folder; name one: save('INDEX')")
        path = from_home(path or self.place)
        if path != self.place:
            self._stored.sums = b""
        self._stored.sums = write_index(path, self._stored)
        self.place = path

    @property
    def ids(self) -> Sequence[str]:
        return self._stored.ids

    @property
    def texts(self) -> Sequence[str]:
        return self._stored.texts

    @property
    def vectors(self) -> np.ndarray:
        return self._stored.vectors

    @property
    def description(self) -> Description:
        return self._stored.description

    @property
    def encoder(self) -> TextEncoder:
        """The model that makes vectors of texts, loaded at the first use. Raises: CheckpointError for another one."""
        if self._encoder is None:
            told = self.description.model
            if told is None:
                raise CheckpointError(
                    f"{self._name}: was built from vectors, and names no model that makes them of "
                    "texts; search with vectors, or build it with model=..."
                )
            self._encoder = TextEncoder(told["name"], told["settings"])
            self._refuse_other()
        return self._encoder

    def __len__(self):
        return len(self.ids)

    def __repr__(self):
        told = self.description
        made = f", by {told.model['name']}" if told.model else ""
        return f"VectorIndex({len(self)} texts, {told.size} numbers each, {told.similarity}, {told.precision}{made})"

    @property
    def _name(self):
        return self.place or "this index"

    def _nearest(self, vectors: np.ndarray, top: int):
        return nearest(self.vectors, vectors, top, self._stored.levels)

    def _hits(self, scores, rows) -> list[dict]:
        if (rows < 0).any() or not np.isfinite(scores).all():
            raise CheckpointError(f"{self._name}: vectors are damaged: scores are no numbers; build it anew")
        found = zip(rows.tolist(), scores.tolist(), strict=True)
        return [{"id": self.ids[row], "text": self.texts[row], "score": round(score, 6)} for row, score in found]

    def _refuse_other(self):
        if self.description.model:
            same_model(self._encoder, self.description.model, self._name)

    def _scaled(self, vectors: np.ndarray) -> np.ndarray:
        """As they are compared: of length 1 for cosines."""
        if self.description.similarity == "dot":
            return vectors
        scaled = np.empty_like(vectors)
        for first in range(0, len(vectors), BLOCK):
            scaled[first : first + BLOCK] = unit_rows(vectors[first : first + BLOCK])
        return scaled

    def _keep(self, numbers: list[int]):
        if not numbers:
            raise DataError("nothing would stay in the index; remove its folder instead")
        self._take([self.ids[i] for i in numbers], [self.texts[i] for i in numbers], self.vectors[numbers])

    def _take(self, ids, texts, vectors):
        told = self.description
        told.count = len(ids)
        levels = Levels.of(vectors) if told.precision == "int8" else None
        self._stored = Stored(told, vectors, ids, texts, levels, self._stored.sums)


def _one_of(name: str, value, known: Sequence[str]):
    if value not in known:
        raise ConfigError(f"{name} is {brief(value)}; expected one of: {', '.join(known)}")
