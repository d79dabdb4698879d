"""Spans that were heard in training: what a list of strings is worth, to show beside a score."""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence


def heard_spans(
    answers: Iterable[tuple[str, str]], asked: Sequence[tuple[str, str]]
) -> list[list[tuple[str, int, int]]]:
    """For each text every place of a string that answered its kind, the longest first from left to right.

    answers: (kind, string).   asked: (kind, text).   Returns: (kind, start, end) in characters.
    """
    strings = defaultdict(set)
    for kind, string in answers:
        strings[kind].add(string)
    patterns = {
        kind: re.compile("|".join(map(re.escape, sorted(several, key=lambda s: (-len(s), s)))))
        for kind, several in strings.items()
    }
    return [
        [(kind, *match.span()) for match in patterns[kind].finditer(text)] if kind in patterns else []
        for kind, text in asked
    ]
