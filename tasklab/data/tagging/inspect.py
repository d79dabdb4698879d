"""What is in tagged sentences and what is wrong with it: the pure part of `doctor data`."""

import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from tasklab.data.rows.findings import Finding, met_before, token_quantiles
from tasklab.data.rows.sizes import RowSizes, row_sizes
from tasklab.data.tagging.examples import TaggedExample
from tasklab.data.tagging.reading import TaggedFile, TaggingDataConfig, usable_sentences
from tasklab.data.tagging.schemes import scheme_labels
from tasklab.data.tagging.windows import tag_windows

SHOWN = 8  # code points of a word


@dataclass
class TagReport:
    """One file. Lengths are tokens at the percentiles of findings.QUANTILES."""

    content: TaggedFile
    units: int
    """Words, or characters, that carry a tag."""
    entities: Counter[str]
    """Of each type, the most frequent first."""
    plain: int
    """Sentences without an entity."""
    duplicates: Finding = field(default_factory=Finding)
    """Sentences that were met before, with the same entities."""
    contradictions: Finding = field(default_factory=Finding)
    """With other ones."""
    lengths: dict[str, tuple[int, ...]] = field(default_factory=dict)
    """Tokens of a sentence; empty without a tokenizer, as all below."""
    long_sentences: int = 0
    """Sentences that need several windows."""
    lost_entities: int = 0
    """Entities that have no token of their own, since it is shared with others."""
    tokenless: Finding = field(default_factory=Finding)
    """Words without any token."""
    dropped: Counter[str] = field(default_factory=Counter)
    """The code points of each, and how often it stands there."""
    sizes: RowSizes | None = None
    """Of the windows, each a row for the network."""

    @property
    def rows(self) -> int:
        return len(self.examples)

    @property
    def file(self) -> str:
        return self.content.bad.file

    @property
    def examples(self) -> list[TaggedExample]:
        return self.content.examples


def inspect_tagged(path, data: TaggingDataConfig, kinds: Sequence[str], training: bool, tokenizer) -> TagReport:
    """Reads a file as training (or evaluation) would, and encodes it.

    kinds: the types that may occur; () takes any.   tokenizer: None leaves out what is counted in tokens.
    Raises: DataError when the file as a whole cannot be used; bad rows are part of the report.
    """
    content = usable_sentences(path, data, kinds, training)
    examples = content.examples
    counts = Counter(kind for example in examples for kind, _, _ in example.entities)
    report = TagReport(
        content, units=sum(len(example.tokens) for example in examples), entities=Counter(dict(counts.most_common())),
        plain=sum(not example.entities for example in examples),
    )  # fmt: skip
    report.duplicates, report.contradictions = met_before(examples, sentence_of, report.file, _difference)
    if tokenizer is not None and examples:
        # which scheme spells the entities changes no length
        labels = scheme_labels(content.kinds, content.scheme)
        table = tag_windows(tokenizer, examples, labels, data.max_seq_length, data.doc_stride)
        report.lengths = {"sentence": token_quantiles(tokenizer, [example.text for example in examples])}
        report.long_sentences = table.info["long_sentences"]
        report.tokenless, report.dropped, without = _tokenless(examples, tokenizer)
        report.lost_entities = table.info["lost_entities"] - without
        report.sizes = row_sizes(
            table["input_ids"], table.sequences, tokenizer.unk_id, data.num_buckets, data.max_seq_length
        )
    return report


def _tokenless(examples: Sequence[TaggedExample], tokenizer) -> tuple[Finding, Counter[str], int]:
    """Words that the tokenizer drops, where and which, and how many entities are made of them alone."""
    suspects = {e.text[a:b] for e in examples for a, b in e.tokens if not _visible(e.text[a:b])}
    encoded = zip(suspects, tokenizer.encode_batch(suspects), strict=True)
    dropped = {word for word, (ids, _) in encoded if not len(ids)}
    finding, kinds, entities = Finding(), Counter(), 0
    for example in examples if dropped else ():
        without = [example.text[a:b] in dropped for a, b in example.tokens]
        for i in np.flatnonzero(without).tolist():
            begin, end = example.tokens[i]
            points = " ".join(f"U+{ord(character):04X}" for character in example.text[begin:end][:SHOWN])
            kinds[points] += 1
            finding.add(f"{example.place}: word {i + 1} is {points}")
        entities += sum(all(without[first : last + 1]) for _, first, last in example.entities or ())
    return finding, kinds, entities


def _visible(word: str) -> bool:
    """Whether it holds a letter, a number, punctuation or a symbol."""
    return word.isascii() or any(unicodedata.category(character)[0] in "LNPS" for character in word)


def sentence_of(example: TaggedExample) -> tuple:
    """What two examples have in common when one repeats the other."""
    return example.text, example.tokens


def _difference(example: TaggedExample, earlier: TaggedExample) -> str:
    """The first entity that only one of two equal sentences has, if there is one."""
    if example.entities == earlier.entities:
        return ""
    only = {*example.entities} ^ {*earlier.entities}
    kind, first, last = entity = min(only, key=lambda entity: (entity[1], entity[2]))
    words = example.text[example.tokens[first][0] : example.tokens[last][1]]
    return f"{words!r} is {kind} only {'here' if entity in example.entities else 'there'}"
