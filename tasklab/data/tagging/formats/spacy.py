"""spaCy's texts: pairs [text, {"entities": [...]}] of version 2, what Doc.to_json writes, and NER Annotator's file."""

from collections.abc import Iterator, Mapping

from tasklab.data.files.problems import shortened
from tasklab.data.tagging.formats.span_lists import spans_of
from tasklab.data.tagging.sentences import FIX, Passage, Source

NAME = "spaCy"


def looks_like(item) -> bool:
    return is_pair(item) or isinstance(item, Mapping) and (
        isinstance(item.get("text"), str) and isinstance(item.get("ents"), list)
        or "classes" in item and isinstance(item.get("annotations"), list)
    )  # fmt: skip


def records(place: str, item, source: Source) -> Iterator[Passage]:
    if is_pair(item):
        yield Passage(place, item[0], spans_of(item[1]["entities"]))
    elif "ents" in item:
        yield Passage(place, item["text"], spans_of(item["ents"]))
    else:
        for number, pair in enumerate(item["annotations"]):
            inner = f"{place}: annotations[{number}]"
            if is_pair(pair):
                yield Passage(inner, pair[0], spans_of(pair[1]["entities"]))
            elif pair is None:
                source.bad.add("text that was skipped", inner, fatal=False)
            else:
                source.bad.add("no spans", f"{inner}: is {shortened(str(pair))}, expected [text, ...]", FIX)


def is_pair(item) -> bool:
    return (
        isinstance(item, (list, tuple)) and len(item) == 2 and isinstance(item[0], str)
        and isinstance(item[1], Mapping) and isinstance(item[1].get("entities"), list)
    )  # fmt: skip
