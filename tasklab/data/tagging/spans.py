"""Spans of characters as entities of tokens: each one checked, and every word cut where a span begins or ends."""

from bisect import bisect_left
from collections.abc import Sequence
from itertools import accumulate

from tasklab.data.files.problems import shortened
from tasklab.data.files.textfile import encodable
from tasklab.data.tagging.examples import Tokens
from tasklab.data.tagging.schemes import Entity
from tasklab.data.tagging.sentences import FIX, Passage, Source, Span

NUMBERED = (
    "where doccano wrote numbers, export its labels as well and put that file, label_config.json, beside this one: "
    '[{"id": 1, "text": "PER"}, ...]'
)
COUNTED = {
    "UTF-16 units (an emoji counts twice)": lambda character, following: 1 + (character > "\uffff"),
    "bytes of UTF-8": lambda character, following: len(character.encode("utf-8", "surrogatepass")),
    "line ends of two characters as one": lambda character, following: int((character, following) != ("\r", "\n")),
}
"""What other programs count instead of characters: how much of it one is, given the next one."""


class SpanChecks:
    """Entities of passages; what is wrong goes to `source.bad`, what was put right to `source.remarks`."""

    def __init__(self, source: Source):
        self.bad, self.remarks = source.bad, source.remarks

    def entities(self, passage: Passage, tokens: Tokens) -> tuple[Tokens, list[Entity]] | None:
        """The tokens, cut where a span needs it, and the entities in order; None when something is wrong with them."""
        before, sound = self.bad.fatal, self.spans(passage)
        if sound is not None:
            sound = self._apart(passage, sound)
        if self.bad.fatal > before:
            return None
        tokens = self._cut(passage, tokens, sound)
        starts = [begin for begin, _ in tokens]
        return tokens, [(s.kind, bisect_left(starts, s.start), bisect_left(starts, s.end) - 1) for s in sound]

    def spans(self, passage: Passage) -> list[Span] | None:
        """The spans as they are given, in characters, none with blanks at an edge; None when something is wrong."""
        before = self.bad.fatal
        sound = [self._sound(passage, span) for span in passage.spans]
        if self.bad.fatal == before:
            sound = [self._inside(passage, span) for span in self._as_counted(passage, sound)]
        return sound if self.bad.fatal == before else None

    def _sound(self, passage: Passage, span: Span) -> Span:
        """With two numbers and a type."""
        place = span.place or passage.place
        start, end, kind = _offset(span.start), _offset(span.end), span.kind
        if start is None or end is None:
            fault = f"the span {shortened(str(kind if start is end else [*span[:3]]))} is not where two characters are"
            self.bad.add("span without place", f"{place}: {fault}; expected [start, end, type]", FIX)
        elif not isinstance(kind, str) or not kind.strip() or not encodable(kind):
            named = "no type" if kind is None else f"the type {shortened(str(kind))}"
            fault = f"the span {start} to {end} has {named}, expected its name"
            numbered = f"; {NUMBERED}" if isinstance(kind, int) else ""
            self.bad.add("span without type", f"{place}: {fault}{numbered}", FIX)
        return Span(start, end, kind.strip() if isinstance(kind, str) else kind, span.surface, place, span.id)

    def _as_counted(self, passage: Passage, spans: list[Span]) -> list[Span]:
        """The same in characters, where the texts that the spans bring along show that something else was counted."""
        text = passage.text
        wrong = [s for s in spans if not _agrees(text, s)]
        if not wrong:
            return spans
        for unit, width in COUNTED.items():
            counted = accumulate(map(width, text, text[1:] + "\0"), initial=0)
            character = {total: i for i, total in enumerate(counted)}
            moved = [s._replace(start=character.get(s.start, -1), end=character.get(s.end, -1)) for s in spans]
            if all(s.surface is not None and _agrees(text, s) for s in moved):
                self.remarks[f"offsets that count {unit} and are read so"].add(wrong[0].place)
                return moved
        for s in wrong:
            there = shortened(text[max(s.start, 0) : max(s.end, 0)])
            fault = f"{s.kind} {shortened(s.surface)} is said to be characters {s.start} to {s.end}, where {there} is"
            self.bad.add("misplaced span", f"{s.place}: {fault}", FIX)
        return spans

    def _inside(self, passage: Passage, span: Span) -> Span:
        """Inside the text, without blanks at its edges."""
        text, (start, end) = passage.text, span[:2]
        prefix = f"{span.place}: {span.kind} from {start} to {end}"
        if start < 0 or end > len(text):
            wide = "" if text.isascii() else "; are these bytes, or UTF-16 units?"
            self.bad.add("span outside the text", f"{prefix}, but the text has {len(text)} characters{wide}", FIX)
            return span
        held = text[start:end]
        if not held.strip():
            kind = "blank span" if held else "empty span"
            self.bad.add(kind, f"{prefix} holds {'blanks alone' if held else 'no character'}", FIX)
            return span
        trimmed = span._replace(start=end - len(held.lstrip()), end=start + len(held.rstrip()))
        if trimmed != span:
            self.remarks["spans with blanks at an edge, which are left out of them"].add(f"{prefix}: {shortened(held)}")
        return trimmed

    def _apart(self, passage: Passage, spans: list[Span]) -> list[Span]:
        """In order, equal ones as one."""
        kept: list[Span] = []
        for span in sorted(spans, key=lambda s: (s.start, -s.end, s.kind)):
            if not kept or span.start >= kept[-1].end:
                kept.append(span)
            elif span[:3] == kept[-1][:3]:
                self.remarks["spans that are there twice and count once"].add(_shown(passage, span))
            else:
                fault = f"{_shown(passage, kept[-1])} and {_shown(passage, span, '')} overlap; a token can have one tag"
                self.bad.add("overlapping spans", fault, "remove one of the two")
        return kept

    def _cut(self, passage: Passage, tokens: Tokens, spans: Sequence[Span]) -> Tokens:
        borders = sorted({border for span in spans for border in span[:2]})
        offsets, at = [], 0
        for begin, end in tokens:
            first, before = begin, len(offsets)
            while at < len(borders) and borders[at] < end:
                if borders[at] > begin:
                    offsets.append((begin, borders[at]))
                    begin = borders[at]
                at += 1
            offsets.append((begin, end))
            if begin > first:
                pieces = " ".join(repr(passage.text[a:b]) for a, b in offsets[before:])
                remark = f"{passage.place}: {shortened(passage.text[first:end])} into {shortened(pieces)[1:-1]}"
                self.remarks["words cut where a span begins or ends inside them"].add(remark)
        return tuple(offsets)


def _offset(value) -> int | None:
    """Also of what a table makes of a whole number: 3.0 and "3"."""
    if isinstance(value, str) and value.strip().isdecimal() and len(value) < 20:
        return int(value)
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _agrees(text: str, span: Span) -> bool:
    """Whether the span holds what it is said to; programs write line ends and runs of blanks as they like."""
    if span.surface is None:
        return True
    there = text[max(span.start, 0) : max(span.end, 0)]
    return there == span.surface or _plain(there) == _plain(span.surface) != ""


def _plain(text: str) -> str:
    return " ".join(text.replace("\\n", " ").split())


def _shown(passage: Passage, span: Span, place: str | None = None) -> str:
    place = f"{span.place}: " if place is None else place
    return f"{place}{span.kind} {span.start}-{span.end} {shortened(passage.text[span.start : span.end])}"
