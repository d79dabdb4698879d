"""Markdown and HTML without their marks, for reading: each character knows where in the file it comes from.

Rules drop characters of the source, one kind of mark after the other; what is left keeps its place by that. Parsers of
Markdown tell places by lines alone, and the one of HTML in the standard library hides those of what it skips.
Markdown: CommonMark with GitHub's tables, strikethrough, tasks and footnotes. Links keep their text, pictures their
description, code and its fences what is in them. HTML: what stands outside of tags, comments, scripts and styles.
"""

import html
import re
from dataclasses import dataclass

import numpy as np

GONE, CODE = "\0", "\1"
"""Stand in what later rules see for what is dropped, and for what they must not look into."""
NESTED = 10
INLINE = (
    "a abbr acronym b bdi bdo big cite code data del dfn em font i ins kbd label mark q s samp small span strike "
    "strong sub sup time tt u var wbr"
).replace(" ", "|")
"""Tags that may stand inside of a word; all others end one."""
# bounded where nothing else ends them: a text full of marks that are never closed is read in linear time
ATTRIBUTES = r"""(?:[^<>"']|"[^"]{0,2000}"|'[^']{0,2000}')*|[^<>]*"""
SILENT = re.compile(r"<(?:script|style)\b[^<>]*>(?:(?!<(?:script|style)\b)[\s\S])*?</(?:script|style)\s*>", re.I)
COMMENT = re.compile(r"<!--(?:(?!<!--|-->)[\s\S])*-->")
INLINE_TAG = re.compile(rf"</?(?:{INLINE})(?![\w-])(?:{ATTRIBUTES})>", re.I)
TAG = re.compile(rf"</?[A-Za-z](?:{ATTRIBUTES})>|<[!?][A-Za-z\[][^<>]*>")
ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});?")

LINES = re.MULTILINE
FRONT = re.compile(r"\A---[ \t]*\r?\n(?:[^\n]*\n){0,200}?(?:---|\.\.\.)[ \t]*\r?$", LINES)
FENCE = re.compile(
    r"^(?:[ \t]|>)*(`{3,}|~{3,})[^\n`]*(?:\n|\Z)([\s\S]*?)(?:^(?:[ \t]|>)*\1[`~]*[ \t\r]*$|\Z)", LINES
)
ESCAPE_OR_CODE = re.compile(r"\\([!-/:-@\[-`{-~])|(?<!`)(`+)(?!`)((?:(?!\n\s*\n)[\s\S]){1,1000}?)(?<!`)\2(?!`)")
ADDRESS = re.compile(r"<((?:https?|ftp|mailto):[^<>\s]{1,2000}|[\w.+-]{1,100}@[\w.-]{1,100})>")
TABLE = re.compile(
    r"^(?=[^\n]*\|)[^\n]*\n((?=[^\n]*\|)[> \t]*\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?[ \t\r]*)$"
    r"(?:\n[^\n|]*\|[^\n]*)*", LINES,
)  # fmt: skip
QUOTE = re.compile(r"^[ \t]*(?:>[ \t]?)+", LINES)
LEAD = r"^[\0 \t]*"
RULE = re.compile(LEAD + r"(?:=+|-+|(?:[*_-][ \t]*){3,})[ \t\r]*$", LINES)  # also the line below a heading
HEADING = re.compile(LEAD + r"#{1,6}(?![^\s])[ \t]*([^\n]*?)(?:[ \t]+#+)?[ \t\r]*$", LINES)
REFERENCE = re.compile(LEAD + r"\[[^\]\n^][^\]\n]{0,200}\]:[ \t]*\S[^\n]*$", LINES)
FOOTNOTE = re.compile(r"\[\^[^\]\s]{1,200}\](?::[ \t]*)?")
BULLET = re.compile(LEAD + r"[-*+][ \t]+(?:\[[ xX]\][ \t]+)?", LINES)
LINK = re.compile(
    r"!?\[([^\[\]]{0,1000})\]\((?:[^()\s]|\([^()\s]{0,500}\)){0,3000}"
    r"(?:\s+(?:\"[^\"\n]{0,500}\"|'[^'\n]{0,500}'))?\s*\)"
)
NAMED_LINK = re.compile(r"!?\[([^\[\]\n]{1,1000})\]\[[^\[\]\n]{0,200}\]")
BETWEEN = r"((?:(?!\n\s*\n)[\s\S]){1,300}?)"
STAR = re.compile(rf"(?<!\*)(\*{{1,3}})(?![\s*]){BETWEEN}(?<![\s*])\1(?!\*)")
UNDERSCORE = re.compile(rf"(?<!\w)(_{{1,3}})(?![\s_]){BETWEEN}(?<![\s_])\1(?!\w)")
STRUCK = re.compile(rf"(~~)(?!\s){BETWEEN}(?<!\s)\1")


