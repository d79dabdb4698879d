"""doccano's exports (docs of doccano 1.0 to 1.8): spans under label, labels, entities, or once under annotations."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from tasklab.data.files.textfile import read_json
from tasklab.data.tagging.formats.span_lists import is_span_list, span_list, spans_of
from tasklab.data.tagging.sentences import Link, Passage, Source

NAME = "doccano"
TEXT = ("text", "data")
TRIPLES, OBJECTS = ("label", "labels"), ("entities", "annotations")
NAMES = "label_config.json"
"""What doccano calls the export of its labels."""


def looks_like(item) -> bool:
    if not isinstance(item, Mapping) or not any(isinstance(item.get(key), str) for key in TEXT):
        return False
    item = _flat(item)
    triples = [item[key] for key in TRIPLES if is_span_list(item.get(key))]
    objects = [item[key] for key in OBJECTS if is_span_list(item.get(key))]
    return (
        any(not spans or isinstance(spans[0], list) for spans in triples)
        or any(spans and isinstance(spans[0], Mapping) and "start_offset" in spans[0] for spans in objects)
        or ("entities" in item and not {"relations", "cats"}.isdisjoint(item))
        or item.get("annotations") == []
    )


def records(place: str, item: Mapping, source: Source) -> Iterator[Passage]:
    item = _flat(item)
    text = next(item[key] for key in TEXT if isinstance(item.get(key), str))
    spans = spans_of(span_list(item, TRIPLES + OBJECTS) or []) if source.labelled else []
    links = source.links(place, _links(item, place))
    if any(isinstance(span.kind, int) or str(span.kind).isdecimal() for span in spans):
        names = _names(source)
        spans = [span._replace(kind=names.get(str(span.kind), span.kind)) for span in spans]
    yield Passage(place, text, spans, links)


def _flat(item: Mapping) -> Mapping:
    """With spans and relations beside the text, where an old version has them in one object under `label`."""
    inner = item.get("label")
    return {**{key: value for key, value in item.items() if key != "label"}, **inner} if _is_pair(inner) else item


def _is_pair(label) -> bool:
    return isinstance(label, Mapping) and isinstance(label.get("entities"), list)


def _links(item: Mapping, place: str) -> Iterator[Link]:
    relations = item.get("relations")
    for i, relation in enumerate(relations if isinstance(relations, list) else ()):
        record = relation if isinstance(relation, Mapping) else {}
        ends = (str(record.get(key, "")) for key in ("from_id", "to_id"))
        yield Link(*ends, record.get("type"), f"{place}: relations[{i}]")


def _names(source: Source) -> dict[str, str]:
    """Of the numbers that old versions write for labels: from the export of the labels, if it lies beside the data."""
    if source.label_names is None:
        file = Path(source.file).parent / NAMES
        labels = read_json(file) if file.is_file() else []
        sound = isinstance(labels, list) and all(isinstance(label, Mapping) for label in labels)
        source.label_names = {str(label.get("id")): label.get("text") for label in labels} if sound else {}
    return source.label_names
