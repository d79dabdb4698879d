"""A graph of near neighbours over the vectors (HNSW, Malkov and Yashunin 2018; hnswlib): a part of them is looked at.

What it misses is measured when it is built, and kept with it; scores are those of the exact search.
"""

import logging
from pathlib import Path

import numpy as np

from tasklab.errors import CheckpointError, DataError, MissingDependency, brief
from tasklab.kernels import build
from tasklab.vector_index.exact import nearest

logger = logging.getLogger("tasklab")

LINKS, CONSTRUCTION = 16, 100
"""Neighbours per vector and layer, and the search width while it is built: recall and time in docs/vector_index.md."""
PAYS = 50_000
"""Vectors below which exact search takes less time than encoding a query: half of what docs/vector_index.md measured
for 100,000."""
RECALL, NEIGHBOURS, SAMPLE = 0.95, 10, 200
"""The least share of the exact nearest that a search meets; of how many; asked of how many of the vectors."""
WIDTHS = (16, 32, 64, 128, 256, 512, 1024)
"""Search widths that are tried: the first one with that recall is kept."""
NEAR = 1e-5
"""Share of a score within which two are equal: the exact search and the graph's add up in different orders."""
SEED = 1
"""Of the sample and of the graph's layers. Several threads link in an order of their own, so two graphs of the same
vectors differ all the same, and with them a part of the hits and the recall."""


class Graph:
    """Nearest vectors by way of neighbours. `width`: how many are kept in mind on the way; `recall`: see RECALL."""

    def __init__(self, links, width: int, recall: float):
        self._links, self.width, self.recall = links, width, recall

    @classmethod
    def build(cls, vectors: np.ndarray, width: int | None = None) -> "Graph":
        """The graph of vectors [N, D], whose width is the least that reaches RECALL, or the one given.

        Minutes for a million. Raises: MissingDependency without hnswlib.
        """
        refuse_width(width)
        links = library().Index(space="ip", dim=vectors.shape[1])
        links.init_index(len(vectors), M=LINKS, ef_construction=CONSTRUCTION, random_seed=SEED)
        links.set_num_threads(build.thread_count())
        for first in range(0, len(vectors), 1 << 16):
            links.add_items(vectors[first : first + (1 << 16)])
            logger.info("%d of %d vectors are linked", min(len(vectors), first + (1 << 16)), len(vectors))
        graph, sample = cls(links, 0, 0.0), _Sample(vectors)
        for graph.width in (width,) if width else WIDTHS:
            graph.recall = sample.recall(graph)
            logger.info("search width %d: recall@%d %.4f", graph.width, NEIGHBOURS, graph.recall)
            if graph.recall >= RECALL:
                break
        else:
            message = "%.4f of the exact %d nearest are met, less than %.2f; exact search misses none"
            logger.warning(message, graph.recall, NEIGHBOURS, RECALL)
        return graph

    @classmethod
    def read(cls, path: Path, described: dict, count: int, size: int) -> "Graph":
        """The file of a graph whose sum was checked, as `described` tells of it. Raises: CheckpointError."""
        width, recall = described.get("search_width"), described.get("recall_at_10")
        if type(width) is not int or width < 1 or not isinstance(recall, (int, float)):
            raise CheckpointError(f"{path}: damaged: the graph is {brief(described)}; build it anew")
        links = library().Index(space="ip", dim=size)
        try:
            links.load_index(str(path), max_elements=count)
        except RuntimeError as error:
            raise CheckpointError(f"{path}: damaged ({str(error)[:100]}); build the graph anew") from None
        if links.element_count != count:
            raise CheckpointError(f"{path}: links {links.element_count} vectors of {count}; build the graph anew")
        links.set_num_threads(build.thread_count())
        return cls(links, width, recall)

    def described(self) -> dict:
        return {"search_width": self.width, "recall_at_10": round(self.recall, 4), "links": LINKS}

    def nearest(self, vectors: np.ndarray, queries: np.ndarray, top: int, width: int | None = None):
        """As `exact.nearest`, of the vectors that the graph leads to."""
        self._links.set_ef(max(width or self.width, top))
        try:
            rows = self._links.knn_query(queries, top)[0].astype(np.int64)  # [Q, top]
        except RuntimeError:  # some vectors cannot be reached
            return nearest(vectors, queries, top)
        scores = np.einsum("qd,qtd->qt", queries, vectors[rows])
        order = np.lexsort((rows, -scores))  # equal scores by their rows
        return np.take_along_axis(scores, order, 1), np.take_along_axis(rows, order, 1)

    def __call__(self, path: Path):
        """Writes the file."""
        self._links.save_index(str(path))


class _Sample:
    """Some of the vectors, and the least score of the others that are nearest to each.

    A hit counts by its score, as in ann-benchmarks: among equal ones, such as texts that are there twice, any will do.
    """

    def __init__(self, vectors: np.ndarray):
        self.vectors = vectors
        count = min(SAMPLE, len(vectors))
        self.rows = np.sort(np.random.default_rng(SEED).choice(len(vectors), count, replace=False))
        self.top = min(NEIGHBOURS + 1, len(vectors))  # a vector is its own nearest
        self.least = self._others(*nearest(vectors, self._queries(), self.top))[:, -1:]  # [S, 1]

    def recall(self, graph: Graph) -> float:
        scores = self._others(*graph.nearest(self.vectors, self._queries(), self.top))
        return float((scores >= self.least - NEAR * np.abs(self.least)).mean())

    def _queries(self) -> np.ndarray:
        return np.array(self.vectors[self.rows])

    def _others(self, scores: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """The best scores [S, top - 1] of other vectors than itself."""
        others = np.where(rows == self.rows[:, None], -np.inf, scores)
        return -np.sort(-others, axis=1)[:, : self.top - 1]


def refuse_width(width: int | None):
    """Raises: DataError for a search width that cannot be."""
    if width is not None and width < 1:
        raise DataError(f"search_width is {width}; expected at least 1")


def library():
    """hnswlib. Raises: MissingDependency where it is not installed."""
    try:
        import hnswlib
    except ImportError:
        raise MissingDependency('a graph of vectors needs hnswlib: pip install "tasklab[hnsw]"') from None
    return hnswlib
