"""Weights and cells of a network by name: what a user calls head, embeddings.word or layers.0."""


def named(owner: str, name: str) -> bool:
    """Whether `owner` is this weight or cell, or what it lies in: words of `name` between dots, one after another."""
    return f".{owner}." in f".{name}."
