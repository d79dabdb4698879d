"""What an index is made of, in memory or mapped: texts, ids, vectors, model and graph; how it is saved."""

import logging
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from tasklab.content import from_home
from tasklab.errors import CheckpointError, ConfigError, MissingDependency, UnknownName
from tasklab.vector_index.encoder import TextEncoder, same_model
from tasklab.vector_index.exact import Levels
from tasklab.vector_index.folder import GRAPH, Description, Stored, write_index
from tasklab.vector_index.graph import Graph
from tasklab.weights.sums import verify_file

logger = logging.getLogger("tasklab")


class KeptIndex:
    """`ids` and `texts` are sequences of str, `vectors` is [N, D] float32, of length 1 where similarity is cosine."""

    def __init__(self, stored: Stored, place: Path | None = None, encoder: TextEncoder | None = None):
        self._stored, self.place, self._encoder = stored, place, encoder
        self._graph: Graph | None = None

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
            info = self.description.model
            if info is None:
                raise CheckpointError(
                    f"{self._name}: was built from vectors, and names no model that makes them of "
                    "texts; search with vectors, or build it with model=..."
                )
            try:
                self._encoder = TextEncoder(info["name"], info["settings"])
            except UnknownName as error:
                where = "tasklab query --model, in Python open(..., model=...)"
                raise CheckpointError(f"{self._name}: {error}; if it has moved, say where it lies: {where}") from None
            self._refuse_other()
        return self._encoder

    @property
    def graph(self) -> Graph | None:
        """The graph, read at the first use; None where there is none, or no hnswlib to read it."""
        if self._graph is None and self.description.graph is not None:
            try:
                verify_file(self.place / GRAPH)
                self._graph = Graph.read(self.place / GRAPH, self.description.graph, len(self), self.description.size)
            except MissingDependency as error:
                logger.warning("%s; until then the search is exact", error)
                self.description.graph = None
        return self._graph

    def save(self, path=None):
        """Writes the folder, in one step: killed at any moment it is the old index or the new one.

        path: by default where it was opened. Raises: CheckpointError where something else is there, or the index was
        changed since it was opened.
        """
        if path is None and self.place is None:
            raise ConfigError("this index was not opened from a folder; name one: save('INDEX')")
        path = from_home(path or self.place)
        own = self.place is not None and path.resolve() == self.place.resolve()
        sums = write_index(path, self._stored, self._stored.sums if own else None, self.graph)
        self._stored.sums, self.place = sums, path

    def __len__(self):
        return len(self.ids)

    def __repr__(self):
        facts = self.description
        made = f", by {facts.model['name']}" if facts.model else ""
        return f"VectorIndex({len(self)} texts, {facts.size} numbers each, {facts.similarity}, {facts.precision}{made})"

    @property
    def _name(self):
        return self.place or "this index"

    def _refuse_other(self):
        if self.description.model:
            same_model(self._encoder, self.description.model, self._name)

    def _take(self, ids, texts, vectors):
        described = self.description
        described.count = len(ids)
        levels = Levels.of(vectors) if described.precision == "int8" else None
        if described.graph is not None:
            logger.warning("the graph was of other texts and is dropped; link anew")
        described.graph = self._graph = None
        self._stored = Stored(described, vectors, ids, texts, levels, self._stored.sums)
