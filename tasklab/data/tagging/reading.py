"""Sentences with entities, from every file the task reads: tokens with their place in the text, spans of tokens."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple

from tasklab.config import TRAINING, TRUTH, DataConfig, setting
from tasklab.data.files import arrow
from tasklab.data.files.problems import BadRows
from tasklab.data.files.sample import Sample
from tasklab.data.files.splits import find_split
from tasklab.data.files.textfile import read_text
from tasklab.data.rows.findings import Finding
from tasklab.data.tagging.checks import ExampleChecks, spells_iob1
from tasklab.data.tagging.columns import column_sentences, without_positions
from tasklab.data.tagging.examples import CHARACTERS, WORDS, TaggedExample, split_text, units_of
from tasklab.data.tagging.formats import brat, hold_entities, item_records
from tasklab.data.tagging.formats.table import is_span_table, table_items
from tasklab.data.tagging.json_files import json_items
from tasklab.data.tagging.schemes import SCHEMES, is_tag, scheme_of
from tasklab.data.tagging.sentences import Passage, Sentence, Source
from tasklab.data.tagging.sheets import USUAL, NamedColumns
from tasklab.data.tagging.tables import has_header, table_sentences
from tasklab.errors import DataError

USUAL_SUFFIXES = (".tsv", ".txt", ".conll", ".bmes", ".bio", ".json", ".jsonl")
SUFFIXES = (*USUAL_SUFFIXES, ".csv", *arrow.SUFFIXES)
FILES = {split: tuple(split + suffix for suffix in USUAL_SUFFIXES) for split in ("train", "dev")}  # before all others
NAMED_AFTER_SPLIT = (".train", ".dev", ".test")  # as Weibo's files are; in a folder only, as a text may end so too
TRIED = 20  # sentences of which one must be tagged in a file that looks so
IOB1 = "sentences in IOB1, where an I- begins an entity, read so"


@dataclass
class TaggingDataConfig(DataConfig, path="data"):
    """How sentences are cut into windows, and what the tags of the data mean."""

    doc_stride: int | None = setting(None, ge=1, rows=True)  # tokens between window starts; null: half a window
    token: str | None = None  # column of the words in a file with one per line: its number from 1, or its name
    tag: str | None = None  # column of their tags
    sentence: str | None = None  # column that changes, or is filled, where a sentence begins; null: blank lines do
    # of the network's tags; null: that of the training file
    scheme: str | None = setting(None, choices=tuple(SCHEMES), needs=TRAINING)
    # what carries a tag; null: as in the training file
    units: str | None = setting(None, choices=(CHARACTERS, WORDS), rows=True)
    # JSON file tag -> number of the output; null: O first, then types by the alphabet
    label2id: str | None = setting(None, file=True)
    # an I- that continues nothing begins an entity, as conlleval reads it (IOB1, Weibo)
    repair_tags: bool = setting(False, needs=TRUTH)
    output_tags: bool = False  # predictions are one tag per token instead of entities


class TaggedFile(NamedTuple):
    """What a file holds, and what is strange about it."""

    examples: list[TaggedExample]
    source: Source
    numbered: bool
    """Every token ended with its position in the word, which was taken off."""
    repaired: list[str]
    """Tags that continued no entity and now begin one, each with its place."""
    tags: frozenset[str]
    """Those that occur; none where entities are given as spans."""
    units: str

    @property
    def bad(self) -> BadRows:
        return self.source.bad

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
        remarks = [f"{what}: {remark.count}; first: {remark.first[0]}" for what, remark in self.source.remarks.items()]
        return "; ".join(filter(None, [numbered, repaired, *remarks, self.bad.summary()]))


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
        path: a file, or a folder with one for the split or with brat's. .json, .jsonl and tables of `datasets` as in
            `formats`; with a header line that names text_a as in UER-py's TSV; anything else has a token per line.
        kinds: the entity types that may occur; () takes any.
    Raises: DataError when the file as a whole cannot be read.
    """
    split = "train" if training else "dev"
    folder = brat.folder_of(path, split)
    source = Source(folder or find_split(path, split, FILES[split], (*SUFFIXES, *NAMED_AFTER_SPLIT)), labelled)
    if folder:
        sentences = list(brat.records(source, data.encoding))
    elif arrow.is_arrow(source.file):
        sentences = list(item_records(arrow.arrow_rows(source.file)[1], source))
    else:
        settings = NamedColumns(data.token, data.tag, data.sentence)
        sentences = list(_sentences(read_text(source.file, data.encoding), source, settings))
    tagged = [sentence for sentence in sentences if isinstance(sentence, Sentence)]
    bared = without_positions(tagged) if len(tagged) == len(sentences) else None
    sentences = bared or sentences
    units = data.units or units_of(length for sentence in sentences for length in _lengths(sentence))
    iob1 = labelled and not data.repair_tags and spells_iob1([s.tags for s in tagged if s.tags])
    if iob1:
        source.remarks[IOB1] = Finding(len(tagged), [tagged[0].place])
    checks = ExampleChecks(source, kinds, data.label2id, units, data.repair_tags or iob1)
    examples = [e for n, sentence in enumerate(sentences) if (e := checks.example(n, sentence)) is not None]
    repaired = [] if iob1 else checks.repaired
    return TaggedFile(examples, source, bool(bared), repaired, frozenset(checks.seen), units)


def _lengths(sentence: Sentence | Passage) -> Iterator[int]:
    """Of its tokens."""
    if isinstance(sentence, Sentence):
        return map(len, sentence.tokens)
    return (end - begin for begin, end in split_text(sentence.text, WORDS))


def looks_tagged(sample: Sample) -> bool:
    """Whether a file that begins so holds tagged sentences."""
    if not sample.text:
        needed = {"tokens": {"tags", "ner_tags"}, "text": {"entities", "spans", "ents"}}
        return any(text in sample.columns and not names.isdisjoint(sample.columns) for text, names in needed.items())
    if brat.folder_of(sample.file.with_suffix(brat.SUFFIX), "train"):
        return True
    source = Source(sample.file)
    try:
        if sample.first is not None:
            return hold_entities(sample.values, source)
        sentences = islice(_sentences(sample.text, source, doubtful=True), TRIED)
        return any(s.spans if isinstance(s, Passage) else s.tags is None or all(map(is_tag, s.tags)) for s in sentences)
    except DataError:
        return False


def _sentences(text: str, source: Source, settings: NamedColumns = USUAL, doubtful: bool = False) -> Iterator:
    file = source.file
    if file.suffix in (".json", ".jsonl"):
        return item_records(json_items(text, file), source)
    if has_header(text, file):
        return table_sentences(text, file, source.bad, source.labelled)
    if is_span_table(text, file):
        return item_records(table_items(text, file, source), source)
    return column_sentences(text, file, source.bad, source.labelled, settings, doubtful)
