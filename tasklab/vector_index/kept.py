"""What an index is made of, in memory or mapped: texts, ids, vectors, model and graph; how it is saved."""

import logging
import shutil
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

import numpy as np

from tasklab.content import from_home
from tasklab.errors import CheckpointError, ConfigError, MissingDependency, UnknownName
from tasklab.vector_index.encoder import TextEncoder, same_model
from tasklab.vector_index.exact import Levels
from tasklab.vector_index.folder import GRAPH, Description, Stored, of_one_version, write_index
from tasklab.vector_index.graph import Graph
from tasklab.weights.sums import verify_file

logger = logging.getLogger("tasklab")


class KeptIndex:
    """`ids` and `texts` are sequences of str, `vectors` is [N, D] float32, of length 1 where similarity is cosine."""

    def __init__(self, stored: Stored, place: Path | None = None, encoder: TextEncoder | None = None):
        self._stored, self.place, self._encoder = stored, place, encoder

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

    @cached_property
    def graph(self) -> Graph | None:
        """The graph, read at the first use; None where there is none, or where it cannot be had, which is told once."""
        if self.description.graph is None:
            return None
        try:
            graph = of_one_version(self.place, self._stored.sums, self._read_graph)
        except MissingDependency as error:
            logger.warning("%s; until then the search is exact", error)
            return None
        if graph is None:
            message = "%s: was changed since it was opened; until it is opened anew the search is exact"
            logger.warning(message, self.place)
        return graph

    def save(self, path=None):
        """Writes the folder, in one step: killed at any moment it is the old index or the new one.

        path: by default where it was opened. Raises: CheckpointError where something else is there, or the index was
        changed since it was opened.
        """
        if path is None and self.place is None:
            raise ConfigError("this index was not opened from a folder; name one: save('INDEX')")
        path = from_home(path or self.place)
        own = self.place is not None and path.resolve() == self.place.resolve()
        sums = write_index(path, self._stored, self._stored.sums if own else None, self._graph_file())
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

    def _read_graph(self) -> Graph:
        verify_file(self.place / GRAPH)
        return Graph.read(self.place / GRAPH, self.description.graph, len(self), self.description.size)

    def _graph_file(self):
        """What writes the file of the graph: itself where it was read or made, else a copy, which needs no hnswlib."""
        if self.description.graph is None:
            return None
        return vars(self).get("graph") or self._copy_graph

    def _copy_graph(self, path: Path):
        def copied():
            verify_file(self.place / GRAPH)
            return shutil.copyfile(self.place / GRAPH, path)

        if of_one_version(self.place, self._stored.sums, copied) is None:
            message = "was changed since it was opened, and the graph of what was opened is gone"
            raise CheckpointError(f"{self.place}: {message}; open it anew, or link() before you save")

    def _refuse_other(self):
        if self.description.model:
            same_model(self._encoder, self.description.model, self._name)

    def _take(self, ids, texts, vectors):
        described = self.description
        described.count = len(ids)
        levels = Levels.of(vectors) if described.precision == "int8" else None
        if described.graph is not None:
            logger.warning("the graph was of other texts and is dropped; link anew")
        described.graph = self.graph = None
        self._stored = Stored(described, vectors, ids, texts, levels, self._stored.sums)
