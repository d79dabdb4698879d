"""Annotated texts with entities and relations, from what doccano, Label Studio and brat export."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from tasklab.data.extraction.annotated import AnnotatedText, Entity, Relation
from tasklab.data.files.problems import BadRows, shortened
from tasklab.data.files.splits import find_split
from tasklab.data.files.textfile import encodable, read_text
from tasklab.data.tagging.formats import brat, item_records
from tasklab.data.tagging.formats.doccano import TEXT
from tasklab.data.tagging.json_files import json_items
from tasklab.data.tagging.sentences import FIX, Passage, Source
from tasklab.data.tagging.spans import SpanChecks

SUFFIXES = (".jsonl", ".json", ".txt")
FILES = tuple(f"{name}{suffix}" for suffix in SUFFIXES for name in ("all", "train", "doccano_ext"))


def read_annotated(path, encoding: str | None = None) -> tuple[list[AnnotatedText], BadRows, dict[str, int]]:
    """Texts in file order, what is wrong with others, and what is strange about those that are used.

    Args:
        path: a file of doccano or Label Studio, or a folder of brat.
    Raises: DataError when the file as a whole cannot be read.
    """
    folder = brat.folder_of(path, "train")
    source = Source(folder or find_split(path, "train", FILES, SUFFIXES), linked=True)
    if folder:
        passages = brat.records(source, encoding)
    else:
        passages = item_records(json_items(read_text(source.file, encoding), Path(source.file)), source)
    checks = SpanChecks(source)
    texts = [text for passage in passages if (text := _checked(passage, checks, source.bad)) is not None]
    return texts, source.bad, {what: remark.count for what, remark in source.remarks.items()}


def read_classified(path, encoding: str | None = None) -> tuple[list[AnnotatedText], BadRows]:
    """The same of texts with labels, {"text": ..., "label": ["positive"]}, as doccano writes them."""
    file = find_split(path, "train", FILES, SUFFIXES)
    bad = BadRows(str(file))
    return list(_classified(json_items(read_text(file, encoding), Path(file)), bad)), bad


def _classified(items, bad: BadRows) -> Iterator[AnnotatedText]:
    for place, item in items:
        record = item if isinstance(item, Mapping) else {}
        text = next((record[key] for key in TEXT if isinstance(record.get(key), str)), None)
        labels = record.get("label", record.get("labels"))
        labels = [labels] if isinstance(labels, str) else labels
        sound = isinstance(labels, list) and labels and all(isinstance(label, str) for label in labels)
        if text is None or not text.strip() or not encodable(text):
            message = f'text is {shortened(str(text))}, expected {{"text": ..., "label": [...]}}'
            bad.add("no text", f"{place}: {message}", FIX)
        elif not sound:
            bad.add("no label", f"{place}: label is {shortened(str(labels))}, expected a list of names", FIX)
        else:
            yield AnnotatedText(text, labels=tuple(labels), place=place)


def _checked(passage, checks: SpanChecks, bad: BadRows) -> AnnotatedText | None:
    """None when something is wrong with it."""
    if not isinstance(passage, Passage):
        bad.add("words with tags", f"{passage.place}: has tokens and tags, expected a text with spans", FIX)
        return None
    before, spans = bad.fatal, checks.spans(passage)
    if spans is None:
        return None
    entities = [Entity(s.id or f"T{i + 1}", s.kind, s.start, s.end) for i, s in enumerate(spans)]
    ids, relations = {entity.id for entity in entities}, []
    for name in ids if len(ids) < len(entities) else ():
        if [e.id for e in entities].count(name) > 1:
            bad.add("id twice", f"{passage.place}: two entities go by the id {shortened(name)}", FIX)
    for link in passage.links:
        missing = [name for name in (link.subject, link.object) if name not in ids]
        if missing:
            message = f"no entity of the text has the id {shortened(missing[0])}"
            bad.add("relation to nothing", f"{link.place or passage.place}: {message}", FIX)
        elif not isinstance(link.kind, str) or not link.kind.strip() or not encodable(link.kind):
            message = f"its type is {shortened(str(link.kind))}, expected its name"
            bad.add("relation without type", f"{link.place or passage.place}: {message}", FIX)
        else:
            relations.append(Relation(link.subject, link.kind.strip(), link.object))
    if bad.fatal > before:
        return None
    return AnnotatedText(passage.text, tuple(entities), tuple(relations), place=passage.place)
