"""Objects that hold a text or a sentence each, from JSON, tables or Arrow: every layout is known by what is in them.

A layout is a module with NAME, of the program that writes it; looks_like(item), of one object; and records(place, item,
source), which gives the Sentences and Passages in it, and checks of spans nothing at all: that is done for all in one
place.
"""

from collections.abc import Iterable, Iterator, Mapping

from tasklab.data.files.problems import listed, shortened
from tasklab.data.files.textfile import encodable
from tasklab.data.tagging.formats import cluener, doccano, label_studio, prodigy, spacy, span_lists, tagged
from tasklab.data.tagging.sentences import FIX, Passage, Sentence, Source

FORMATS = (tagged, cluener, label_studio, prodigy, doccano, spacy, span_lists)
"""Asked in this order."""
FORMS = (
    '{"text": ..., "entities": [{"start": 0, "end": 4, "label": "LOC"}, ...]}, {"tokens": [...], "tags": [...]}, '
    "or what an annotation program exports"
)


def item_records(items: Iterable[tuple[str, object]], source: Source) -> Iterator[Sentence | Passage]:
    """What is in objects, each with its place, from wherever they come."""
    for place, item in items:
        layout = next((layout for layout in FORMATS if layout.looks_like(item)), None)
        if layout is not None:
            source.writers[layout.NAME] += 1
            yield from filter(lambda record: _has_text(record, source), layout.records(place, item, source))
        elif not isinstance(item, Mapping):
            source.bad.add("no object", f"{place}: is {shortened(str(item))}, expected {FORMS}", FIX)
        elif _has_text(passage := Passage(place, item.get("text"), []), source):
            if not source.labelled:
                yield passage
                continue
            has = f"label is {shortened(str(item['label']))}" if "label" in item else f"has {listed(list(item))} alone"
            source.bad.add("no spans", f"{place}: {has}, expected {FORMS}", FIX)


def hold_entities(items: Iterable, source: Source) -> bool:
    """Whether some of the objects are of this task for certain: they hold tags or spans, not only room for them."""
    items = list(items)
    if any(layout.looks_like(item) for layout in (tagged, cluener) for item in items):
        return True
    return any(record.spans for record in item_records((("", item) for item in items), source))


def _has_text(record: Sentence | Passage, source: Source) -> bool:
    if isinstance(record, Sentence):
        return True
    sound = isinstance(record.text, str) and record.text.strip() and encodable(record.text)
    if not sound:
        message = f"{record.place}: text is {shortened(str(record.text))}, expected a text"
        source.bad.add("no text", message, FIX)
    return bool(sound)
