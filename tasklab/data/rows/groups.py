"""Which examples belong on one side when some are held out: those of a document, and equal or nearly equal ones."""

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from tasklab.data.rows.findings import plain
from tasklab.data.rows.near_equal import Links, join_near
from tasklab.data.rows.stored import StoredExamples


def groups_of(examples: Sequence, serve: Callable[[np.ndarray], bool]) -> np.ndarray | None:
    """[n] number of each example's group, 0, 1, ... by their first members; None where none of the ways serves.

    An example tells its `text`, and its `documents`: what it belongs to, from the whole to the part. The first way to
    group them counts for which `serve(sizes of the groups)` is true: by the whole, by the part, and last by texts that
    are equal but for case and blanks; questions about one article are a single group, but several by its paragraphs.
    Examples that lie on disk tell nothing.
    """
    for links in _ways(examples):
        _, groups, sizes = np.unique(links.groups(), return_inverse=True, return_counts=True)
        if serve(sizes):
            return groups
    return None


def _ways(examples: Sequence) -> Iterator[Links]:
    count = len(examples)
    texts = [] if isinstance(examples, StoredExamples) else [getattr(example, "text", None) for example in examples]
    if not any(texts):
        yield Links(count)
        return
    documents = [getattr(example, "documents", ()) for example in examples]
    for level in zip(*documents, strict=True) if documents[0] else [()]:
        links = Links(count)
        links.join_equal(level)
        join_near(links, texts)
        yield links
    links = Links(count)
    links.join_equal([plain(text) for text in texts])
    yield links
