"""brat's standoff folders (brat.nlplab.org/standoff.html): a text in NAME.txt, what is marked in it in NAME.ann."""

import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

from tasklab.content import from_home
from tasklab.data.files.problems import shortened
from tasklab.data.files.splits import WORDS
from tasklab.data.files.textfile import read_text
from tasklab.data.tagging.sentences import FIX, Link, Passage, Source, Span

NAME, SUFFIX = "brat", ".ann"
RELATED = re.compile(r"R\S*\t(\S+) \w+:(T\S*) \w+:(T\S*)\s*")
MARKED = re.compile(r"(T\S*)\t(\S+) (\d+ \d+(?:;\d+ \d+)*)(?:\t(.*))?")


def folder_of(path, split: str) -> Path | None:
    """The folder that is meant, or the one in it that is named after the split; None where no .ann file lies there."""
    folder = from_home(path)
    if not folder.is_dir():
        return folder if folder.suffix == SUFFIX and folder.is_file() else None
    named = re.compile(rf"(^|[^a-z])({WORDS[split]})([^a-z]|$)", re.I)
    inner = sorted(inner for inner in folder.iterdir() if inner.is_dir() and named.search(inner.name))
    return next((candidate for candidate in (*inner, folder) if any(candidate.glob(f"*{SUFFIX}"))), None)


def records(source: Source, encoding: str | None) -> Iterator[Passage]:
    """A passage for each document of a folder, or that of one .ann file; without labels for each text."""
    marked = [source.file] if source.file.suffix == SUFFIX else source.file.glob(f"*{SUFFIX}")
    documents = {file.with_suffix(".txt") for file in marked} | {*source.file.glob("*.txt")}
    for document in sorted(documents):
        marks, before = document.with_suffix(SUFFIX), source.bad.fatal
        if not document.is_file():
            source.bad.add("no text", f"{marks}: the text should be in {document.name}, which is not there", FIX)
            continue
        if source.labelled and not marks.is_file():
            source.bad.add(f"text without {SUFFIX}", str(document), fatal=False)
            continue
        text = read_text(document, encoding)
        if not text.strip():
            source.bad.add("no text", f"{document}: is empty", FIX)
            continue
        source.writers[NAME] += 1
        spans = list(_spans(marks, text, source, encoding)) if source.labelled else []
        if source.bad.fatal == before:
            links = source.links(str(marks), _links(marks, encoding)) if source.linked else []
            yield Passage(str(document), text, spans, links)


def _links(file: Path, encoding: str | None) -> Iterator[Link]:
    for number, line in enumerate(read_text(file, encoding).split("\n"), start=1):
        if related := RELATED.fullmatch(line):
            kind, subject, target = related.groups()
            yield Link(subject, target, kind, f"{file}:{number}")


def _spans(file: Path, text: str, source: Source, encoding: str | None) -> Iterator[Span]:
    for number, line in enumerate(read_text(file, encoding).split("\n"), start=1):
        line, place = line.removesuffix("\r"), f"{file}:{number}"
        if not line.startswith("T"):  # relations, events, attributes, notes
            if line.strip() and not (source.linked and RELATED.fullmatch(line)):
                source.remarks["lines of .ann files that mark no text, which are not read"].add(place)
            continue
        marked = MARKED.fullmatch(line)
        if not marked:
            expected = "expected T1, a tab, a type with the numbers of two characters, a tab, and the words"
            source.bad.add("no span", f"{place}: is {shortened(line)}, {expected}", FIX)
            continue
        name, kind, offsets, surface = marked.groups()
        pieces = [tuple(map(int, piece.split())) for piece in offsets.split(";")]
        if any(text[end:start].strip() or start < end for (_, end), (start, _) in pairwise(pieces)):
            message = f"{kind} {shortened(surface or '')} is in several pieces ({offsets}) with others between them"
            source.bad.add("span in several pieces", f"{place}: {message}; a token can have one tag", "mark one piece")
            continue
        yield Span(pieces[0][0], pieces[-1][1], kind, surface, place, name)  # brat cuts a span at every line end
