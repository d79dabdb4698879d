"""CLUENER's texts (Xu et al. 2020): under each type the words, and where they are, both ends included."""

from collections.abc import Iterator, Mapping

from tasklab.data.files.problems import shortened
from tasklab.data.files.textfile import encodable
from tasklab.data.tagging.schemes import Entity
from tasklab.data.tagging.sentences import FIX, Passage, Sentence, Source

NAME = "CLUENER"
FORM = '{"text": ..., "label": {type: {words: [[first, last], ...]}}}'


def looks_like(item) -> bool:
    return isinstance(item, Mapping) and "text" in item and isinstance(item.get("label"), Mapping)


def records(place: str, item: Mapping, source: Source) -> Iterator[Sentence | Passage]:
    """Of a text every character is a token. A span inside another one is left out."""
    text = item["text"]
    if not isinstance(text, str) or not text or not encodable(text) or not source.labelled:
        yield Passage(place, text, [])
    elif (entities := _entities(place, text, item["label"], source)) is not None:
        yield Sentence(place, list(text), [place] * len(text), entities=entities)


def _entities(place: str, text: str, label: Mapping, source: Source) -> list[Entity] | None:
    """In order; None when something is wrong with them."""
    try:
        quads = [(kind, *span, words) for kind, named in label.items() for words, spans in named.items()
                 for span in spans]  # fmt: skip
        if not all(encodable(str(kind)) for kind, *_ in quads):
            raise ValueError("half of a surrogate pair")
        spans = [(str(kind), int(first), int(last), str(words)) for kind, first, last, words in quads]
    except (AttributeError, TypeError, ValueError, OverflowError):
        source.bad.add("no spans", f"{place}: label is {shortened(str(label))}, expected {FORM}", FIX)
        return None
    wrong = [span for span in spans if text[max(span[1], 0) : span[2] + 1] != span[3] or not span[3]]
    for kind, first, last, words in wrong:
        there = shortened(text[max(first, 0) : last + 1])
        message = f"{kind} {words!r} is said to be characters {first} to {last}, where {there} stands"
        source.bad.add("misplaced span", f"{place}: {message}", FIX)
    if wrong:
        return None
    kept: list[Entity] = []
    for kind, first, last, words in sorted(spans, key=lambda span: (span[1], -span[2])):
        if kept and first <= kept[-1][2]:
            message = f"{kind} {words!r} overlaps another entity; a character can have one tag"
            source.bad.add("nested entity", f"{place}: {message}", fatal=False)
        else:
            kept.append((kind, first, last))
    return kept
