"""Texts that are looked up by their vectors; MindSpore is needed for making vectors of texts alone."""

from tasklab.vector_index.index import VectorIndex

__all__ = ["VectorIndex"]
