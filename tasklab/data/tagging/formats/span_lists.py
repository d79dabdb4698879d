"""Texts with a list of spans, as many programs write them: two numbers and a type, or objects that name these."""

from collections.abc import Iterator, Mapping, Sequence

from tasklab.data.tagging.sentences import Passage, Source, Span

NAME = ""  # many programs write so
LISTS = ("entities", "spans", "ents", "annotations", "labels", "label")
NULLABLE = ("entities", "spans", "ents")
"""Nothing under these is an empty list, as tables have it; under `label` it may be anything that is missing."""
START = ("start", "start_offset", "start_char", "begin")
END = ("end", "end_offset", "end_char")
KIND = ("label", "type", "entity_group", "entity_type", "entity", "tag", "labels")
SURFACE = ("text", "word", "surface")


def looks_like(item) -> bool:
    return isinstance(item, Mapping) and "text" in item and span_list(item) is not None


def records(place: str, item: Mapping, source: Source) -> Iterator[Passage]:
    yield Passage(place, item["text"], spans_of(span_list(item)))


def span_list(item: Mapping, keys: Sequence[str] = LISTS) -> list | None:
    """The list of spans under one of the keys, the fullest where several are; None where there is none."""
    lists = [value for key in keys if is_span_list(value := item.get(key))]
    lists += [[] for key in NULLABLE if key in item and item[key] is None]
    return max(lists, key=len, default=None)


def is_span_list(value) -> bool:
    """Whether it is empty, or begins with something like a span."""
    if not isinstance(value, list) or not value:
        return value == []
    first = value[0]
    return isinstance(first, (list, tuple)) or isinstance(first, Mapping) and not {*START}.isdisjoint(first)


def spans_of(values) -> list[Span]:
    """Spans of what stands in such a list; one of several types is several spans."""
    spans = []
    for value in values if isinstance(values, list) else [values]:
        if isinstance(value, Mapping):
            start, end, kind, surface = (_first(value, keys) for keys in (START, END, KIND, SURFACE))
            kinds = kind if isinstance(kind, list) and kind else [kind]
            surface, name = surface if isinstance(surface, str) else None, str(value.get("id", ""))
            spans += [Span(start, end, kind, surface, id=name) for kind in kinds]
        elif isinstance(value, (list, tuple)) and len(value) >= 3:
            spans.append(Span(*value[:3]))
        else:
            spans.append(Span(None, None, value))
    return spans


def _first(value: Mapping, keys: Sequence[str]):
    return next((value[key] for key in keys if key in value), None)
