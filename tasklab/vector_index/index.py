"""An index of texts by their vectors: built, searched, changed, and saved in one step."""

import logging
from collections.abc import Sequence

import numpy as np

from tasklab.content import from_home
from tasklab.errors import CheckpointError, ConfigError, DataError, brief
from tasklab.metrics.vectors import unit_rows
from tasklab.vector_index.encoder import TextEncoder, check_told
from tasklab.vector_index.entries import checked_ids, checked_texts, checked_vectors
from tasklab.vector_index.exact import nearest
from tasklab.vector_index.folder import PRECISIONS, SIMILARITIES, Description, Stored, read_index
from tasklab.vector_index.graph import PAYS, Graph
from tasklab.vector_index.kept import KeptIndex
from tasklab.vector_index.rerank import TOGETHER, CrossEncoder, reranked

logger = logging.getLogger("tasklab")

BLOCK = 1 << 16
"""Vectors that are brought to length 1 together, in float64."""


class VectorIndex(KeptIndex):
    """Texts, each with an id and a vector, and the search for those whose vectors are nearest to a query's.

    Changes happen in memory; `save` writes them.
    """

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
        info = encoder and encoder.description()
        described = Description(len(texts), vectors.shape[1], similarity, precision, info)
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

    def search(
        self, queries, top_k: int = 10, *, exact: bool = False, search_width: int | None = None, rerank=None,
        candidates: int = TOGETHER,
    ) -> list:
        """The nearest of each query, best first: [{"id", "text", "score"}, ...].

        Args:
            queries: a text, texts, or vectors [Q, D]. One text, or one vector [D], gives one list, else a list each.
            top_k: as many as there are at most, which is told where that is fewer.
            exact: looks at all vectors though there is a graph.
            search_width: of the graph, in place of its own.
            rerank: a `CrossEncoder`, or a model's name, that reads query and text together and decides among the
                nearest `candidates`; its score is `score` then, the vectors' is `similarity`.
        Raises: DataError for queries that cannot be; CheckpointError for damaged vectors, or a text without a model.
        """
        for name, value in (("top_k", top_k), ("candidates", candidates), ("search_width", search_width or 1)):
            if value < 1:
                raise DataError(f"{name} is {value}; expected at least 1")
        if top_k > len(self):
            logger.warning("%d are asked for, and the index holds %d; all are given", top_k, len(self))
            top_k = len(self)
        alone = isinstance(queries, str) or getattr(queries, "ndim", 2) == 1
        queries = [queries] if alone else queries
        if rerank is not None and not (len(queries) and isinstance(queries[0], str)):
            raise DataError("rerank reads texts; search with the texts of the queries, not with their vectors")
        count = top_k if rerank is None else min(len(self), max(top_k, candidates))
        nearest_rows = self._nearest(self.query_vectors(queries), count, exact, search_width)
        hits = [self._hits(*nearest) for nearest in zip(*nearest_rows, strict=True)]
        if rerank is not None:
            score = rerank if isinstance(rerank, CrossEncoder) else CrossEncoder(rerank)
            hits = reranked(queries, hits, score, top_k)
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

    def link(self, search_width: int | None = None):
        """Builds a graph of near neighbours (HNSW), by which a search looks at a part of the vectors.

        Minutes for a million vectors. What it misses is measured and kept. A later change of the texts drops it.
        search_width: by default the least that meets 95 % of the exact nearest.
        Raises: MissingDependency without hnswlib.
        """
        if len(self) < PAYS:
            message = "exact search of %d vectors takes less time than encoding a query"
            logger.warning(f"{message}; a graph pays from %d on; none is built", len(self), PAYS)
            return
        self.graph = Graph.build(self.vectors, search_width)
        self.description.graph = self.graph.described()

    def _nearest(self, vectors: np.ndarray, top: int, exact: bool, width: int | None):
        graph = None if exact else self.graph
        if graph is not None:
            return graph.nearest(self.vectors, vectors, top, width)
        if width is not None:
            raise ConfigError("search_width is of a graph, and exact search has none; leave it out, or link() first")
        return nearest(self.vectors, vectors, top, self._stored.levels)

    def _hits(self, scores, rows) -> list[dict]:
        if (rows < 0).any() or not np.isfinite(scores).all():
            raise CheckpointError(f"{self._name}: vectors are damaged: scores are no numbers; build it anew")
        pairs = zip(rows.tolist(), scores.tolist(), strict=True)
        return [{"id": self.ids[row], "text": self.texts[row], "score": round(score, 6)} for row, score in pairs]

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


def _one_of(name: str, value, choices: Sequence[str]):
    if value not in choices:
        raise ConfigError(f"{name} is {brief(value)}; expected one of: {', '.join(choices)}")
