"""Sentences with entities, from every file the task reads: tokens with their place in the text, spans of tokens."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from tasklab.config import DataConfig, setting
from tasklab.data.files import arrow
from tasklab.data.files.problems import BadRows
from tasklab.data.files.sample import Sample
from tasklab.data.files.splits import find_split
from tasklab.data.files.textfile import read_text
from tasklab.data.tagging.checks import TagChecks
from tasklab.data.tagging.columns import Sentence, column_sentences, without_positions
from tasklab.data.tagging.json_files import item_sentences, json_sentences
from tasklab.data.tagging.schemes import SCHEMES, Entity, is_tag, scheme_of
from tasklab.data.tagging.sheets import USUAL, Wanted
from tasklab.data.tagging.tables import has_header, table_sentences
from tasklab.data.tagging.words import CJK
from tasklab.errors import DataError

USUAL_SUFFIXES = (".tsv", ".txt", ".conll", ".bmes", ".bio", ".json", ".jsonl")
SUFFIXES = (*USUAL_SUFFIXES, ".csv", *arrow.SUFFIXES)
FILES = {split: tuple(split + suffix for suffix in USUAL_SUFFIXES) for split in ("train", "dev")}  # before all others
NAMED_AFTER_SPLIT = (".train", ".dev", ".test")  # as Weibo's files are; in a folder only, as a text may end so too
TRIED = 20  # sentences of which one must be tagged in a file that looks so
CHARACTERS, WORDS = "characters", "words"
TOUCHING_CJK = re.compile(f"[{CJK}]")


@dataclass
class TaggingDataConfig(DataConfig, path="data"):
    """How sentences are cut into windows, and what the tags of the data mean."""

    doc_stride: int | None = setting(None, ge=1, rows=True)  # tokens between window starts; null: half a window
    token: str | None = None  # column of the words in a file with one per line: its number from 1, or its name
    tag: str | None = None  # column of their tags
    sentence: str | None = None  # column that changes, or is filled, where a sentence begins; null: blank lines do
    scheme: str | None = setting(None, choices=tuple(SCHEMES))  # of the network's tags; null: that of the training file
    # what carries a tag; null: as in the training file
    units: str | None = setting(None, choices=(CHARACTERS, WORDS), rows=True)
    # JSON file tag -> number of the output; null: O first, then types by the alphabet
    label2id: str | None = setting(None, file=True)
    repair_tags: bool = False  # an I- that continues nothing begins an entity, as conlleval reads it (IOB1, Weibo)
    output_tags: bool = False  # predictions are one tag per token instead of entities


@dataclass(frozen=True)
class TaggedExample:
    """A text, the characters [begin, end) of its tokens in order, and its entities as spans of tokens.

    entities is None where they are not known.
    """

    id: str
    text: str
    tokens: tuple[tuple[int, int], ...]
    entities: tuple[Entity, ...] | None = None
    place: str = ""


class TaggedFile(NamedTuple):
    """What a file holds, and what is strange about it."""

    examples: list[TaggedExample]
    bad: BadRows
    numbered: bool
    """Every token ended with its position in the word, which was taken off."""
    repaired: list[str]
    """Tags that continued no entity and now begin one, each with its place."""
    tags: frozenset[str]
    """Those that occur; none where entities are given as spans."""
    units: str

    @property
    def scheme(self) -> str:
        return scheme_of(self.tags)

    @property
    def kinds(self) -> list[str]:
        """The types of its entities, by the alphabet."""
        return sorted({kind for example in self.examples for kind, _, _ in example.entities or ()})

    @property
    def note(self) -> str:
        """One line on what was left out or repaired, or ''."""
        numbered = "every token ends with its position in the word, which is taken off" if self.numbered else ""
        repaired = ""
        if self.repaired:
            repaired = f"{len(self.repaired)} tags that continue no entity begin one; first: {self.repaired[0]}"
        return "; ".join(filter(None, [numbered, repaired, self.bad.summary()]))


def read_tagged(
    path, data: TaggingDataConfig, kinds: Sequence[str] = (), training: bool = True, labelled: bool = True
) -> TaggedFile:
    """All sentences of a file in order; arguments as those of `usable_sentences`.

    Raises: DataError that names every bad row, unless data.on_bad_row is skip; or when no sentence is left.
    """
    file = usable_sentences(path, data, kinds, training, labelled)
    if data.on_bad_row == "error":
        file.bad.raise_if_fatal()
    if not file.examples:
        raise DataError(f"{file.bad.file}: holds no usable sentence" + (f"; {file.bad.summary()}" if file.bad else ""))
    return file


def usable_sentences(
    path, data: TaggingDataConfig, kinds: Sequence[str] = (), training: bool = True, labelled: bool = True
) -> TaggedFile:
    """The sentences of a file that have nothing wrong with them.

    Args:
        path: a file, or a folder with one for the split. .json and .jsonl as in `json_files`; with a header line that
            names text_a as in UER-py's TSV; anything else has a token per line.
        kinds: the entity types that may occur; () takes any.
    Raises: DataError when the file as a whole cannot be read.
    """
    split = "train" if training else "dev"
    file = find_split(path, split, FILES[split], (*SUFFIXES, *NAMED_AFTER_SPLIT))
    bad = BadRows(str(file))
    if arrow.is_arrow(file):
        sentences = list(item_sentences(arrow.arrow_rows(file)[1], bad, labelled))
    else:
        wanted = Wanted(data.token, data.tag, data.sentence)
        sentences = list(_sentences(file, read_text(file, data.encoding), bad, labelled, wanted))
    bared = without_positions(sentences)
    if bared:
        sentences = bared
    units = data.units or _units(sentences)
    checks = TagChecks(bad, kinds, data.repair_tags)
    examples = []
    for number, sentence in enumerate(sentences):
        entities = checks.entities(sentence) if labelled else ()
        if entities is not None:
            joined, tokens = joined_text(sentence.tokens, units)
            examples.append(
                TaggedExample(str(number), joined, tokens, tuple(entities) if labelled else None, sentence.place)
            )
    return TaggedFile(examples, bad, bool(bared), checks.repaired, frozenset(checks.seen), units)


def looks_tagged(sample: Sample) -> bool:
    """Whether a file that begins so holds tagged sentences."""
    first = sample.first
    if isinstance(first, dict):
        return "tokens" in first or "text" in first and isinstance(first.get("label"), dict)
    if first is not None or not sample.text:
        return "tokens" in sample.columns and not {"tags", "ner_tags"}.isdisjoint(sample.columns)
    try:
        sentences = _sentences(sample.file, sample.text, BadRows(""), True, doubtful=True)
        return any(all(map(is_tag, sentence.tags)) for sentence in islice(sentences, TRIED))
    except DataError:
        return False


def _sentences(
    file: Path, text: str, bad: BadRows, labelled: bool, wanted: Wanted = USUAL, doubtful: bool = False
) -> Iterator[Sentence]:  # fmt: skip
    if file.suffix in (".json", ".jsonl"):
        return json_sentences(text, file, bad, labelled)
    if has_header(text, file):
        return table_sentences(text, file, bad, labelled)
    return column_sentences(text, file, bad, labelled, wanted, doubtful)


def joined_text(tokens: Sequence[str], units: str) -> tuple[str, tuple[tuple[int, int], ...]]:
    """The text that the tokens make, and where each one is: characters side by side, words with a blank in between.

    No blank touches a Chinese, Japanese or Korean character.
    """
    parts, places, at = [], [], 0
    for i, token in enumerate(tokens):
        if i and units == WORDS and not (TOUCHING_CJK.match(token[0]) or TOUCHING_CJK.match(tokens[i - 1][-1])):
            parts.append(" ")
            at += 1
        parts.append(token)
        places.append((at, at + len(token)))
        at += len(token)
    return "".join(parts), tuple(places)


def _units(sentences: list[Sentence]) -> str:
    """Characters when nine in ten tokens are one; punctuation alone never makes so many in a text of words."""
    lengths = [len(token) for sentence in sentences for token in sentence.tokens]
    return CHARACTERS if lengths and lengths.count(1) >= 0.9 * len(lengths) else WORDS
