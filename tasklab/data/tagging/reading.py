"""Sentences with entities, from every file the task reads: tokens with their place in the text, spans of tokens."""

import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from tasklab.config import DataConfig, setting
from tasklab.data.files.problems import BadRows
from tasklab.data.files.splits import find_split
from tasklab.data.files.textfile import read_text
from tasklab.data.tagging.columns import FIX, Sentence, column_sentences, has_header, table_sentences, without_positions
from tasklab.data.tagging.json_files import json_sentences
from tasklab.data.tagging.schemes import SCHEMES, Entity, entities_of, scheme_of, split_tag
from tasklab.errors import DataError

SUFFIXES = (".tsv", ".txt", ".conll", ".bmes", ".bio", ".json", ".jsonl")
FILES = {split: tuple(split + suffix for suffix in SUFFIXES) for split in ("train", "dev")}
NAMED_AFTER_SPLIT = (".train", ".dev", ".test")  # as Weibo's files are; in a folder only, as a text may end so too
CHARACTERS, WORDS = "characters", "words"
CJK = "\u3000-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3\uf900-\ufaff\uff00-\uffef"
TOUCHING_CJK = re.compile(f"[{CJK}]")


@dataclass
class TaggingDataConfig(DataConfig, path="data"):
    """How sentences are cut into windows, and what the tags of the data mean."""

    doc_stride: int | None = setting(None, ge=1)  # tokens between the starts of two windows; null: half a window
    scheme: str | None = setting(None, choices=tuple(SCHEMES))  # of the network's tags; null: that of the training file
    units: str | None = setting(None, choices=(CHARACTERS, WORDS))  # what carries a tag; null: as in the training file
    label2id: str | None = None  # JSON file tag -> number of the output; null: O first, then types by the alphabet
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
    examples: list[TaggedExample]
    note: str
    """One line on what was left out or repaired, or ''."""
    scheme: str
    units: str


def read_tagged(
    path, data: TaggingDataConfig, kinds: Sequence[str] = (), training: bool = True, labelled: bool = True
) -> TaggedFile:
    """All sentences of a file in order.

    Args:
        path: a file, or a folder with one for the split. .json and .jsonl as in `tagged_json`; with a header line that
            names text_a as in UER-py's TSV; anything else has a token per line.
        kinds: the entity types that may occur; () takes any.
    Raises: DataError that names every bad row, unless data.on_bad_row is skip; or when no sentence is left.
    """
    split = "train" if training else "dev"
    file = find_split(path, split, FILES[split], (*SUFFIXES, *NAMED_AFTER_SPLIT))
    text, bad = read_text(file), BadRows(str(file))
    if file.suffix in (".json", ".jsonl"):
        reader = json_sentences
    else:
        reader = table_sentences if has_header(text) else column_sentences
    sentences, notes = list(reader(text, file, bad, labelled)), []
    if bared := without_positions(sentences):
        sentences, notes = bared, ["every token ends with its position in the word, which is taken off"]
    units = data.units or _units(sentences)
    labels = _Labels(bad, kinds, data.repair_tags)
    examples = []
    for number, sentence in enumerate(sentences):
        entities = labels.entities(sentence) if labelled else ()
        if entities is not None:
            joined, tokens = joined_text(sentence.tokens, units)
            examples.append(
                TaggedExample(str(number), joined, tokens, tuple(entities) if labelled else None, sentence.place)
            )
    if data.on_bad_row == "error":
        bad.raise_if_fatal()
    if not examples:
        raise DataError(f"{file}: holds no usable sentence" + (f"; {bad.summary()}" if bad else ""))
    notes += [labels.repairs(), bad.summary()]
    return TaggedFile(examples, "; ".join(filter(None, notes)), scheme_of(labels.seen), units)


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


class _Labels:
    """Entities of sentences; what is wrong goes to BadRows."""

    def __init__(self, bad: BadRows, kinds: Sequence[str], repair: bool):
        self.bad, self.kinds, self.repair = bad, list(kinds), repair
        self.seen: set[str] = set()
        self.repaired: list[str] = []

    def entities(self, sentence: Sentence) -> list[Entity] | None:
        """None when something is wrong with them."""
        before = len(self.bad)
        if sentence.entities is None:
            try:
                entities, orphans = entities_of(sentence.tags)
            except ValueError as error:
                self._unknown_tag(sentence, str(error))
                return None
            self.seen.update(sentence.tags)
            for i in orphans:
                self._orphan(sentence, i)
        else:
            entities = sentence.entities
        for kind, first, _ in entities:
            if self.kinds and kind not in self.kinds:
                near = difflib.get_close_matches(kind, self.kinds, n=1)
                hint = f"did you mean {near[0]!r}? " if near else ""
                told = f"the type {kind!r} is none of the model's: {', '.join(self.kinds)}; {hint}{FIX}"
                self.bad.add("unknown type", f"{sentence.token_places[first]}: {told}")
        return entities if len(self.bad) == before else None

    def repairs(self) -> str:
        if not self.repaired:
            return ""
        return f"{len(self.repaired)} tags that continue no entity begin one; first: {self.repaired[0]}"

    def _orphan(self, sentence: Sentence, i: int):
        tag, before = sentence.tags[i], f"after {sentence.tags[i - 1]}" if i else "at the start of a sentence"
        told = f"{sentence.token_places[i]}: {tag} {before} continues no {split_tag(tag)[1]}"
        if self.repair:
            self.repaired.append(told)
            return
        remedy = "data.repair_tags: true to let it begin one, or data.on_bad_row: skip to leave the sentence out"
        self.bad.add("tag that continues nothing", f"{told}; correct the line, or set {remedy}")

    def _unknown_tag(self, sentence: Sentence, tag: str):
        place = sentence.token_places[sentence.tags.index(tag)]
        told = f"the tag {tag!r} is none; expected O, or B-, I-, M-, E- or S- with a type behind it"
        self.bad.add("unknown tag", f"{place}: {told}; {FIX}")
