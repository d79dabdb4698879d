"""Tagged sentences from JSON: CLUENER's texts with spans, or lists of tokens and tags; one object after the other."""

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from tasklab.content import json_at, parse_json
from tasklab.data.files.problems import BadRows, shortened
from tasklab.data.files.textfile import encodable
from tasklab.data.tagging.columns import FIX, Sentence
from tasklab.data.tagging.schemes import Entity
from tasklab.errors import DataError

BLANKS = re.compile(r"\s*")
FORMS = '{"text": ..., "label": {type: {words: [[first, last], ...]}}} or {"tokens": [...], "tags": [...]}'


def json_sentences(text: str, file: Path, bad: BadRows, labelled: bool) -> Iterator[Sentence]:
    """Sentences of objects that stand in one list, one per line, or pretty-printed one behind the other.

    Of a text every character is a token. Both ends of a span are included. A span inside another one is left out.
    Raises: DataError with line and column where the file is no JSON.
    """
    yield from item_sentences(_objects(text, file), bad, labelled)


def item_sentences(items: Iterable[tuple[str, object]], bad: BadRows, labelled: bool) -> Iterator[Sentence]:
    """Sentences of objects, each with its place, from wherever they come."""
    for place, item in items:
        if not isinstance(item, Mapping):
            bad.add("no object", f"{place}: is {shortened(str(item))}, expected {FORMS}; {FIX}")
        elif "tokens" in item:
            yield from _tagged(place, item, bad, labelled)
        else:
            yield from _with_spans(place, item, bad, labelled)


def _objects(text: str, file: Path) -> Iterator[tuple[str, object]]:
    if text.lstrip().startswith("["):
        yield from ((f"{file}: [{i}]", item) for i, item in enumerate(parse_json(text, str(file), DataError)))
        return
    at, line = 0, 1
    while True:
        start = BLANKS.match(text, at).end()  # a slice from here on would cost as much as the rest of the file
        line, at = line + text.count("\n", at, start), start
        if at == len(text):
            return
        item, end = json_at(text, at, str(file), DataError)
        yield f"{file}:{line}", item
        line, at = line + text.count("\n", at, end), end


def _tagged(place: str, item: Mapping, bad: BadRows, labelled: bool) -> Iterator[Sentence]:
    tokens, tags = item["tokens"], next((item[key] for key in ("tags", "ner_tags", "labels") if key in item), None)
    if not _texts(tokens):
        bad.add("no tokens", f"{place}: tokens is {shortened(str(tokens))}, expected a list of texts; {FIX}")
    elif labelled and (not _texts(tags) or len(tags) != len(tokens)):
        told = f"{len(tags)} tags" if _texts(tags) else f"the tags {shortened(str(tags))}"
        bad.add("tokens without tags", f"{place}: has {len(tokens)} tokens and {told}, expected one name each; {FIX}")
    else:
        places = [f"{place}: token {i}" for i in range(1, len(tokens) + 1)]
        yield Sentence(place, list(tokens), places, list(tags) if labelled else None)


def _texts(value) -> bool:
    """Whether it is a list of texts with something in each."""
    return isinstance(value, list) and bool(value) and all(isinstance(v, str) and v and encodable(v) for v in value)


def _with_spans(place: str, item: Mapping, bad: BadRows, labelled: bool) -> Iterator[Sentence]:
    text = item.get("text")
    if not isinstance(text, str) or not text or not encodable(text):
        bad.add("no text", f"{place}: text is {shortened(str(text))}, expected {FORMS}; {FIX}")
        return
    entities = _spans(place, text, item.get("label"), bad) if labelled else None
    if entities is not None or not labelled:
        yield Sentence(place, list(text), [place] * len(text), entities=entities)


def _spans(place: str, text: str, label, bad: BadRows) -> list[Entity] | None:
    """The entities in order; None when something is wrong with them."""
    try:
        found = [(kind, *span, words) for kind, named in label.items() for words, spans in named.items()
                 for span in spans]  # fmt: skip
        if not all(encodable(str(kind)) for kind, *_ in found):
            raise ValueError("half of a surrogate pair")
        spans = [(str(kind), int(first), int(last), str(words)) for kind, first, last, words in found]
    except (AttributeError, TypeError, ValueError, OverflowError):
        bad.add("no spans", f"{place}: label is {shortened(str(label))}, expected {FORMS}; {FIX}")
        return None
    wrong = [span for span in spans if text[max(span[1], 0) : span[2] + 1] != span[3] or not span[3]]
    for kind, first, last, words in wrong:
        there = shortened(text[max(first, 0) : last + 1])
        told = f"{kind} {words!r} is said to be characters {first} to {last}, where {there} stands"
        bad.add("misplaced span", f"{place}: {told}; {FIX}")
    if wrong:
        return None
    kept: list[Entity] = []
    for kind, first, last, words in sorted(spans, key=lambda span: (span[1], -span[2])):
        if kept and first <= kept[-1][2]:
            told = f"{kind} {words!r} overlaps another entity; a character can have one tag"
            bad.add("nested entity", f"{place}: {told}", fatal=False)
        else:
            kept.append((kind, first, last))
    return kept
