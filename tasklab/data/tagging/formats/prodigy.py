"""Prodigy's tasks (prodi.gy, "Annotation task formats"): text, spans, and the annotator's answer about both."""

from collections.abc import Iterator, Mapping

from tasklab.data.files.problems import shortened
from tasklab.data.tagging.formats.span_lists import is_span_list, spans_of
from tasklab.data.tagging.sentences import Passage, Source

NAME = "Prodigy"
ANSWERS = {"accept", "reject", "ignore"}


def looks_like(item) -> bool:
    if not isinstance(item, Mapping) or not isinstance(item.get("text"), str):
        return False
    tokens = item.get("tokens")
    cut = isinstance(tokens, list) and bool(tokens) and isinstance(tokens[0], Mapping)
    return (str(item.get("answer")) in ANSWERS or "_task_hash" in item) and (cut or is_span_list(item.get("spans")))


def records(place: str, item: Mapping, source: Source) -> Iterator[Passage]:
    answer = item.get("answer", "accept")
    if source.labelled and answer != "accept":
        kind = f"text that the annotator chose to {answer}"
        source.bad.add(kind, f"{place}: {shortened(item['text'])}", fatal=False)
        return
    if source.labelled and item.get("relations"):
        source.remarks["texts whose relations are not read"].add(place)
    yield Passage(place, item["text"], spans_of(item.get("spans") or []))
