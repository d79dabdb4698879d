"""Parts of a network by name: what a user calls head, embeddings.word or layers.0."""


def named(part: str, name: str) -> bool:
    """Whether `part` names this weight or cell, or what it lies in: words of `name` between dots, one after another."""
    return f".{part}." in f".{name}."
