"""What is in tagged sentences and what is wrong with it: the pure part of `doctor data`."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from tasklab.data.rows.findings import Finding, met_before, token_quantiles
from tasklab.data.rows.sizes import RowSizes, row_sizes
from tasklab.data.tagging.reading import TaggedExample, TaggedFile, TaggingDataConfig, usable_sentences
from tasklab.data.tagging.schemes import scheme_labels
from tasklab.data.tagging.windows import tag_windows


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
    """Entities that have no token of their own."""
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
        report.long_sentences, report.lost_entities = table.info["long_sentences"], table.info["lost_entities"]
        report.sizes = row_sizes(
            table["input_ids"], table.parts, tokenizer.unk_id, data.num_buckets, data.max_seq_length
        )
    return report


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