@dataclass(frozen=True)
class Plain:
    """A text whose character i stands for source[starts[i]:ends[i]]; both [len(text)].

    That is the character itself, an entity, or the mark that a blank or a line end took the place of.
    """

    text: str
    starts: np.ndarray
    ends: np.ndarray

    def place(self, start: int, end: int) -> tuple[int, int]:
        """Where text[start:end] is in the source; (0, 0) for nothing."""
        return (int(self.starts[start]), int(self.ends[end - 1])) if end > start else (0, 0)

    def only(self, spans: list[tuple[int, int]]) -> "Plain":
        """What stands in these (start, end), one behind the other."""
        kept = np.concatenate([np.arange(start, end) for start, end in spans])
        return Plain("".join(self.text[start:end] for start, end in spans), self.starts[kept], self.ends[kept])


def unmarked(source: str) -> Plain:
    """A text that has no marks."""
    return _Marks(source).plain()


def html_text(source: str) -> Plain:
    """What a browser shows, with line ends for the tags that end a word; blanks in a row are one."""
    marks = _Marks(source)
    marks.drop(SILENT, "\n")
    marks.drop(COMMENT)
    marks.tags("\n")
    marks.entities()
    return marks.plain(single_blanks=True)


def markdown_text(source: str) -> Plain:
    """What is left without the marks; numbers of lists stay."""
    marks = _Marks(source)
    marks.drop(FRONT)
    marks.drop(FENCE, hide=True)
    marks.drop(ESCAPE_OR_CODE, hide=True)
    marks.drop(COMMENT)
    marks.drop(ADDRESS, hide=True)
    marks.tags(" ")
    marks.tables()
    for pattern in (QUOTE, RULE, HEADING, REFERENCE, FOOTNOTE, BULLET):
        marks.drop(pattern)
    for pattern in (LINK, NAMED_LINK, STAR, UNDERSCORE, STRUCK):
        marks.drop(pattern, again=True)
    marks.entities()
    return marks.plain()


class _Marks:
    """Which characters of a source stay, and what stands in the place of others."""

    def __init__(self, source: str):
        self.source = self.seen = source
        self.stays = np.ones(len(source), bool)
        self.put: dict[int, tuple[str, int]] = {}
        """Place -> what is there instead of source[place:end], end."""

    def drop(self, pattern: re.Pattern, put: str = "", hide: bool = False, again: bool = False):
        """Drops all matches but their last group.

        put: what stands in their place.   hide: no later rule looks into the group.   again: for marks inside of each
        other, NESTED deep.
        """

        def without(match: re.Match) -> str:
            start, end = match.span()
            first, last = match.span(match.lastindex) if match.lastindex else (end, end)
            self.stays[start:first] = self.stays[last:end] = False
            if put:
                self._put(start, end, put)
            inner = CODE * (last - first) if hide else match.string[first:last]
            return GONE * (first - start) + inner + GONE * (end - last)

        for _ in range(NESTED if again else 1):
            before, self.seen = self.seen, pattern.sub(without, self.seen)
            if before == self.seen:
                break

    def tags(self, put: str):
        self.drop(INLINE_TAG)
        self.drop(TAG, put)

    def tables(self):
        """Blanks in place of the bars of GitHub's tables, and no line below the heads."""
        for match in TABLE.finditer(self.seen):
            self.stays[slice(*match.span(1))] = False
            for bar in re.finditer(r"\|", match.group()):
                at = match.start() + bar.start()
                if not match.start(1) <= at < match.end(1):
                    self._put(at, at + 1, " ")

    def entities(self):
        for match in ENTITY.finditer(self.seen):
            if (value := html.unescape(match.group())) != match.group():
                self.stays[slice(*match.span())] = False
                self._put(*match.span(), value)

    def _put(self, start: int, end: int, text: str):
        self.put[start] = text, end
        self.stays[start] = True

    def plain(self, single_blanks: bool = False) -> Plain:
        places = np.flatnonzero(self.stays)
        sizes, ends, pieces = np.ones(len(places), int), places + 1, list(np.array(list(self.source), object)[places])
        for place, (text, end) in self.put.items():
            if not self.stays[place]:  # a later rule dropped it
                continue
            at = np.searchsorted(places, place)
            pieces[at], sizes[at], ends[at] = text, len(text), end
        text, starts, ends = "".join(pieces), np.repeat(places, sizes), np.repeat(ends, sizes)
        if single_blanks:
            blank = np.array([character.isspace() for character in text], bool)
            stays = np.flatnonzero(~(blank & np.append(False, blank[:-1])[: len(blank)]))
            text, starts, ends = "".join(text[i] for i in stays), starts[stays], ends[stays]
        return Plain(text, starts, ends)
