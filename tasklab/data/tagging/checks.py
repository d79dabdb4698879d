"""Examples from what a file holds, and what is wrong with its tags and spans: all checked before training."""

import difflib
from collections.abc import Sequence
from functools import cached_property

from tasklab.data.tagging.examples import WORDS, TaggedExample, joined_text, split_text
from tasklab.data.tagging.labels import numbered_labels
from tasklab.data.tagging.schemes import Entity, entities_of, is_tag, split_tag
from tasklab.data.tagging.sentences import FIX, Passage, Sentence, Source
from tasklab.data.tagging.spans import SpanChecks

NAMING = 'data.label2id=FILE, which holds {"O": 0, "B-PER": 1, ...}'


class ExampleChecks:
    """Makes examples; what is wrong goes to `source.bad`.

    Args:
        kinds: the types that may occur; () takes any.
        label2id: the file with the names of numbers that stand for tags, read when the first of them is met, or None.
        units: what carries a tag.
        repair: whether an I- that continues nothing begins an entity.
    """

    def __init__(self, source: Source, kinds: Sequence[str], label2id: str | None, units: str, repair: bool):
        self.source, self.bad, self.spans = source, source.bad, SpanChecks(source)
        self.kinds, self.label2id, self.units, self.repair = list(kinds), label2id, units, repair
        self.seen: set[str] = set()
        self.repaired: list[str] = []

    def example(self, number: int, record: Sentence | Passage) -> TaggedExample | None:
        """None when something is wrong with it."""
        before = self.bad.fatal
        if isinstance(record, Passage):
            text, tokens, entities = record.text, *self._of_passage(record)
            places = [record.place] * len(tokens)
        else:
            entities = self._of_sentence(record) if self.source.labelled else []
            text, tokens = joined_text(record.tokens, self.units)
            places = record.token_places
        for kind, first, _ in entities:
            if self.kinds and kind not in self.kinds:
                near = difflib.get_close_matches(kind, self.kinds, n=1)
                hint = f"did you mean {near[0]!r}? " if near else ""
                message = f"the type {kind!r} is none of the model's: {', '.join(self.kinds)}"
                self.bad.add(f"unknown type {kind}", f"{places[first]}: {message}", f"{hint}{FIX}")
        if self.bad.fatal > before:
            return None
        return TaggedExample(str(number), text, tokens, tuple(entities) if self.source.labelled else None, record.place)

    def _of_passage(self, passage: Passage):
        tokens = split_text(passage.text, self.units or WORDS)
        if not self.source.labelled:
            return tokens, []
        if not passage.spans:
            self.source.remarks[_no_span(self.source.writer)].add(passage.place)
        return self.spans.entities(passage, tokens) or (tokens, [])

    def _of_sentence(self, sentence: Sentence) -> list[Entity]:
        if sentence.entities is not None:
            return sentence.entities
        tags = self._named(sentence.tags)
        try:
            entities, orphans = entities_of(tags)
        except ValueError as error:
            self._unknown_tag(sentence.token_places[tags.index(str(error))], str(error))
            return []
        self.seen.update(tags)
        for i in orphans:
            self._orphan(sentence.token_places[i], tags, i)
        return entities

    @cached_property
    def names(self) -> list[str]:
        return numbered_labels(self.label2id) if self.label2id else []

    def _named(self, tags: list[str]) -> list[str]:
        """With names for numbers, as far as there are any."""
        if not any(map(str.isdecimal, tags)):
            return tags
        names = {str(number): name for number, name in enumerate(self.names)}
        return [names.get(tag, tag) for tag in tags]

    def _orphan(self, place: str, tags: list[str], i: int):
        tag, before = tags[i], f"after {tags[i - 1]}" if i else "at the start of a sentence"
        message = f"{place}: {tag} {before} continues no {split_tag(tag)[1]}"
        if self.repair:
            self.repaired.append(message)
            return
        remedy = f"{FIX}, set data.repair_tags: true to let it begin one"
        self.bad.add("tag that continues nothing", message, remedy)

    def _unknown_tag(self, place: str, tag: str):
        if tag.isdecimal():
            hint = f"there are names for 0 to {len(self.names) - 1}" if self.names else f"name them all: {NAMING}"
            self.bad.add("tag without a name", f"{place}: the tag {tag} is a number without a name; {hint}", FIX)
            return
        message = f"the tag {tag!r} is none; expected O, or B-, I-, M-, E-, S-, L- or U- with a type behind it"
        self.bad.add("unknown tag", f"{place}: {message}", FIX)


def spells_iob1(sentences: Sequence[Sequence[str]]) -> bool:
    """Whether every entity begins with I-, save one that touches another of its type (Ramshaw & Marcus 1995)."""
    begun = 0
    for tags in sentences:
        before = ""
        for tag in tags:
            if not is_tag(tag) or tag[0] not in "OIB":
                return False
            kind = tag[2:]
            if tag[0] == "B" and kind != before:
                return False
            begun += tag[0] == "I" and kind != before
            before = kind
    return begun >= 3  # fewer may be slips of a hand


def _no_span(writer: str) -> str:
    same = f" ({writer} writes those that nobody has annotated yet in the same way)" if writer == "doccano" else ""
    return f"texts without a span, which are learned as texts without an entity{same}"
